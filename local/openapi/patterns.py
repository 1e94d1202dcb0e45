"""Patterns of what a request may hold in more than one form: numbers as strings, and addresses as people paste them."""

from failover.rules.channels.kinds import LONGEST_NUMBER as LONGEST
from failover.rules.channels.kinds import Url
from failover.rules.formats.unseen import is_unseen

_LONGEST_NUMBER = 9
"""Digits of a whole number that comes as a string."""
_CONTROLS = r"\t\n\r\f\v"


def _ranges(points: list[int]) -> str:
    """The inside of a regular expression's brackets for these code points."""
    text, at = "", 0
    while at < len(points):
        end = at
        while end + 1 < len(points) and points[end + 1] == points[end] + 1:
            end += 1
        text += f"\\u{points[at]:04x}" + (f"-\\u{points[end]:04x}" if end > at else "")
        at = end + 1
    return text


_CONTROL = r"\x00-\x1f\x7f-\x9f"
_POINTS = [point for point in range(0x80, 0x10000) if is_unseen(chr(point)) and not chr(point).isspace()]
"""Of the characters that `addresses.compact` removes, those below U+10000 that no regex engine calls white space, and
U+FEFF, which some do. JavaScript reads others as two, unless a pattern has the u flag."""
_FORMAT = _ranges(_POINTS)
_WHITE = rf"^\S{_CONTROL}\ufeff"
"""White space but controls, as the inside of brackets. It is not written out, because one generator of clients makes a
line end of `\u2028`."""
_ANY = f"([{_FORMAT}]|[{_WHITE}])*"
_BUT_SPACE = f"([{_FORMAT}]|[{_WHITE} ])*"
_EDGE = f"([{_CONTROLS}{_FORMAT}]|[{_WHITE}])*"
_SEEN = rf"[^\s{_CONTROL}{_FORMAT}]"
_SEEN_OR_SPACE = f"({_SEEN}| )"
_PREFIX = rf"(\+{_ANY}|0{_ANY}0{_ANY})?"


def _digits(least: int, most: int) -> str:
    return f"[0-9]({_ANY}[0-9]){{{least - 1},{most - 1}}}"


def _name(most: int) -> str:
    return f"{_SEEN}(({_BUT_SPACE}{_SEEN_OR_SPACE}){{0,{most - 2}}}{_BUT_SPACE}{_SEEN})?"


def _pattern(*forms: str) -> str:
    return f"^{_EDGE}({'|'.join(forms)}){_EDGE}$"


RECIPIENT = _pattern(f"{_PREFIX}[1-9]({_ANY}[0-9]){{6,14}}")
SENDER = _pattern(_PREFIX + _digits(1, LONGEST), _name(LONGEST))
URL = Url.pattern.removesuffix("]+$") + f"{_FORMAT}]+$"
"""With what only the code of `Url` refuses besides."""
DIALLED = _pattern(rf"(\+{_ANY})?[1-9]({_ANY}[0-9]){{1,14}}")


def identifier(most: int) -> str:
    """Of an id with at most so many characters."""
    return _pattern(rf"\+{_ANY}{_digits(1, most - 1)}", _digits(1, most), _name(most))


def agent(characters: str) -> str:
    """Of an id that is made of these characters."""
    return _pattern(_digits(1, LONGEST), f"[{characters}]({_BUT_SPACE}[{characters}]){{0,{LONGEST - 1}}}")


def whole(low: int, high: int) -> str:
    """Of a whole number within these bounds, with blanks around it and zeros before it."""
    forms = []
    for length in range(len(str(low)), len(str(high)) + 1):
        first, last = max(low, 10 ** (length - 1) if length > 1 else 0), min(high, 10**length - 1)
        forms.append(f"0{{0,{_LONGEST_NUMBER - length}}}({_between(str(first), str(last))})")
    blank = rf"[ {_CONTROLS}]*"
    return f"^{blank}({'|'.join(forms)}){blank}$"


def _between(low: str, high: str) -> str:
    """The numbers from `low` to `high`, which are equally long."""
    rest = len(low) - 1
    if set(low) <= {"0"} and set(high) <= {"9"}:
        return "[0-9]" + (f"{{{rest + 1}}}" if rest else "")
    if rest == 0:
        return f"[{low}-{high}]"
    if low[0] == high[0]:
        return f"{low[0]}({_between(low[1:], high[1:])})"
    forms = [f"{low[0]}({_between(low[1:], '9' * rest)})"]
    if int(high[0]) - int(low[0]) > 1:
        forms.append(f"[{int(low[0]) + 1}-{int(high[0]) - 1}]{_between('0' * rest, '9' * rest)}")
    forms.append(f"{high[0]}({_between('0' * rest, high[1:])})")
    return "|".join(forms)
