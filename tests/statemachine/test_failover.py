"""The whole failover: the real ASL and the real functions, with expiries of a second."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend

from failover.adapters.sending import messages as messages_api
from failover.adapters.workflow.store import Conflict
from failover.outside import Outside
from failover.rules.sending import backoff
from failover.rules.workflow.state import Workflow
from local.capacity.profiles import FIRST_SUCCEEDS, ONE, TWO_EXPIRE
from tests import messages_server as server
from tests.examples import ID, MESSENGER, SMS, VIBER, workflow
from tests.world import state_machine_definition

THREE = (("messenger", "read", 1), ("viber_service_msg", "delivered", 1), "sms")
PATIENT = (("messenger", "read", 600), ("viber_service_msg", "delivered", 600), "sms")
CONTENT = [MESSENGER, VIBER, SMS]
ALL = ["messenger", "viber_service", "sms"]

EXPIRED = ["Route", "Send", "Race", "Expiry", "Outcome", "Expired"]
DECIDED = ["Route", "Send", "Race", "Expiry", "Outcome"]
LAST = ["Route", "SendLast"]
WAITED = ["Turn", "Wait", "Route", "Send"]
"""What a wait for a turn adds: three states, and the send again."""
WAITED_LAST = ["Turn", "Wait", "Route", "SendLast"]


def never_early(flow: Workflow) -> bool:
    """Each next step was claimed no earlier than the previous one's expiry after its answer."""
    return all(
        after.claimed_at - before.answered_at >= before.expiry_time * 1000
        for before, after in zip(flow.steps, flow.steps[1:], strict=False)
        if before.outcome == "expired"
    )


def same(states, *parts):
    """The states entered are the given ones; the two branches of a race may enter theirs in either order."""
    return sorted(states) == sorted(chain(*parts))


def test_two_expire(machine):
    """Three steps of which two expire: 14 states, three messages, none early."""
    machine.when_sent(2, "delivered")
    states = machine.run(workflow(*THREE), CONTENT)
    assert same(states, EXPIRED, EXPIRED, LAST)
    assert len(states) == TWO_EXPIRE.states
    assert machine.sent() == ALL
    flow = machine.world.read(ID)
    assert [step.outcome for step in flow.steps] == ["expired", "expired", "met"]
    assert flow.status == "completed"
    assert never_early(flow)


def test_two_rejections(machine):
    """Two rejections: 12 states, without waiting for an expiry."""
    machine.start(workflow(*PATIENT), CONTENT)
    for number in (0, 1):
        machine.wait_for_race(number)
        machine.receipt(number, "rejected")
    states = machine.wait_for_the_end()
    assert same(states, DECIDED, DECIDED, LAST)
    assert len(states) == 12
    assert machine.sent() == ALL


def test_first_succeeds(machine):
    """The first message is read in time: 6 states, and no other message is sent."""
    machine.start(workflow(*PATIENT), CONTENT)
    machine.wait_for_race(0)
    for status in ("submitted", "delivered", "read"):
        machine.receipt(0, status)
    states = machine.wait_for_the_end()
    assert same(states, DECIDED, ["Done"])
    assert len(states) == FIRST_SUCCEEDS.states
    assert machine.sent() == ["messenger"]
    assert machine.world.read(ID).status == "completed"


def test_single(machine):
    """One message: 2 states; the execution does not wait for its receipt."""
    states = machine.run(workflow("sms"), [SMS])
    assert states == ["Route", "SendLast"]
    assert len(states) == ONE.states
    assert machine.world.read(ID).status == "running"
    machine.receipt(0, "delivered")
    assert machine.world.read(ID).status == "completed"


@pytest.mark.parametrize(
    ("status", "result"), [("rejected", "error"), ("undeliverable", "error"), ("read", "completed")]
)
def test_last_step_ends_in_the_table(machine, status, result):
    """The last step's receipt ends the workflow."""
    machine.run(workflow("messenger"), [MESSENGER])
    machine.receipt(0, status)
    assert machine.world.read(ID).status == result


def test_met_before_the_token_is_stored(machine):
    """A condition met during the send ends the race at once, and no other message is sent."""
    machine.when_sent(0, "delivered", "read")
    machine.run(workflow(*PATIENT), CONTENT)
    assert machine.sent() == ["messenger"]
    flow = machine.world.read(ID)
    assert (flow.status, flow.steps[1].phase) == ("completed", "pending")


