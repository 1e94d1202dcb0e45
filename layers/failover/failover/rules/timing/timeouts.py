"""Timeouts of the HTTP requests we send, in seconds. `adapters.deadline_post` enforces the sum of each pair."""

CONNECT_SECONDS = 3
"""To connect, both to the Messages API and to customers."""
READ_SECONDS = 12
"""For the Messages API to answer."""
RESPONSE_SECONDS = 15
"""For a customer's server to answer a webhook."""
