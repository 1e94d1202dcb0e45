"""Customers' webhooks: the queue, the POST, the recorded attempts, the failed ones, the hosts that hang."""
