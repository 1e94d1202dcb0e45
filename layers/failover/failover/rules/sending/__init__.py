"""Sending: requests to the Messages API, its answers, retries. May import receipts and lower rooms."""
