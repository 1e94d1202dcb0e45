"""Sends take turns: within the vendor's limits, in order and fairly, and nothing is claimed before its turn (F45, F46).

The key has ten requests a second, of which its lane hands out 9.5: one each 105.3 ms.
"""

from dataclasses import replace

import pytest

from failover.rules.pacing.lane import Lane
from failover.rules.pacing.turns import NotYourTurn
from failover.use_cases.sending.send import send
from tests import messages_server as server
from tests.examples import MESSENGER, NOW, SMS, VIBER, workflow
from tests.functions.conftest import numbered, waits_until
from tests.left_behind import metrics

KEY = Lane("key", 9.5)
OTHER = "bbbb2222"
PATIENCE = 60
NEVER = NOW + 10**9


@pytest.fixture
def clock(clock_of_sends, monkeypatch):
    monkeypatch.setenv("MESSAGES_PER_SECOND", "10")
    monkeypatch.setenv("PATIENCE_SECONDS", str(PATIENCE))
    return clock_of_sends


@pytest.fixture
def outside(clock):
    return clock.outside()


@pytest.fixture
def put(world):
    """Store workflow number n; returns its id."""

    def put(number, *steps, content=(SMS,), **more):
        return world.put(replace(workflow(*(steps or ["sms"]), **more), id=numbered(number)), list(content)).id

    return put


@pytest.fixture
def step(world):
    return lambda workflow_id, number=0: world.read(workflow_id).steps[number]


@pytest.fixture
def events(world):
    return lambda workflow_id: [entry["event"] for entry in world.read(workflow_id).timeline]


def busy(outside, turns):
    """Let others have the next `turns` turns of the key."""
    for _ in range(turns):
        outside.lanes.reserve(KEY, NOW, NEVER)


def queued(outside, turns, account="abcd1234"):
    """Let so many sends of an account wait before the next one: 84 ms each."""
    for _ in range(turns):
        outside.lanes.reserve(Lane(f"account#{account}#sms", 1.25 * KEY.per_second), NOW, NEVER)


def called(outside):
    """A list that gets the name and the key of each call of DynamoDB."""
    calls = []

    def note(params, model, **_):
        calls.append(f"{model.name} {params.get('Key', {}).get('pk', {}).get('S', '')}".strip())

    outside.table.client.meta.events.register("provide-client-params.dynamodb", note)
    return calls


def test_free(outside, clock, messages, put, events):
    """F45: a send that need not wait looks at its own lane and reserves a time; no state of waiting is written."""
    one, calls = put(1), called(outside)
    send(outside, "sms", one, 0)
    assert calls == [
        "Query",
        "GetItem lane#account#abcd1234#sms",
        "UpdateItem lane#key",
        "PutItem",
        "TransactWriteItems",
    ]
    assert (events(one), clock.slept, len(messages.requests)) == (["accepted", "sending", "sent"], [], 1)


def test_a_narrow_channel(clock, monkeypatch, put):
    """F45: a channel with a limit below the key's has a lane of its own, which is passed first."""
    monkeypatch.setenv("CHANNEL_PER_SECOND", "2")
    outside, one = clock.outside(), put(1)
    calls = called(outside)
    send(outside, "sms", one, 0)
    assert [call for call in calls if call.startswith("UpdateItem")] == [
        "UpdateItem lane#channel#sms",
        "UpdateItem lane#key",
    ]


def test_no_limits(world, clock, monkeypatch, messages, put, step):
    """Without limits no lane is read or written, not even after a 429."""
    monkeypatch.setenv("MESSAGES_PER_SECOND", "0")
    outside, one, two = clock.outside(), put(1), put(2)
    messages.script = [server.http(429, headers="Retry-After: 30\r\n")]
    calls = called(outside)
    waits_until(outside, "sms", workflow_id=one)
    send(outside, "sms", two, 0)
    assert step(two).phase == "sent"
    assert not [call for call in calls if "lane#" in call]
    assert not [item for item in world.items() if item["pk"]["S"].startswith("lane#")]


def test_a_short_wait(outside, clock, put, events):
    """F45: a turn within two seconds is slept for, and the timeline does not mention it."""
    busy(outside, 10)
    send(outside, "sms", put(1), 0)
    assert sum(clock.slept) == pytest.approx(10 / 9.5, abs=0.002)
    assert events(numbered(1)) == ["accepted", "sending", "sent"]


