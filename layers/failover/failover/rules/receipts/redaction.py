"""Keep what others say about a person's message free of the person (numbers, addresses, ids) and of the message."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.kinds import Kind, Word
from failover.rules.channels.objects import Many, Object, OneOf, Tagged

_LIMIT = 200
_LIMIT_BYTES = 400
_PRIVATE = re.compile(r"\S+@\S+|\+?\(?\d(?:[ ()./-]{0,3}\d){6,}")
"""An email address, or seven digits and more as people write telephone numbers and ids."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of surrogate pairs, which no UTF-8 text can hold."""
_QUOTED = 16
"""So many characters in a row that are the message's own are quoted from it; fewer may be chance."""


def _words(kind: Kind, name: str) -> Iterator[tuple[str, str]]:
    """(field, word) for every word that a field may hold, at any depth."""
    match kind:
        case Word(words):
            yield from ((name, word) for word in words)
        case Many(of):
            yield from _words(of, name)
        case Object(fields) | OneOf(fields):
            for one in fields:
                yield from _words(one.kind, one.name)
        case Tagged(tag, cases):
            for case in cases:
                yield tag, case.word
                yield from _words(case.object, name)


def _all_words() -> dict[str, frozenset[str]]:
    words: dict[str, set[str]] = {}
    for row in CHANNELS.values():
        for one in (*row.contents, *row.options):
            for name, word in _words(one.kind, one.name):
                words.setdefault(name, set()).add(word)
    return {name: frozenset(of_field) for name, of_field in words.items()}


_WORDS = _all_words()
"""The words of the contract by the field that holds them: {"media_height": {"SHORT", "MEDIUM", "TALL"}, …}. Whoever
sends one says nothing of a person with it."""


def redacted(text: str, private: Iterable[str] = ()) -> str:
    """`text` on one line, at most 200 characters and 400 bytes of UTF-8, with `…` in place of possible addresses.

    No phrase in `private` is left in it as a whole word, and no part of a phrase of 16 characters or more. The time
    this takes grows with the total length of the phrases, not with their number times the length of the text.
    """
    text = text[: 4 * _LIMIT]
    pieces = _pieces(text)
    for phrase in sorted(set(private), key=lambda phrase: (-len(phrase), phrase)):
        without = _without(text, phrase, pieces)
        if without != text:
            text, pieces = without, _pieces(without)
    text = _HALVES.sub("\ufffd", _CONTROL.sub(" ", text))
    return _cut(_PRIVATE.sub("…", text).strip()[:_LIMIT])


def _cut(text: str) -> str:
    return text.encode()[:_LIMIT_BYTES].decode(errors="ignore")


def private_phrases(step: dict[str, Any]) -> Iterator[str]:
    """What a step says to whom: every string of its parties, content and options but the words of the contract.

    Such words are the values of `type`, and those that the channel table lists for a field of that name.
    """
    message = step.get("message", {})
    options = [message.get(channel) for channel in CHANNELS]
    left: list[Any] = [step.get("from"), step.get("to"), message.get("content"), *options]
    while left:  # no recursion: a callback may be nested deeper than Python's stack
        value = left.pop()
        if isinstance(value, dict):
            left.extend(
                item
                for name, item in value.items()
                if name != "type" and not (isinstance(item, str) and item in _WORDS.get(name, ()))
            )
        elif isinstance(value, list):
            left.extend(value)
        elif isinstance(value, str):
            yield value


def _pieces(text: str) -> set[str]:
    """Every run of characters in `text` that is just long enough to count as a quotation."""
    return {text[at : at + _QUOTED] for at in range(len(text) - _QUOTED + 1)}


def _without(text: str, phrase: str, pieces: set[str]) -> str:
    """`text` without a phrase and without longer parts of it; `pieces` are those of `text`."""
    if not phrase.strip():
        return text
    if phrase in text:
        without = _without_word(text, phrase)
        text, pieces = without, pieces if without == text else _pieces(without)
    quoted = pieces.intersection(phrase[at : at + _QUOTED] for at in range(len(phrase) - _QUOTED + 1))
    return _without_quotations(text, phrase, quoted) if quoted else text


def _without_word(text: str, phrase: str) -> str:
    """`text` with `…` where the phrase stands with no letter, digit or underscore before or after it."""
    kept, done, at = "", 0, text.find(phrase)
    while at >= 0:
        end = at + len(phrase)
        if _in_word(text[at - 1 : at]) or _in_word(text[end : end + 1]):
            at = text.find(phrase, at + 1)
            continue
        kept += f"{text[done:at]}…"
        done, at = end, text.find(phrase, end)
    return kept + text[done:]


def _in_word(neighbor: str) -> bool:
    """As `\\w` sees it; there is no neighbor (an empty string) at either end of a text."""
    return neighbor.isalnum() or neighbor == "_"


def _without_quotations(text: str, phrase: str, quoted: set[str]) -> str:
    at = 0
    while at + _QUOTED <= len(text):
        end = at + _QUOTED
        if text[at:end] not in quoted:
            at += 1
            continue
        while end < len(text) and text[at : end + 1] in phrase:
            end += 1
        text = f"{text[:at]}…{text[end:]}"
    return text
