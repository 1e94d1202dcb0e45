"""Read fields of stored items and check their types: an item may have been edited by hand (F33).

A later release may have stored fields that this one does not know: they are carried from the item that was read to the
one that is written (docs/upgrade.md).
"""

from collections.abc import Mapping
from types import MappingProxyType, UnionType
from typing import Any

from failover.errors import Invalid
from failover.rules.timing.instants import LATEST


class UnreadableItem(Invalid):
    """Our code cannot have written this item: a field is missing or has the wrong type. The message names the field."""


NOTHING: Mapping[str, Any] = MappingProxyType({})
"""What is carried if every field is known."""


def carried(item: Mapping[str, Any], known: frozenset[str]) -> Mapping[str, Any]:
    """Return the fields of an item that are not in `known`, as a mapping that cannot be changed."""
    unknown = item.keys() - known
    return MappingProxyType({name: item[name] for name in unknown}) if unknown else NOTHING


def checked(item: Any, name: str, kind: type | UnionType, default: Any = ...) -> Any:
    """Return the field `name` of an item, or `default` if the field is missing.

    Raises UnreadableItem if the type is wrong, an integer is negative, or a field without a default is missing. A bool
    is not a number.
    """
    if not isinstance(item, dict | Mapping):  # dict first, which takes no look at the abstract class
        raise UnreadableItem(f"{name}: the item is not a map")
    value = item.get(name, default)
    if name not in item and default is not ...:
        return value
    if isinstance(value, bool) or not isinstance(value, kind) or (isinstance(value, int) and value < 0):
        raise UnreadableItem(name)
    return value


def whole(item: Any, name: str, least: int, most: int) -> None:
    """Raise UnreadableItem unless the field is missing or an integer from `least` to `most`."""
    if name in item and not least <= checked(item, name, int) <= most:
        raise UnreadableItem(name)


def instant(item: Any, name: str, default: Any = ...) -> Any:
    """As `checked`, for a time in milliseconds since the epoch."""
    value = checked(item, name, int, default)
    whole(item, name, 0, LATEST - 1)
    return value


def one_of(item: Any, name: str, words: tuple[str, ...], default: Any = ...) -> Any:
    """As `checked`, for one of `words`."""
    value = checked(item, name, str, default)
    if name in item and value not in words:
        raise UnreadableItem(name)
    return value
