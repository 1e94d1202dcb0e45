"""Invisible characters and blanks, which get copied along with numbers, names and URLs by accident."""

import unicodedata

_CATEGORIES = frozenset({"Cf", "Zs", "Zl", "Zp"})
"""Unicode categories: format characters (direction marks, zero-width spaces, byte order marks), spaces of every width,
and line and paragraph separators. Phones and address books insert them around and inside what is copied."""
_IGNORABLE = (
    *(range(0x034F, 0x0350), range(0x115F, 0x1161), range(0x17B4, 0x17B6), range(0x180B, 0x1810)),
    *(range(0x2060, 0x2070), range(0x3164, 0x3165), range(0xFE00, 0xFE10), range(0xFFA0, 0xFFA1)),
    *(range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000)),
)
"""The rest of Default_Ignorable_Code_Point (Unicode's DerivedCoreProperties.txt), which Python does not have: the
grapheme joiner, variation selectors, Hangul fillers, and code points reserved for such characters."""
_BRAILLE_BLANK = 0x2800


def is_unseen(char: str) -> bool:
    """Return True for a blank or an invisible character. Control characters do not count."""
    point = ord(char)
    if point < 0x80:
        return char == " "
    return (
        unicodedata.category(char) in _CATEGORIES
        or point == _BRAILLE_BLANK
        or any(point in ignorable for ignorable in _IGNORABLE)
    )


def all_seen(text: str) -> bool:
    return not any(map(is_unseen, text))
