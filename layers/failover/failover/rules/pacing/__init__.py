"""Lanes that hand out times, and which of them a send passes (docs/adr/0009-paced-sends.md)."""
