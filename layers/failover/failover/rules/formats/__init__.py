"""Formats of data: ids, JSON, stored items, invisible characters. May import timing."""
