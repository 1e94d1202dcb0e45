"""Test what template.yaml must contain. Read test_template.py first."""
