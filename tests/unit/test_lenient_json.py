import contextlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.rules.formats import strict_json
from failover.rules.formats.lenient_json import UnreadableJson, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param(b'{"title": "cut \\ud83d"}', {"title": "cut \ufffd"}, id="first half of a pair"),
        pytest.param(b'["\\udc4d cut"]', ["\ufffd cut"], id="second half of a pair"),
        pytest.param(b'"\\ud83d\\udc4d"', "\U0001f44d", id="a whole pair"),
        pytest.param(b'{"\\ud83d": 1}', {"\ufffd": 1}, id="half of a pair in a key"),
        pytest.param(b'"a\\u0000b"', "a\ufffdb", id="NUL, escaped"),
        pytest.param(b'"a\x00b\nc"', "a\ufffdb\nc", id="control characters"),
        pytest.param(b'"\xff"', "\ufffd", id="not UTF-8"),
        pytest.param(b'"\xed\xa0\xbd"', "\ufffd\ufffd\ufffd", id="half of a pair, encoded"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', {"a": 1}, id="byte order mark"),
        pytest.param(b'{"a": 1, "a": 2}', {"a": 2}, id="the same key twice"),
        pytest.param(b'[NaN, Infinity, -Infinity, "x"]', [None, None, None, "x"], id="no numbers"),
        pytest.param(b"[1e9999999999999999999]", [None], id="a number beyond all bounds"),
        pytest.param(b"0.1", Decimal("0.1"), id="a fraction"),
        pytest.param(b"9007199254740993", 9007199254740993, id="an integer"),
        pytest.param(b"1" * 60_000, Decimal("1" * 60_000), id="an integer of thousands of digits"),
        pytest.param(b"[" * 200 + b"]" * 200, json.loads("[" * 200 + "]" * 200), id="deep"),
    ],
)
def test_read(text, value):
    """A fault in one part of a text leaves the rest readable."""
    assert parse(text) == value


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"secret", b"[1,]", b'{"a": 1} secret', b'{"secret"}', b"[" * 201 + b"]" * 201, b"[" * 100_000],
)
def test_unreadable(text):
    """Text that is not JSON, or nested too deep, is unreadable, with a reason that quotes nothing."""
    with pytest.raises(UnreadableJson) as caught:
        parse(text)
    assert caught.value.reason
    assert "secret" not in caught.value.reason


@given(st.binary() | st.text(alphabet='[]{}",:\\ud80\x00 1eE-.NaN').map(str.encode))
def test_any_bytes(raw):
    """Any bytes are readable or unreadable; a value can be encoded, and equals the strict reader's if it has one."""
    try:
        value = parse(raw)
    except UnreadableJson:
        with pytest.raises(strict_json.InvalidJson):
            strict_json.parse(raw)
        return
    json.dumps(value, default=str, ensure_ascii=False).encode()
    with contextlib.suppress(strict_json.InvalidJson):
        assert value == strict_json.parse(raw)
