"""Test the deployed stack over HTTP. Read test_failover.py first."""
