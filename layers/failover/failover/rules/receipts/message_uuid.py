"""Ids of messages, as the Messages API assigns them. We put them into table keys and URL paths."""

import re
from typing import Any

_PATTERN = re.compile(r"(?!\.\.?$)[A-Za-z0-9._~:-]{1,100}")
"""Characters a path segment may have unquoted (RFC 3986, section 3.3), without sub-delims, `@` and dot segments."""


def message_uuid(value: Any) -> str | None:
    """Return the id. Returns None if it is not a string, or would need quoting."""
    return value if isinstance(value, str) and _PATTERN.fullmatch(value) else None
