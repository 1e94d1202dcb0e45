"""The OpenAPI document accepts the same workflows as the code."""

import json
import re
from functools import cache

import schemathesis
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode

from failover.rules.channels.addresses import Agent, Dialled, Id, Recipient, Sender
from failover.rules.channels.kinds import Whole
from failover.rules.formats import strict_json
from failover.rules.formats.faults import InvalidRequest
from failover.rules.requests import models
from failover.rules.requests.request import validated
from local.openapi import PATH, patterns
from tests import variations
from tests.described import in_order

SETTINGS = schemathesis.Config.from_dict({"generation": {"allow-x00": False, "codec": "utf-8"}})
CREATE = schemathesis.openapi.from_path(PATH, config=SETTINGS)["/workflows"]["POST"]
COMPONENTS = json.loads(PATH.read_text())["components"]
DESCRIBED = Draft202012Validator({"$ref": "#/components/schemas/WorkflowRequest", "components": COMPONENTS})
SOME = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def accepted(body):
    try:
        validated(strict_json.parse(json.dumps(body).encode()))
    except InvalidRequest:
        return False
    return True


def comparable(body):
    """The body without what a schema cannot say: which addresses are public, and see `in_order`."""
    if isinstance(body, dict) and isinstance(body.get("webhook_url"), str):
        body = {**body, "webhook_url": "https://example.org/"}
    return in_order(body)


@SOME
@given(CREATE.as_strategy(generation_mode=GenerationMode.POSITIVE))
def test_described(case):
    """A body that the document describes is accepted."""
    body = comparable(case.body)
    assert DESCRIBED.is_valid(body)
    assert accepted(body)


@SOME
@given(CREATE.as_strategy(generation_mode=GenerationMode.NEGATIVE))
def test_not_described(case):
    """A body mutated to contradict the document is rejected, unless it still fits."""
    assume(not isinstance(case.body, bytes))
    body = comparable(case.body)
    assert accepted(body) == DESCRIBED.is_valid(body)


def described(step):
    """Whether the document's component for this channel's last step describes the step."""
    name = "".join(part.title() for part in step["to"]["type"].split("_"))
    return described_as(f"{name}LastStep").is_valid(step)


@cache
def described_as(name):
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": COMPONENTS})


def test_every_bound_is_described():
    """The document describes all that the code accepts at the bounds of every field."""
    for label, step in variations.steps():
        assert described(step), label


def test_beyond_every_bound_is_not_described():
    """The document does not describe what the code refuses beyond the bounds of every field."""
    for label, _, step in variations.broken_steps():
        assert not described(step), label


def fits(kind, value):
    _, faults = models.read(kind, value)
    return not faults


PASTED = st.text("0147+ \u00a0\u202a\t\n-(A.x", max_size=20) | st.text(
    st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=60
)


@settings(max_examples=1500, deadline=None)
@given(PASTED)
@example("+")
@example("00")
@example("000")
@example("+00447700900000")
@example("1 " * 50)
@example("1 " * 100)
@example("A " * 25)
@example("A" + " " * 48 + "A")
def test_addresses_are_described(text):
    """For any pasted string, the patterns of numbers, names and ids match what the code accepts."""
    numbers = ((Recipient(), "TelephoneNumber"), (Dialled(), "DialledNumber"))
    names = ((Sender(), "Sender"), (Id(), "Id"), (Id(100), "LongId"), (Agent(), "RcsAgent"))
    for kind, name in (*numbers, *names):
        assert described_as(name).is_valid(text) == fits(kind, text), name


LESS = st.integers(0, 10**9 - 2) | st.integers(0, 120)


@given(LESS, LESS, LESS)
def test_numbers_as_strings_are_described(one, another, number):
    """The pattern of a whole number within bounds matches what the code accepts."""
    kind = Whole(*sorted((one, another)))
    for text in (str(number), f" {number}\n", f"0{number}", str(kind.low), str(kind.high), str(kind.high + 1)):
        assert (re.search(patterns.whole(kind.low, kind.high), text) is not None) == fits(kind, text)
