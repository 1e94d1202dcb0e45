"""Callers: accounts' secrets and applications' tokens. May import formats and timing."""
