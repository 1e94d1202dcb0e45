"""Test the rules with generated cases. Read test_histories.py first."""
