"""The local stack's replacements in moto's interpreter of state machines."""

import inspect
import json
from datetime import datetime
from hashlib import sha256
from types import SimpleNamespace

import pytest
import yaml
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.parse import asl_parser
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from local import moto
from tests.world import ROOT

DEFINITION = json.dumps(yaml.safe_load((ROOT / "statemachine/failover.asl.yaml").read_text())).replace("${", "{")


def test_internals():
    """moto's replaced parts have not changed. If this fails, read the changes, adapt, and update the hash."""
    starts = (StepFunctionsParserBackend.start_execution, StepFunctionsParserBackend.describe_state_machine_alias)
    parts = (asl_parser.AmazonStateLanguageParser, boto_client, timestamp, WaitFunction, *starts)
    assert (
        sha256("".join(map(inspect.getsource, parts)).encode()).hexdigest()
        == "d894ddb1c33f0f629f305819513a28e8d66c738bcc9f95cf8735ad82efb8d5cf"
    )


def test_programs_are_separate():
    """Each execution gets its own program, equal to the one that moto's parser builds."""
    first, tree = moto.parse(DEFINITION)
    second, same_tree = moto.parse(DEFINITION)
    assert tree is same_tree
    assert first is not second
    assert first.states is not second.states
    own, _ = asl_parser.AmazonStateLanguageParser.parse(DEFINITION)
    assert list(second.states.states) == list(own.states.states)


def test_clients_are_shared():
    """Tasks share one client for each service."""
    named = {"region_name": "eu-west-1", "endpoint_url": "http://127.0.0.1:1"}
    one = moto.client(service_name="lambda", **named)
    assert moto.client(service_name="lambda", **named) is one
    assert moto.client(service_name="dynamodb", **named) is not one


class Clock(datetime):
    """The wall clock, which stands a quarter past a second."""

    @classmethod
    def now(cls, tz=None):
        return datetime(2026, 1, 1, 12, 0, 0, 250_000, tz)


@pytest.fixture
def wait(monkeypatch):
    """Wait until a timestamp, and return the seconds of each pause."""
    monkeypatch.setattr(moto, "datetime", Clock)

    def wait(text):
        pauses, stack = [], []
        string = SimpleNamespace(eval=lambda **_: stack.append(text), literal_value="$.at")
        env = SimpleNamespace(
            stack=stack,
            program_state_event=SimpleNamespace(wait=pauses.append),
            is_running=lambda: not pauses,
            next_state_name="Wait",
            event_history_context=SimpleNamespace(source_event_id=0),
        )
        moto.wait(timestamp.TimestampPath(string), env)
        return pauses

    return wait


@pytest.mark.parametrize(
    ("text", "pauses"),
    [
        ("2026-01-01T12:00:02Z", [1.75]),
        ("2026-01-01T12:00:02.900Z", [1.75]),
        ("2026-01-01T12:00:00.900Z", []),
        ("2025-01-01T12:00:00Z", []),
    ],
)
def test_a_wait_is_exact(wait, text, pauses):
    """A wait ends at its timestamp, as on AWS without the fraction of a second, and a past one is no wait."""
    assert wait(text) == pauses


def test_not_a_timestamp(wait):
    """What is no timestamp fails the execution."""
    with pytest.raises(FailureEventException):
        wait("soon")
