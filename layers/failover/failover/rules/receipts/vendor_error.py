"""The vendor's error objects, in every shape they have been seen in.

| shape | example |
|---|---|
| v0.1, flat | `{"code": 1300, "reason": "Not part of the provider network"}` |
| v1 | `{"type": "https://…/errors/messages#1300", "title": "1300", "detail": "…", "instance": "…"}` |
| v1 of an HTTP answer | `{"type": "https://…/api-errors#low-balance", "title": "Low balance", "detail": "…"}` |
| nested | `{"error": {"type": "…", "title": 1000, "detail": "…"}}` |

The words are the vendor's own. They may quote a person's address or message: redact them before they are kept.
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
    """What an error object says. A field the vendor left out, or set to null, is None or empty."""

    code: int | None = None
    """At most six digits, from `code`, `title`, the fragment of `type`, or a number in place of the whole object.

    The order is that of precedence. A whole number with a decimal point, `1300.0`, is a code as well.
    """
    kind: str = ""
    """The last part of `type` as lower-case words with hyphens, such as `low-balance`; empty where it is a number."""
    title: str = ""
    """Empty where the title is only a code."""
    detail: str = ""
    """From `detail`, `reason`, or a string in place of the whole object."""
    parameters: tuple[str, ...] = ()
    """`name: reason` of each of the first five `invalid_parameters`."""

    @property
    def words(self) -> str:
        """Title and detail, `Bad Request: Insufficient balance`, without repeating one in the other.

        A title that ends a sentence has no colon after it.
        """
        if self.title.casefold() in self.detail.casefold():
            return self.detail
        separator = " " if self.title.endswith((".", "!", "?", ":")) else ": "
        return f"{self.title}{separator}{self.detail}" if self.detail else self.title


def read(value: Any) -> VendorError:
    """Read an error object, or the body of an answer. Any other value says nothing.

    An object may hold another one under `error`, at any depth; of each field the outermost that says something counts.
    """
    objects = list(_nested(value))
    kinds = [kind(re.split("[#/]", word(item.get("type")).rstrip("#/"))[-1]) for item in objects]
    titles = [word(item.get("title")) for item in objects]
    bare = [word(item.get("error")) for item in objects] + [word(value)]
    codes = [word(item.get("code")) for item in objects] + titles + kinds + bare
    details = [word(item.get(name)) for item in objects for name in ("detail", "reason")]
    details += [text for text in bare if not _is_code(text)]
    return VendorError(
        code=next((int(found[1]) for found in map(_CODE.fullmatch, codes) if found), None),
        kind=next((name for name in kinds if name and not _is_code(name)), ""),
        title=next((title for title in titles if title and not _is_code(title)), ""),
        detail=next((detail for detail in details if detail), ""),
        parameters=next(filter(None, (_parameters(item.get("invalid_parameters")) for item in objects)), ()),
    )


def kind(text: str) -> str:
    """One spelling for a name of the vendor's errors: `LowBalance` and `Low balance` → `low-balance`."""
    return _WORD_BOUNDARY.sub("-", text).strip("-").lower()


def word(value: Any) -> str:
    """What a string or a number says, without blanks around it; anything else says nothing."""
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
    """v1 lists them; a single one has also come as an object of its own."""
    listed = value if isinstance(value, list) else [value]
    named = [(word(item.get("name")), word(item.get("reason"))) for item in listed[:5] if isinstance(item, dict)]
    return tuple(": ".join(filter(None, pair)) for pair in named if any(pair))


def _is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None
