"""Test the rules, and hold docs, template and code to each other. Read test_transitions.py first."""