def test_rejected_before_the_token_is_stored(machine):
    """A rejection before the send's answer ends the race at once too."""
    machine.when_sent(0, "rejected")
    states = machine.run(workflow(("messenger", "read", 600), "sms"), [MESSENGER, SMS])
    assert same(states, DECIDED, LAST)
    assert machine.sent() == ["messenger", "sms"]


def test_refused_at_once(machine):
    """A refusal by the Messages API fails over at once, with its reason."""
    machine.messages.script = [server.problem(422, "Invalid params")]
    machine.run(workflow(("messenger", "read", 600), "sms"), [MESSENGER, SMS])
    assert machine.sent() == ["messenger", "sms"]
    left = [entry for entry in machine.world.read(ID).timeline if entry["event"] == "left"]
    assert [entry["reason"] for entry in left] == ["refused: 422 Invalid params"]


def test_refused_at_the_last(machine):
    """A refusal of the last message ends the workflow in error."""
    machine.messages.script = [server.problem(422, "Invalid params")]
    machine.run(workflow("sms"), [SMS])
    assert machine.world.read(ID).status == "error"


def test_advanced(machine):
    """F42: an advance ends the race at once, and the next message is sent long before the expiry."""
    machine.start(workflow(*PATIENT, account=machine.world.api_key), CONTENT)
    machine.wait_for_race(0)
    assert machine.advance(0)["statusCode"] == 200
    machine.wait_for_race(1)
    assert machine.sent() == ALL[:2]
    assert machine.advance(0)["statusCode"] == 409
    assert machine.advance(1)["statusCode"] == 200
    assert same(machine.wait_for_the_end(), DECIDED, DECIDED, LAST)
    assert machine.sent() == ALL
    assert [step.state for step in machine.world.read(ID).steps] == ["advanced", "advanced", "sent"]


def test_advanced_before_the_token_is_stored(machine, monkeypatch):
    """F42: if the race has stored no token yet, its write is refused, and the next message is sent at once."""
    update, answers = DynamoDBBackend.update_item, []

    def advance_first(*arguments, **more):
        if not answers:
            answers.append(machine.advance(0))
        return update(*arguments, **more)

    monkeypatch.setattr(DynamoDBBackend, "update_item", advance_first)
    flow = workflow(("messenger", "read", 600), "sms", account=machine.world.api_key)
    states = machine.run(flow, [MESSENGER, SMS])
    assert answers[0]["statusCode"] == 200
    assert same(states, DECIDED, LAST)
    assert machine.sent() == ["messenger", "sms"]


def test_late_success_after_an_advance(machine):
    """F42: a read after the advance completes the workflow before the last step is sent."""
    machine.start(workflow(*PATIENT, account=machine.world.api_key), CONTENT)
    machine.wait_for_race(0)
    machine.advance(0)
    machine.wait_for_race(1)
    machine.receipt(0, "read")
    assert same(machine.wait_for_the_end(), DECIDED, DECIDED, ["Done"])
    assert machine.sent() == ALL[:2]
    assert machine.world.read(ID).status == "completed"


def test_crash_after_the_claim(machine, monkeypatch):
    """F3: a send that crashes after its claim is not repeated: the machine waits for its last possible answer, then for
    its expiry."""
    monkeypatch.setattr(backoff, "LONGEST_SEND", 2)
    post = messages_api.post
    crashed = []

    def crash_once(*arguments, **more):
        if not crashed:
            crashed.append(True)
            raise SystemExit("killed")
        return post(*arguments, **more)

    monkeypatch.setattr(messages_api, "post", crash_once)
    states = machine.run(workflow(("messenger", "read", 1), "sms"), [MESSENGER, SMS])
    assert same(states, EXPIRED, LAST, WAITED)
    assert machine.sent() == ["sms"]
    assert machine.invocations.count("workflows-send-messenger") == 3
    flow = machine.world.read(ID)
    assert flow.steps[0].outcome == "expired"
    assert flow.steps[1].claimed_at - flow.steps[0].claimed_at >= 3000


def test_two_executions(machine):
    """F19: an execution that is redriven beside its replacement sends nothing twice and nothing early."""
    flow = workflow(*THREE)
    machine.start(flow, CONTENT)
    machine.world.executions.start(replace(flow, attempt=2), flow.created_at)
    for attempt in (1, 2):
        machine.wait_for_the_end(attempt)
    assert machine.sent() == ALL
    assert never_early(machine.world.read(ID))


def test_unknown_is_left_to_its_expiry(machine):
    """F8: after an unknown answer the expiry decides, and the message is not requested again."""
    machine.messages.script = [server.http(500)]
    machine.run(workflow(("messenger", "read", 1), "sms"), [MESSENGER, SMS])
    assert machine.sent() == ["messenger", "sms"]
    assert never_early(machine.world.read(ID))


