"""Remove numbers, addresses, ids and the message itself from the vendor's texts (docs/reliability.md, I8)."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.kinds import Kind, Word
from failover.rules.channels.objects import Many, Object, OneOf, Tagged

_LIMIT = 200
_LIMIT_BYTES = 400
_PRIVATE = re.compile(r"\S+@\S+|\+?\(?\d(?:[ ()./-]{0,3}\d){6,}")
"""An email address, or seven or more digits with the separators of telephone numbers and ids."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_HALVES = re.compile("[\ud800-\udfff]")
"""Lone surrogates, which UTF-8 cannot encode."""
_QUOTED = 16
"""This many characters in a row that are also in the message count as a quotation from it; fewer may be chance."""


def _words(kind: Kind, name: str) -> Iterator[tuple[str, str]]:
    """Yield (field, word) for every word that a field of this kind may have, at any depth."""
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
"""The fixed words of each field: {"media_height": {"SHORT", "MEDIUM", "TALL"}, …}. They are not personal."""


def redacted(text: str, private: Iterable[str] = ()) -> str:
    """Return `text` on one line, at most 200 characters and 400 bytes of UTF-8, with `…` for possible addresses.

    A phrase in `private` is removed where it is a whole word, and so is any part of it with 16 or more characters. The
    time grows with the total length of the phrases, not with their number times the length of the text.
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
    """Yield every string of a step's parties, content and options that may be personal.

    Left out are the values of `type`, and words that the channel table lists for a field of that name.
    """
    message = step.get("message", {})
    options = [message.get(channel) for channel in CHANNELS]
    unread: list[Any] = [step.get("from"), step.get("to"), message.get("content"), *options]
    while unread:  # no recursion: a callback may be nested deeper than Python's stack
        value = unread.pop()
        if isinstance(value, dict):
            unread.extend(
                item
                for name, item in value.items()
                if name != "type" and not (isinstance(item, str) and item in _WORDS.get(name, ()))
            )
        elif isinstance(value, list):
            unread.extend(value)
        elif isinstance(value, str):
            yield value


def _pieces(text: str) -> set[str]:
    """Return every run of 16 characters in `text`, just enough for a quotation."""
    return {text[at : at + _QUOTED] for at in range(len(text) - _QUOTED + 1)}


def _without(text: str, phrase: str, pieces: set[str]) -> str:
    """Return `text` without a phrase and quotations from it. `pieces` is `_pieces(text)`."""
    if not phrase.strip():
        return text
    if phrase in text:
        without = _without_word(text, phrase)
        text, pieces = without, pieces if without == text else _pieces(without)
    quoted = pieces.intersection(phrase[at : at + _QUOTED] for at in range(len(phrase) - _QUOTED + 1))
    return _without_quotations(text, phrase, quoted) if quoted else text


def _without_word(text: str, phrase: str) -> str:
    """Return `text` with `…` for the phrase, except where a letter, digit or underscore is next to it."""
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
    """As `\\w` in a regular expression. At either end of the text, `neighbor` is empty."""
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
