"""Read the items of the table with their types checked: a person or a script may have edited them by hand."""

from collections.abc import Mapping
from types import UnionType
from typing import Any

from failover.errors import Invalid
from failover.rules.timing.instants import LATEST


class UnreadableItem(Invalid):
    """No code of ours has written this item: a field is missing, or has the wrong type. The message names the field."""


def checked(item: Any, name: str, kind: type | UnionType, default: Any = ...) -> Any:
    """The field `name` of an item; `default` where it is missing. Raises UnreadableItem.

    True and False are no numbers, and no number is negative.
    """
    if not isinstance(item, Mapping):
        raise UnreadableItem(f"{name}: its item is no map")
    value = item.get(name, default)
    if name not in item and default is not ...:
        return value
    if isinstance(value, bool) or not isinstance(value, kind) or (isinstance(value, int) and value < 0):
        raise UnreadableItem(name)
    return value


def whole(item: Any, name: str, least: int, most: int) -> None:
    """Raises UnreadableItem unless the field is missing, or a whole number from `least` to `most`."""
    if name in item and not least <= checked(item, name, int) <= most:
        raise UnreadableItem(name)


def instant(item: Any, name: str, default: Any = ...) -> Any:
    """The same as `checked` for a time in milliseconds since the epoch."""
    value = checked(item, name, int, default)
    whole(item, name, 0, LATEST - 1)
    return value


def one_of(item: Any, name: str, known: tuple[str, ...], default: Any = ...) -> Any:
    """The same for one of the words in `known`."""
    value = checked(item, name, str, default)
    if name in item and value not in known:
        raise UnreadableItem(name)
    return value