def test_function_that_always_fails(machine):
    """F16: a channel whose function always fails costs its step, not the workflow."""

    def broken(_event, _context):
        raise RuntimeError

    machine.handlers["workflows-send-messenger"] = broken
    flow = workflow(("messenger", "read", 1), "sms")
    machine.run(replace(flow, created_at=int(time.time() * 1000)), [MESSENGER, SMS])
    assert machine.sent() == ["sms"]
    left = [entry["reason"] for entry in machine.world.read(ID).timeline if entry["event"] == "left"]
    assert left == ["unsendable: the send never began"]


def test_throttled_for_minutes(machine, monkeypatch):
    """A send that Lambda keeps throttling waits for its turn: its step's expiry has not begun."""
    invoke, throttled = LambdaSimpleBackend.invoke, []

    def throttle(*arguments, **more):
        if len(throttled) < 12:
            throttled.append(True)
            raise JsonRESTError("TooManyRequestsException", "Rate Exceeded.")
        return invoke(*arguments, **more)

    monkeypatch.setattr(LambdaSimpleBackend, "invoke", throttle)
    machine.start(workflow(*PATIENT), CONTENT)
    machine.wait_for_race(0)
    machine.receipt(0, "read")
    assert same(machine.wait_for_the_end(), DECIDED, ["Done"])
    assert machine.sent() == ["messenger"]


def test_last_function_that_always_fails(machine):
    """F16: if the last step's function always fails, the execution fails visibly."""

    def broken(_event, _context):
        raise RuntimeError

    machine.handlers["workflows-send-sms"] = broken
    machine.run(workflow("sms"), [SMS])
    assert machine.execution()["status"] == "FAILED"
    assert machine.world.read(ID).due_at


def test_late_success_stops_the_chain(machine):
    """A read after its step's expiry completes the workflow before the last step is sent."""
    machine.start(workflow(("messenger", "read", 1), ("viber_service_msg", "delivered", 600), "sms"), CONTENT)
    machine.wait_for_race(1)
    machine.receipt(0, "read")
    states = machine.wait_for_the_end()
    assert machine.sent() == ["messenger", "viber_service"]
    assert states[-1] == "Done"
    assert machine.world.read(ID).status == "completed"


def test_token_that_cannot_be_stored(machine, monkeypatch):
    """If the race cannot store its token, the timer alone decides: the next step is late, never early."""

    def refuse(*_arguments, **_more):
        raise MockValidationException("not now")

    monkeypatch.setattr(DynamoDBBackend, "update_item", refuse)
    states = machine.run(workflow(("messenger", "read", 1), "sms"), [MESSENGER, SMS])
    assert same(states, DECIDED, ["Unheard"], LAST)
    assert machine.sent() == ["messenger", "sms"]
    assert never_early(machine.world.read(ID))


def test_token_that_is_stored_at_the_second_try(machine, monkeypatch):
    """A table that throttles for a moment costs the race nothing."""
    update = DynamoDBBackend.update_item
    refused = []

    def refuse_once(*arguments, **more):
        if not refused:
            refused.append(True)
            raise JsonRESTError("ProvisionedThroughputExceededException", "not now")
        return update(*arguments, **more)

    monkeypatch.setattr(DynamoDBBackend, "update_item", refuse_once)
    machine.start(workflow(*PATIENT), CONTENT)
    machine.wait_for_race(0)
    machine.receipt(0, "read")
    assert same(machine.wait_for_the_end(), DECIDED, ["Done"])
    assert refused


def test_the_token_counts_as_a_write(machine):
    """Storing the token raises the version, so a process that decided without the token decides again."""
    machine.start(workflow(*PATIENT), CONTENT)
    machine.wait_for_race(0)
    with_token = machine.world.read(ID)
    assert with_token.version == len(["created", "claimed", "answered", "token"])
    unaware = replace(with_token, version=with_token.version - 1, task_token=None)
    with pytest.raises(Conflict):
        machine.world.store.write(unaware)
    machine.receipt(0, "read")
    assert same(machine.wait_for_the_end(), DECIDED, ["Done"])


