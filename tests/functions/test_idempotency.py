"""F1: one request, however often and however simultaneously it is sent under one Idempotency-Key."""

import json

import boto3
import pytest

from failover.adapters import aws
from failover.outside import Outside
from failover.rules.idempotency import KEPT_SECONDS
from failover.use_cases.accept import accept
from failover.use_cases.authenticate import Caller
from failover.use_cases.register import register
from tests.conftest import one_write_at_a_time
from tests.examples import MESSENGER, NOW, SMS, request
from tests.functions.test_same_instant import at_once
from tests.world import body_of

TWENTY = 20


def executions(world):
    return boto3.client("stepfunctions").list_executions(stateMachineArn=world.state_machine)["executions"]


def states(world):
    return [item["pk"]["S"].removeprefix("workflow#") for item in world.items() if item["sk"]["S"] == "state"]


def post(call, body, path="/workflows", key="order-4711"):
    return call("POST", path, body, Idempotency_Key=key)


def test_twenty_at_once(world, monkeypatch):
    """Twenty of the same at one instant are one workflow, one execution, and twenty times the same answer."""
    one_write_at_a_time(monkeypatch)
    raw, answers = json.dumps(request()).encode(), []

    def accepted():
        while True:
            try:
                answers.append(accept(Outside(), Caller(world.api_key), raw, "workflow", "https://api.test", "key"))
            except aws.Unavailable:  # told to come again, as it does
                continue
            return

    at_once(*[accepted] * TWENTY)
    (workflow_id,) = states(world)
    assert {answer.workflow_id for answer in answers} == {workflow_id}
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * (TWENTY - 1)
    assert len(executions(world)) == 1


def test_repeated(world, call):
    """A repeat gets the first one's answer, and is told that it is one; the order of fields does not matter."""
    body = request()
    first = post(call, body)
    again = post(call, dict(reversed(body.items())))
    assert (again["statusCode"], again["body"]) == (202, first["body"])
    assert again["multiValueHeaders"]["Idempotent-Replayed"] == ["true"]
    assert "Idempotent-Replayed" not in first["multiValueHeaders"]
    assert len(states(world)) == len(executions(world)) == 1


def test_over_both_endpoints(world, call):
    """One key is one request over both endpoints; the answer is in the word of the first."""
    first = post(call, request())
    assert post(call, request(), path="/dispatch")["body"] == first["body"]
    assert len(states(world)) == 1


def test_another_body(world, call):
    """The key of one request is refused to another one, and nothing is written."""
    post(call, request())
    answer = post(call, request(SMS))
    assert answer["statusCode"] == 409
    assert body_of(answer)["title"]
    assert len(states(world)) == 1


def test_each_account_on_its_own(world, app, call):
    """Two accounts may use the same key."""
    post(call, request(MESSENGER, SMS))
    other = register(Outside(), {"action": "create_account", "name": "other"})
    raw = json.dumps(request()).encode()
    made = accept(Outside(), Caller(other["api_key"]), raw, "workflow", "https://api.test", "order-4711")
    assert not made.replayed
    assert len(states(world)) == 2


@pytest.mark.parametrize(("later", "replayed"), [(KEPT_SECONDS - 2, True), (KEPT_SECONDS + 1, False)])
def test_for_a_day(world, later, replayed):
    """A key counts for 24 hours, whenever the table gets round to removing it."""
    raw = json.dumps(request()).encode()
    for seconds in (0, later):
        outside = Outside(now=lambda seconds=seconds: NOW + seconds * 1000)
        made = accept(outside, Caller(world.api_key), raw, "workflow", "https://api.test", "key")
    assert made.replayed is replayed
