"""Receive the vendor's status callbacks."""
