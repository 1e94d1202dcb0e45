import json
from decimal import Decimal

import pytest

from failover.rules.formats.strict_json import MAX_DEPTH, InvalidJson, parse


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b"NaN",
        b"[Infinity]",
        b'{"a":1e9999999999999999999}',
        b"[-Infinity]",
        b'"\\ud800"',
        b'{"\\udc00": 1}',
        b'"a\\u0000b"',
        b"\xff",
        b"{'a': 1}",
        b"[1,]",
        b'{"a": 1} x',
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b"[" * 60_000,
        b'{"a":' * 10_000,
    ],
)
def test_refused(text):
    """Text that is not JSON, or JSON that parsers read differently, is refused in bounded time with a reason."""
    with pytest.raises(InvalidJson) as caught:
        parse(text)
    assert caught.value.reason


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"23037543461244470", 23037543461244470),
        (b"9007199254740993", 9007199254740993),
        (b"0.1", Decimal("0.1")),
        (b"1e400", Decimal("1e400")),
        ('"שלום \U0001f44d\u200d"'.encode(), "שלום \U0001f44d\u200d"),
        (b'"\\ud83d\\udc4d"', "\U0001f44d"),
        (b'"[[[[{{{{"', "[[[[{{{{"),
        (b'"\\"[[["', '"[[['),
    ],
)
def test_exact(text, value):
    """Numbers of any size and characters of any script are read exactly."""
    assert parse(text) == value


def test_deepest():
    """32 levels are allowed; brackets inside strings do not count."""
    deepest = "[" * MAX_DEPTH + '"' + "[" * 100 + '"' + "]" * MAX_DEPTH
    assert json.dumps(parse(deepest.encode()))


def test_enormous_integer():
    """An integer of thousands of digits is parsed, and every field refuses it."""
    assert parse(b"1" * 60_000) == Decimal("1" * 60_000)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "expected a value at line 1, column 1"),
        (b"[1,\n x]", "expected a value at line 2, column 2"),
        (b"{'a': 1}", "expected a name in double quotes at line 1, column 2"),
        (b'{"a" 1}', "expected ':' at line 1, column 6"),
        (b"[1 2]", "expected ',' at line 1, column 4"),
        (b'{"a": 1 "b": 2}', "expected ',' at line 1, column 9"),
        (b'["a', "unterminated string at line 1, column 2"),
        (b'"a\tb"', "unescaped control character at line 1, column 3"),
        (b'"\\x"', "unknown escape sequence at line 1, column 2"),
        (b'"\\u12"', "incomplete escape sequence at line 1, column 3"),
        (b"{} {}", "unexpected text after the JSON value at line 1, column 4"),
        (b"[1,]", "comma before a closing bracket at line 1, column 3"),
        (b'{"a": 1,}', "comma before a closing bracket at line 1, column 8"),
        (b"\xef\xbb\xbf{}", "starts with a byte order mark: send UTF-8 without one"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8 at byte 0"),
        (b"NaN", "NaN is not JSON"),
        (b'{"a": 1, "a": 2}', "the same key twice in an object"),
    ],
)
def test_reasons(text, reason):
    """A reason uses the words of JSON, not of the parser."""
    with pytest.raises(InvalidJson) as caught:
        parse(text)
    assert caught.value.reason == reason
