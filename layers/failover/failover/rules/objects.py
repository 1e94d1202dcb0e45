"""Kinds that hold others: arrays and objects (see rules/kinds)."""

from dataclasses import dataclass
from typing import Any

from failover.rules.kinds import VERSIONS, Kind, Reading, Word, join, quoted


@dataclass(frozen=True)
class Many:
    of: Kind
    what: str
    """The plural of what the array holds."""
    least: int = 0
    most: int | None = None

    @property
    def wanted(self) -> str:
        if self.most is not None:
            return f"an array of {self.least} to {self.most} {self.what}"
        return f"an array of one or more {self.what}" if self.least else f"an array of {self.what}"

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        if not isinstance(value, list) or not self.least <= len(value) <= (self.most or len(value)):
            return reading.unlike(at, self, value, list)
        return [self.of.read(item, join(at, number), reading) for number, item in enumerate(value)]


@dataclass(frozen=True)
class Field:
    """A field of an object. A null counts as no value, except where the field is required."""

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

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        """The value, which is at `at`."""
        if reading.version not in self.versions:
            return reading.fault(at, missing_in(reading.version, self.name, self.versions))
        if self.in_v0_1 is None or reading.version != "v0.1":
            return self.kind.read(value, at, reading)
        narrower = Reading(reading.version)
        read = self.in_v0_1.read(value, at, narrower)
        for found in narrower.faults:
            reading.fault(found["name"], f"{found['reason']}; more needs Messages API v1, and this service uses v0.1")
        return read


def missing_in(version: str, name: str, versions: tuple[str, ...]) -> str:
    """The reason for refusing what another version of the Messages API has."""
    return f"{name} needs Messages API {versions[0]}, and this service uses {version}"


REQUIRED = "Required, and missing"
UNKNOWN = "Unknown field"


@dataclass(frozen=True)
class Object:
    fields: tuple[Field, ...]
    name: str = ""
    """Of its component in the OpenAPI document."""
    strict: bool = True
    """Unknown fields are faults; otherwise they are ignored."""
    elsewhere: tuple[tuple[str, str], ...] = ()
    """(a field that does not belong here, why not)"""

    wanted = "an object"

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        if not isinstance(value, dict):
            return reading.unlike(at, self, value, dict)
        read = {}
        for one in self.fields:
            here = join(at, one.name)
            if one.name in value and (one.required or value[one.name] is not None):
                read[one.name] = one.read(value[one.name], here, reading)
            elif one.required:
                reading.fault(here, REQUIRED)
            elif one.required_when and read.get(one.required_when[0]) == one.required_when[1]:
                reading.fault(here, "{} is required when {} is '{}'".format(one.name, *one.required_when))
        known = {one.name for one in self.fields}
        for name in value:
            if self.strict and name not in known:
                reading.fault(join(at, name), dict(self.elsewhere).get(name, UNKNOWN))
        return read


@dataclass(frozen=True)
class OneOf:
    """An object with exactly one of these fields."""

    fields: tuple[Field, ...]
    name: str = ""

    @property
    def wanted(self) -> str:
        return f"an object with either {quoted(tuple(one.name for one in self.fields))}"

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        chosen = [one for one in self.fields if isinstance(value, dict) and one.name in value]
        if len(chosen) != 1:
            return reading.unlike(at, self, value, dict)
        (one,) = chosen
        return Object((Field(one.name, one.kind, required=True),)).read(value, at, reading)


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

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(case.word for case in self.cases)

    @property
    def wanted(self) -> str:
        return f"an object whose {self.tag} is {quoted(self.words)}"

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        if not isinstance(value, dict):
            return reading.unlike(at, self, value, dict)
        here = join(at, self.tag)
        if self.tag not in value:
            return reading.fault(here, f"{REQUIRED}: {quoted(self.words)}")
        word = Word(self.words).read(value[self.tag], here, reading)
        for case in self.cases:
            if case.word != word:
                continue
            if reading.version not in case.versions:
                return reading.fault(here, missing_in(reading.version, case.word, case.versions))
            others = {name: one for name, one in value.items() if name != self.tag}
            return {self.tag: word, **case.object.read(others, at, reading)}
        return None
