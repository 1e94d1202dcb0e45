"""The ids this API assigns: UUIDs to workflows and applications, API keys to accounts."""

import re

UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""Regular expression."""
_UUID = re.compile(UUID)
_API_KEY = re.compile("[0-9a-f]{8}")


def is_id(text: str) -> bool:
    """Return True if `text` has the form of our UUIDs."""
    return _UUID.fullmatch(text) is not None


def is_api_key(text: str) -> bool:
    """Return True if `text` has the form of our API keys."""
    return _API_KEY.fullmatch(text) is not None