def test_timer_ahead_of_the_table(machine):
    """If the state machine's timer is ahead of the recorded answer, the next send waits for the rest of the expiry."""
    flow = workflow(("messenger", "read", 4), "sms")
    machine.world.put(flow, [MESSENGER, SMS])
    ahead = replace(flow, steps=(replace(flow.steps[0], expiry_time=1), flow.steps[1]))
    machine.world.executions.start(ahead, ahead.created_at)
    states = machine.wait_for_the_end()
    assert same(states, EXPIRED, LAST, WAITED_LAST)
    assert machine.sent() == ["messenger", "sms"]
    assert never_early(machine.world.read(ID))


@pytest.mark.parametrize("round_", range(5))
def test_expiry_and_delivery_in_one_instant(machine, round_):
    """F11: either the workflow is completed or the next message is sent; the first write decides."""
    machine.start(workflow(("messenger", "read", 1), "sms"), [MESSENGER, SMS])
    machine.wait_for_race(0)
    expires_at = machine.world.read(ID).steps[0].answered_at + 1000
    machine.wait_until(lambda: _now() >= expires_at - 20 + 10 * round_)
    machine.receipt(0, "read")
    machine.wait_for_the_end()
    flow = machine.world.read(ID)
    assert flow.status == "completed"
    if machine.sent() == ["messenger"]:
        assert flow.steps[1].phase == "pending"
    else:
        assert flow.steps[0].outcome in ("expired", "met")
        assert [entry.get("late") for entry in flow.timeline if entry["event"] == "status"] == [True]


def _now():
    return time.time_ns() // 1_000_000


def test_no_turn(machine, monkeypatch):
    """F45: a send that has no turn waits in the state machine, and is sent; its race runs only then."""
    monkeypatch.setenv("MESSAGES_PER_SECOND", "30")
    machine.deploy()
    opens_at = _now() + 3000
    Outside().lanes.close("key", _now(), opens_at)
    machine.start(workflow(*PATIENT), CONTENT)
    machine.wait_for_race(0)
    machine.receipt(0, "read")
    assert same(machine.wait_for_the_end(), DECIDED, WAITED, ["Done"])
    assert machine.sent() == ["messenger"]
    assert machine.world.read(ID).steps[0].claimed_at >= opens_at


def test_the_last_step_waits(machine):
    """F46: the last step waits too after a 429, and is sent; the execution succeeds."""
    machine.messages.script = [server.http(429)] * 2
    states = machine.run(workflow("sms"), [SMS])
    assert states == [*LAST, *WAITED_LAST, *WAITED_LAST]
    assert machine.sent() == ["sms"] * 3
    assert machine.execution()["status"] == "SUCCEEDED"
    assert machine.world.read(ID).steps[0].state == "sent"


def test_a_wait_in_between(machine):
    """F46: after a wait the execution continues with the same step, its expiry, and the steps after it."""
    machine.messages.script = [server.accepted(), server.http(429), server.accepted(), server.http(503)]
    states = machine.run(workflow(*THREE), CONTENT)
    assert same(states, EXPIRED, EXPIRED, WAITED, LAST, WAITED_LAST)
    assert machine.sent() == ["messenger", "viber_service", "viber_service", "sms", "sms"]
    flow = machine.world.read(ID)
    assert [step.outcome for step in flow.steps] == ["expired", "expired", None]
    assert never_early(flow)


def test_patience_ends(machine, monkeypatch):
    """F46: when the patience ends, the step is left, and the next one is sent."""
    monkeypatch.setenv("PATIENCE_SECONDS", "1")
    machine.deploy()
    machine.messages.script = [server.http(429)] * 2
    states = machine.run(workflow(("messenger", "read", 600), "sms"), [MESSENGER, SMS])
    assert same(states, DECIDED, WAITED, LAST)
    assert machine.sent() == ["messenger", "messenger", "sms"]
    left = [entry["reason"] for entry in machine.world.read(ID).timeline if entry["event"] == "left"]
    assert left == ["unsendable: not taken for 1 s: HTTP 429"]


def test_history_names_nobody(machine):
    """I8: an execution's input and history have no text, address or secret."""
    machine.messages.script = [server.problem(422, "Invalid params 447700900123")]
    machine.when_sent(2, "delivered")
    machine.run(workflow(*THREE), CONTENT)
    history = json.dumps(machine.history(), default=str) + json.dumps(machine.execution(), default=str)
    for private in ("sim-unread", "447700900000", "447700900004", "Hello", "ACME", "447700900123", "vendor-secret"):
        assert private not in history


def test_definition_is_valid(tmp_path):
    """statelint finds nothing in the state machine."""
    file = tmp_path / "failover.asl.json"
    file.write_text(state_machine_definition("workflows"))
    command = [str(Path(sys.executable).parent / "statelint"), str(file)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout.strip()) == (0, "")
