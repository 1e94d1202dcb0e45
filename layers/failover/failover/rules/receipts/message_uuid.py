"""Ids of messages, as the Messages API gives them; they stand in keys of the table and in paths of URLs."""

import re
from typing import Any

_PATTERN = re.compile(r"(?!\.\.?$)[A-Za-z0-9._~:-]{1,100}")
"""RFC 3986, 3.3: what a segment of a path may hold without being quoted, less its delimiters and the dot segments."""


def message_uuid(value: Any) -> str | None:
    """The id; None: it is none, or one that would have to be quoted somewhere."""
    return value if isinstance(value, str) and _PATTERN.fullmatch(value) else None
