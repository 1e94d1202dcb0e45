"""Keep what others say about a person's message free of the person (numbers, addresses, ids)."""

import re

_LIMIT = 200
_PRIVATE = re.compile(r"\S+@\S+|\+?\(?\d(?:[ ()./-]{0,3}\d){6,}")
"""An email address, or seven digits and more as people write telephone numbers and ids."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def redacted(text: str) -> str:
    """`text` on one line, at most 200 characters, with `…` in place of anything that could be an address."""
    return _PRIVATE.sub("…", _CONTROL.sub(" ", text[: 4 * _LIMIT])).strip()[:_LIMIT]
