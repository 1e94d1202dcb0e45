"""Receipts: verified and parsed callbacks, without personal data. May import channels and lower rooms."""
