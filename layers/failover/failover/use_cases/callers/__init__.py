"""Identify a caller, and carry out the commands on accounts and applications."""