def test_no_turn(outside, clock, messages, put, step, events, output):
    """F45: without a turn nothing is claimed or requested; that it waits is recorded once, with the time for it."""
    busy(outside, 30)
    one = put(1)
    assert waits_until(outside, "sms", workflow_id=one) == NOW + 3000
    clock.at += 1000
    assert waits_until(outside, "sms", workflow_id=one) == NOW + 3000
    assert (step(one).state, step(one).waiting_since, step(one).claimed_at) == ("pending", NOW, None)
    assert (events(one), messages.requests, clock.slept) == (["accepted", "waiting"], [], [])
    assert output().count('"SendsWaiting":[1.0]') == 1


def test_called_again(outside, clock, messages, put, step, events):
    """F45: a send that is called again at its time is sent, also by another process."""
    busy(outside, 30)
    one = put(1)
    clock.at = waits_until(outside, "sms", workflow_id=one)
    send(clock.outside(), "sms", one, 0)
    assert (step(one).phase, len(messages.requests)) == ("sent", 1)
    assert events(one) == ["accepted", "waiting", "sending", "sent"]
    assert sum(clock.slept) < 0.2


def test_in_order(outside, clock, messages, put, step):
    """F45: a later send of the same account and channel has a later turn, and keeps it, however often it is called."""
    queued(outside, 200)
    first, second = put(1), put(2)
    at = waits_until(outside, "sms", workflow_id=first)
    clock.at += 5000
    waits_until(clock.outside(), "sms", workflow_id=second)
    assert NOW + 16_000 < step(first).turn_at < step(second).turn_at
    before = step(second)
    clock.at += 5000
    waits_until(clock.outside(), "sms", workflow_id=second)
    assert (step(second), messages.requests) == (before, [])
    clock.at = at
    send(outside, "sms", first, 0)
    assert step(first).phase == "sent"


@pytest.mark.parametrize("other", [{"account": OTHER}, {"channel": "viber_service_msg"}], ids=["account", "channel"])
def test_fair(outside, clock, messages, put, step, other):
    """F45: neither another account nor another channel waits behind the backlog of one."""
    queued(outside, 200)
    waits_until(outside, "sms", workflow_id=put(1))
    channel = other.pop("channel", "sms")
    two = put(2, channel, content=[VIBER if channel != "sms" else SMS], **other)
    send(outside, channel, two, 0)
    assert (step(two).phase, clock.slept) == ("sent", [])


@pytest.mark.parametrize("status", [429, 503])
def test_closed_for_all(outside, clock, messages, put, step, events, output, status):
    """F46: a 429, or a 503 that names a time, holds up every send with the key until then, and nothing is requested."""
    one, two = put(1), put(2, account=OTHER)
    messages.script = [server.http(status, headers="Retry-After: 5\r\n")]
    assert waits_until(outside, "sms", workflow_id=one) == NOW + 5000
    assert (step(one).state, events(one)) == ("pending", ["accepted", "sending", "postponed"])
    clock.at += 1000
    assert waits_until(clock.outside(), "sms", workflow_id=two) == NOW + 5000
    assert (step(two).state, len(messages.requests)) == ("pending", 1)
    written = output()
    assert ('"LanesClosed":[1.0]' in written, '"reason":"throttled"' in written) == (True, True)
    clock.at = NOW + 5000
    for workflow_id in (one, two):
        send(clock.outside(), "sms", workflow_id, 0)
        assert step(workflow_id).phase == "sent"
    assert len(messages.requests) == 3


def test_times_that_move(outside, clock, messages, put, step):
    """F46: a turn that was reserved before its own lane was closed moves with it."""
    queued(outside, 50)
    one = put(1)
    assert waits_until(outside, "sms", workflow_id=one) == NOW + 5000
    outside.lanes.close("account#abcd1234#sms", NOW, NOW + 7000)
    clock.at = NOW + 5000
    assert waits_until(clock.outside(), "sms", workflow_id=one) >= NOW + 12_000
    assert messages.requests == []


