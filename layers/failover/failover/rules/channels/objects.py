"""Kinds that hold others: arrays and objects (see rules/kinds)."""

from dataclasses import dataclass
from typing import Any

from failover.rules.channels.kinds import VERSIONS, Kind, Word, quoted


@dataclass(frozen=True)
class Many:
    of: Kind
    what: str
    """The plural of what the array holds."""
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

    A null counts as no value, except where the field is required; so does an empty list that is allowed.
    """

    name: str
    kind: Kind
    required: bool = False
    about: str = ""
    """What it is, for the documentation."""
    versions: tuple[str, ...] = VERSIONS
    """Of the Messages API that know this field."""
    in_v0_1: Kind | None = None
    """What v0.1 takes, where that is less than v1 does."""
    required_when: tuple[str, str] | None = None
    """(another field of the object, its value) that makes this one necessary."""


def missing_in(version: str, name: str, versions: tuple[str, ...]) -> str:
    """The reason for refusing what another version of the Messages API has."""
    return f"{name} needs Messages API {versions[0]}, but this service uses {version}"


@dataclass(frozen=True)
class Object:
    fields: tuple[Field, ...]
    name: str = ""
    """Of its component in the OpenAPI document."""
    strict: bool = True
    """Unknown fields are faults; otherwise they are ignored."""
    elsewhere: tuple[tuple[str, str], ...] = ()
    """(a field that does not belong here, why not); a null counts as no value here as well"""

    wanted = "an object"
    types = (dict,)


@dataclass(frozen=True)
class OneOf:
    """An object with exactly one of these fields."""

    fields: tuple[Field, ...]
    name: str = ""
    types = (dict,)

    @property
    def wanted(self) -> str:
        return f"an object with either {quoted(tuple(one.name for one in self.fields))}"

    def choice(self, value: dict[str, Any]) -> Any:
        """The name of the field that an object has; None: there are several, or none."""
        names = [one.name for one in self.fields if one.name in value]
        return names[0] if len(names) == 1 else None


@dataclass(frozen=True)
class Case:
    """One of several objects, and the word by which it says that it is this one."""

    word: str
    object: Object
    """Its fields besides the one with the word."""
    versions: tuple[str, ...] = VERSIONS


@dataclass(frozen=True)
class Tagged:
    tag: str
    """The field that holds the word."""
    cases: tuple[Case, ...]
    name: str = ""
    types = (dict,)

    @property
    def word(self) -> Word:
        """What the tag holds."""
        return Word(tuple(case.word for case in self.cases))

    @property
    def wanted(self) -> str:
        return f"an object whose {self.tag} is {self.word.wanted}"

    def choice(self, value: dict[str, Any]) -> Any:
        """The word that an object has; it may be none of ours."""
        return value.get(self.tag)
