"""Keep what others say about a person's message free of the person (numbers, addresses, ids) and of the message."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

_LIMIT = 200
_PRIVATE = re.compile(r"\S+@\S+|\+?\(?\d(?:[ ()./-]{0,3}\d){6,}")
"""An email address, or seven digits and more as people write telephone numbers and ids."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_QUOTED = 16
"""So many characters in a row that are the message's own are quoted from it; fewer may be chance."""


def redacted(text: str, private: Iterable[str] = ()) -> str:
    """`text` on one line, at most 200 characters, with `…` in place of anything that could be an address.

    Neither are the `private` phrases left in it, nor any longer part of one.
    """
    text = text[: 4 * _LIMIT]
    for phrase in sorted(set(private), key=len, reverse=True):
        text = _without(text, phrase)
    return _PRIVATE.sub("…", _CONTROL.sub(" ", text)).strip()[:_LIMIT]


def private_phrases(step: dict[str, Any]) -> Iterator[str]:
    """What a step says to whom, in whatever field of its parties and its content; not the words of the contract."""
    for part in (step.get("from"), step.get("to"), step.get("message", {}).get("content")):
        yield from _phrases(part)


def _phrases(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if name != "type":
                yield from _phrases(item)
    elif isinstance(value, list):
        for item in value:
            yield from _phrases(item)
    elif isinstance(value, str):
        yield value


def _without(text: str, phrase: str) -> str:
    if not phrase.strip():
        return text
    text = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", "…", text)
    at = 0
    while at + _QUOTED <= len(text):
        end = at + _QUOTED
        if text[at:end] not in phrase:
            at += 1
            continue
        while end < len(text) and text[at : end + 1] in phrase:
            end += 1
        text = f"{text[:at]}…{text[end:]}"
    return text
