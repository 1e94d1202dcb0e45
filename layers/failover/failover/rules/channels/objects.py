"""Kinds that contain others: arrays and objects (see `kinds`)."""

from dataclasses import dataclass
from typing import Any

from failover.rules.channels.kinds import VERSIONS, Kind, Word, quoted


@dataclass(frozen=True)
class Many:
    of: Kind
    what: str
    """Plural noun for the items."""
    least: int = 0
    most: int | None = None
    types = (list,)

    @property
    def wanted(self) -> str:
        if self.most is not None:
            return f"an array of {self.least} to {self.most} {self.what}"
        return f"an array of one or more {self.what}" if self.least else f"an array of {self.what}"


@dataclass(frozen=True)
class Field:
    """A field of an object.

    In an optional field, null and an allowed empty list count as no value.
    """

    name: str
    kind: Kind
    required: bool = False
    about: str = ""
    """Meaning, for the documentation."""
    versions: tuple[str, ...] = VERSIONS
    """Versions of the Messages API that have this field."""
    in_v0_1: Kind | None = None
    """The kind in v0.1, if v0.1 takes less than v1."""
    required_when: tuple[str, str] | None = None
    """(another field of the object, its value): with that value this field is required."""


def missing_in(version: str, name: str, versions: tuple[str, ...]) -> str:
    """Return the reason why a field of the other version of the Messages API is refused."""
    return f"{name} needs Messages API {versions[0]}, but this service uses {version}"


@dataclass(frozen=True)
class Object:
    fields: tuple[Field, ...]
    name: str = ""
    """Name of its component in the OpenAPI document."""
    strict: bool = True
    """If True, unknown fields are faults; otherwise they are ignored."""
    elsewhere: tuple[tuple[str, str], ...] = ()
    """(name, reason): fields refused with a reason of their own. null counts as no value."""

    wanted = "an object"
    types = (dict,)


@dataclass(frozen=True)
class OneOf:
    """An object with exactly one of `fields`."""

    fields: tuple[Field, ...]
    name: str = ""
    types = (dict,)

    @property
    def wanted(self) -> str:
        return f"an object with either {quoted(tuple(one.name for one in self.fields))}"

    def choice(self, value: dict[str, Any]) -> Any:
        """Return the name of the one field in `value`. Returns None if there are several, or none."""
        names = [one.name for one in self.fields if one.name in value]
        return names[0] if len(names) == 1 else None


@dataclass(frozen=True)
class Case:
    """One of several objects, and the word that identifies it."""

    word: str
    object: Object
    """Its fields without the tag."""
    versions: tuple[str, ...] = VERSIONS


@dataclass(frozen=True)
class Tagged:
    tag: str
    """The field with the identifying word."""
    cases: tuple[Case, ...]
    name: str = ""
    types = (dict,)

    @property
    def word(self) -> Word:
        """The kind of the tag."""
        return Word(tuple(case.word for case in self.cases))

    @property
    def wanted(self) -> str:
        return f"an object whose {self.tag} is {self.word.wanted}"

    def choice(self, value: dict[str, Any]) -> Any:
        """Return the tag's value, which may be unknown."""
        return value.get(self.tag)
