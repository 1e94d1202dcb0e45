"""The vendor's error objects, in every form seen so far.

| form | example |
|---|---|
| v0.1, flat | `{"code": 1300, "reason": "Not part of the provider network"}` |
| v1 | `{"type": "https://…/errors/messages#1300", "title": "1300", "detail": "…", "instance": "…"}` |
| v1, HTTP answer | `{"type": "https://…/api-errors#low-balance", "title": "Low balance", "detail": "…"}` |
| nested | `{"error": {"type": "…", "title": 1000, "detail": "…"}}` |

The texts are the vendor's. They may quote an address or the message: redact them before storing them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_CODE = re.compile(r"([0-9]{1,6})(\.0+)?")
_WORD_BOUNDARY = re.compile(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z0-9]+")


@dataclass(frozen=True)
class VendorError:
    """A parsed error object. A field that is missing or null there is None or empty here."""

    code: int | None = None
    """At most six digits. In order of precedence: `code`, `title`, the last part of `type`, or a bare number.

    `1300.0` counts as 1300.
    """
    kind: str = ""
    """The last part of `type` in lower case with hyphens, such as `low-balance`; empty if it is a number."""
    title: str = ""
    """Empty if the title is only a code."""
    detail: str = ""
    """From `detail`, `reason`, or a bare string."""
    parameters: tuple[str, ...] = ()
    """`name: reason` for each of the first five `invalid_parameters`."""

    @property
    def text(self) -> str:
        """Title and detail, `Bad Request: Insufficient balance`, or only the detail if it contains the title.

        A title with punctuation at its end gets no colon.
        """
        if self.title.casefold() in self.detail.casefold():
            return self.detail
        separator = " " if self.title.endswith((".", "!", "?", ":")) else ": "
        return f"{self.title}{separator}{self.detail}" if self.detail else self.title


def read(value: Any) -> VendorError:
    """Parse an error object, or the body of an answer. Any other value gives an empty error.

    Errors may be nested under `error`, at any depth. The outermost non-empty value of each field counts.
    """
    objects = list(_nested(value))
    kinds = [kind(re.split("[#/]", _text(item.get("type")).rstrip("#/"))[-1]) for item in objects]
    titles = [_text(item.get("title")) for item in objects]
    bare = [_text(item.get("error")) for item in objects] + [_text(value)]
    codes = [_text(item.get("code")) for item in objects] + titles + kinds + bare
    details = [_text(item.get(name)) for item in objects for name in ("detail", "reason")]
    details += [text for text in bare if not _is_code(text)]
    return VendorError(
        code=next((int(found[1]) for found in map(_CODE.fullmatch, codes) if found), None),
        kind=next((name for name in kinds if name and not _is_code(name)), ""),
        title=next((title for title in titles if title and not _is_code(title)), ""),
        detail=next((detail for detail in details if detail), ""),
        parameters=next(filter(None, (_parameters(item.get("invalid_parameters")) for item in objects)), ()),
    )


def kind(text: str) -> str:
    """Normalize the name of an error: `LowBalance` and `Low balance` → `low-balance`."""
    return _WORD_BOUNDARY.sub("-", text).strip("-").lower()


def _text(value: Any) -> str:
    """Return a string or number as stripped text, and an empty string for anything else."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(Decimal(value))  # str(int) refuses thousands of digits
    return ""


def _nested(value: Any) -> Iterator[dict[str, Any]]:
    while isinstance(value, dict):  # no recursion: it may be nested deeper than Python's stack
        yield value
        value = value.get("error")


def _parameters(value: Any) -> tuple[str, ...]:
    """v1 has an array, and has sent a single one as an object."""
    listed = value if isinstance(value, list) else [value]
    named = [(_text(item.get("name")), _text(item.get("reason"))) for item in listed[:5] if isinstance(item, dict)]
    return tuple(": ".join(filter(None, pair)) for pair in named if any(pair))


def _is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None
