"""Test the real state machine with the real functions. Read test_failover.py first."""
