"""The product under load, in virtual time: demand against the vendor's limit. Start with test_pacing.py."""
