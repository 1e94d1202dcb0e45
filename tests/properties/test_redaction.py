"""Fast redaction removes the same as the slow definition of the rule."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from failover.rules.receipts import redaction
from failover.rules.receipts.redaction import private_phrases, redacted
from tests.examples import messages


def by_definition(text, private):
    """The rule as it reads, phrase by phrase: too slow for thousands of phrases."""
    text = text[:800]
    for phrase in sorted(set(private), key=lambda phrase: (-len(phrase), phrase)):
        text = _without(text, phrase)
    text = redaction._HALVES.sub("\ufffd", redaction._CONTROL.sub(" ", text))
    return redaction._PRIVATE.sub("…", text).strip()[:200].encode()[:400].decode(errors="ignore")


def _without(text, phrase):
    if not phrase.strip():
        return text
    text = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", "…", text)
    at = 0
    while at + 16 <= len(text):
        end = at + 16
        if text[at:end] not in phrase:
            at += 1
            continue
        while end < len(text) and text[at : end + 1] in phrase:
            end += 1
        text = f"{text[:at]}…{text[end:]}"
    return text


LETTERS = st.text("ab _…é.", max_size=60)


@st.composite
def quoting(draw):
    """A text that probably quotes some of its phrases, whole, in part and joined to others."""
    phrases = draw(st.lists(LETTERS, max_size=8))
    pieces = []
    for phrase in phrases:
        first, last = sorted(draw(st.tuples(st.integers(0, 60), st.integers(0, 60))))
        pieces += [phrase[first:last], draw(st.sampled_from(["", " ", "a", "…", ", "]))]
    return "".join([draw(LETTERS), *pieces]), phrases


@given(quoting())
@example(("x a…b y", ["a…b", "a", "…"]))
@example(("abcdefghijklmnop" * 3, ["abcdefghijklmnop", "ponmlkjihgfedcba", "p"]))
def test_as_by_definition(case):
    """Whole phrases, and parts of at least sixteen characters, are removed exactly as phrase by phrase."""
    assert redacted(*case) == by_definition(*case)


@given(st.text(st.characters(exclude_categories=[]), max_size=1000), st.lists(st.text(max_size=5), max_size=3))
@example("\U0001f44d" * 300, [])
@example("é" * 199 + "\U0001f44d", [])
@example("\ud83d" * 200, [])
def test_bounded(text, private):
    """A redacted text is valid UTF-8 in 200 characters and 400 bytes, without control characters."""
    kept = redacted(text, private)
    assert len(kept) <= 200
    assert len(kept.encode()) <= 400
    assert not set(kept) & set(map(chr, range(32)))


QUOTED = "The quick brown fox jumps over the lazy dog, and it is not the first time that it has done so. " * 9


@pytest.mark.parametrize(
    "strings",
    [
        [f"{number:05d}" for number in range(8200)],
        [QUOTED[start : start + 15] for start in range(len(QUOTED))] + ["x"] * 7000,
        [QUOTED[start : start + size] for size in range(1, 16) for start in range(0, 90)] * 6,
        ["a " * length for length in range(1, 360)],
        ["a" * 65_000],
        [f"{QUOTED[start : start + 14]}{start:06d}" for start in range(3000)],
    ],
    ids=["unrelated", "parts", "every part", "periodic", "one long", "nearly quoted"],
)
@pytest.mark.parametrize("text", [QUOTED, "a " * 400])
def test_time_is_bounded(strings, text):
    """Redaction with 64 KB of content takes milliseconds, not a second, for any words of the vendor."""
    phrases = list(private_phrases({"message": {"content": {"custom": {"list": strings}}}}))
    began = time.process_time()
    redacted(text, phrases)
    assert time.process_time() - began < 0.5


def strings(value, name=""):
    """(field, string) for every string in a value."""
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in strings(item, key)]
    if isinstance(value, list):
        return [found for item in value for found in strings(item, name)]
    return [(name, value)] if isinstance(value, str) else []


OPEN = ("type", "category", "encoding_type", "policy", "action", "media_height", "view_mode")
OPEN += ("card_orientation", "image_alignment", "card_width")


@pytest.mark.parametrize("name", messages())
def test_every_string_of_a_message(name):
    """Every string in a message is private: texts, addresses, numbers to dial, in content and options. Field values of
    the API are not."""
    step = messages()[name]
    private = set(private_phrases(step))
    for field, value in strings({part: step[part] for part in ("from", "to", "message")}):
        assert (value in private) == (field not in OPEN), field


def test_words_of_the_contract_in_other_fields():
    """A text that happens to equal a field value of the API is private: only its own field makes it public."""
    step = {"message": {"content": {"type": "text", "text": "promotion"}, "rcs": {"category": "promotion"}}}
    assert list(private_phrases(step)) == ["promotion"]
    step["message"]["content"] = {"type": "custom", "custom": {"category": "a friend"}}
    assert list(private_phrases(step)) == ["a friend"]


def test_content_of_any_depth():
    """The phrases of a value nested deeper than Python's stack are found."""
    value = "private"
    for _ in range(100_000):
        value = [value]
    assert list(private_phrases({"to": value})) == ["private"]