def test_closed_while_it_sleeps(outside, clock, messages, put):
    """F46: a send that sleeps for its turn while the lane is closed does not request."""
    busy(outside, 10)
    sleep = outside.sleep

    def closed_meanwhile(seconds):
        sleep(seconds)
        clock.outside().lanes.close("key", clock.at, clock.at + 10_000)

    outside.sleep = closed_meanwhile
    assert waits_until(outside, "sms", workflow_id=put(1)) > NOW + 10_000
    assert messages.requests == []


def test_busy_for_one(outside, clock, messages, put, step, output):
    """F5: after a 503 without a time only that send waits; those of others are sent."""
    one, two = put(1), put(2)
    messages.script = [server.http(503)]
    assert waits_until(outside, "sms", workflow_id=one) == NOW + 1000
    send(outside, "sms", two, 0)
    assert (step(one).state, step(two).phase) == ("pending", "sent")
    assert "LanesClosed" not in output()


def test_no_connection(clock, monkeypatch, put, step, events):
    """F4: without a connection the claim is released; the send keeps its place, and is called again after a pause."""
    monkeypatch.setenv("MESSAGES_URL", "http://127.0.0.1:1")
    one = put(1)
    for pause in (1, 2, 4, 8):
        assert waits_until(clock.outside(), "sms", workflow_id=one) == clock.at + pause * 1000
        assert (step(one).state, step(one).turn_at, step(one).waiting_since) == ("pending", NOW, NOW)
        clock.at += pause * 1000
    assert events(one).count("postponed") == 3


def ended(outside, clock, workflow_id):
    """Call a send whenever it is to be called again, until it returns. Returns the seconds that this took."""
    while True:
        try:
            send(outside, "sms", workflow_id, 0)
        except NotYourTurn as error:
            clock.at = error.at
        else:
            return (clock.at - NOW) / 1000


def test_patience_without_a_turn(world, outside, clock, messages, put, step, output):
    """F45: a step that has no turn for as long as it may wait is left, with the reason, and nothing was requested."""
    outside.lanes.close("key", NOW, NOW + 3600_000)
    one = put(1)
    assert ended(outside, clock, one) == PATIENCE
    flow = world.read(one)
    assert (flow.status, flow.reason) == ("error", "unsendable: no turn within 60 s")
    written = output()
    assert (messages.requests, '"PatienceEnded":[1.0]' in written) == ([], True)
    assert {"WorkflowsFailed": [1.0], "reason": "unsendable"} in metrics(written)


def test_no_turn_in_time(world, outside, clock, messages, put):
    """F45: a step whose turn would come after its patience is left at once, and the next one can be sent."""
    outside.lanes.close("account#abcd1234#messenger", NOW, NOW + 61_000)
    outside.lanes.close("key", NOW, NOW + 5000)
    one = put(1, ("messenger", "read", 600), "sms", content=[MESSENGER, SMS])
    send(outside, "messenger", one, 0)
    assert world.read(one).timeline[-1]["reason"] == "unsendable: no turn within 60 s"
    clock.at += 5000
    send(clock.outside(), "sms", one, 1)
    assert [request.body["channel"] for request in messages.requests] == ["sms"]


def test_the_vendor_is_free(outside, clock, messages, put, step):
    """A step whose account has no turn left goes at once if the vendor is free: those before it may be over by now."""
    outside.lanes.close("account#abcd1234#sms", NOW, NOW + 61_000)
    one = put(1)
    send(outside, "sms", one, 0)
    assert (step(one).phase, len(messages.requests)) == ("sent", 1)


def test_a_second_invocation_takes_over(outside, clock, messages, put, step):
    """A second invocation of a send that is under way waits: if the first one releases its claim, it sends the step."""
    one = put(1)
    messages.script = [server.http(429), server.accepted("uuid-1")]
    until = []
    messages.meanwhile = lambda _: until or until.append(waits_until(clock.outside(), "sms", 0, one))
    waits_until(outside, "sms", 0, one)
    clock.at = until[0]
    send(clock.outside(), "sms", one, 0)
    assert (step(one).phase, len(messages.requests)) == ("sent", 2)


def test_patience_without_being_taken(world, outside, clock, messages, put):
    """F46: a step that the vendor throttles for as long as it may wait is left, with the reason."""
    messages.script = [server.http(429)] * 50
    one = put(1)
    assert ended(outside, clock, one) == PATIENCE
    assert world.read(one).reason == "unsendable: not taken for 60 s: HTTP 429"
    assert len(messages.requests) < 50
