"""What a later release has stored outlives every change that this one makes (docs/upgrade.md)."""

import inspect
import json
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from failover.adapters.table import marshalled, plain
from failover.adapters.webhooks.queue import read
from failover.adapters.workflow.store import state_item
from failover.rules.formats.stored import UnreadableItem
from failover.rules.pacing.lane import Turn
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted, NotTaken, Refused, Unknown
from failover.rules.webhooks import bodies, delivery
from failover.rules.workflow import costs, listing, origin, overdue, presentation, publication, summary, transitions
from failover.rules.workflow.itinerary import itinerary
from failover.rules.workflow.race import Change, lost_signal
from failover.rules.workflow.state import COMPUTED, Step, Workflow, from_plain
from failover.rules.workflow.status_entries import StatusesFull
from tests.acts import LATER, advanced, cancelled, claim, lived, sent, status
from tests.examples import NOW, TWO_STEPS, workflow

PRICE = {"price": "0.0333", "currency": "EUR"}
LIVES = [
    lived(),
    lived(claim(0)),
    lived(sent(0), status(0, "submitted", NOW, usage=PRICE)),
    lived(sent(0), status(0, "rejected", error={"code": 1300}), sent(1, LATER)),
    lived(sent(0), sent(1, LATER), status(1, "delivered", usage=PRICE)),
    lived(sent(0), cancelled),
    lived(sent(0), advanced(0)),
]
NAMES = st.text(min_size=1, max_size=12) | st.sampled_from(["carried", "steps_done", "trace", "owner"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**38) + 1, 10**38 - 1)
    | st.decimals(-(10**9), 10**9, places=3)
    | st.sampled_from([Decimal("1E+60"), {"a", "b"}, {Decimal("1.5")}, b"\x00"])
    | st.text(max_size=5)
)
VALUES = st.recursive(
    LEAVES,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=9), values, max_size=3),
    max_leaves=5,
)
KNOWN = {*vars(lived()), *vars(Step("sms"))} - {"carried"} | COMPUTED | {"sequence", "at", "event", "timestamp"}
FIELDS = st.dictionaries(NAMES.filter(lambda name: name not in KNOWN), VALUES, min_size=1, max_size=3)
EVENT = "an event of a later release"
LONG_AGO, MUCH_LATER = NOW - 10**9, NOW + 10**11
ANOTHER_TABLE = origin.Here("another table", MUCH_LATER)


def whole(decide):
    """A transition that is about no step."""
    return [lambda flow, _number, now: decide(flow, now)]


def received(word):
    return lambda flow, number, now: transitions.received(flow, number, Receipt(word, "u", None, None), now)


def answered(answer):
    return lambda flow, number, now: transitions.answered(flow, number, answer, now)


def abandoned(flow, now):
    last = replace(flow, attempt=transitions.MOST_ATTEMPTS)
    return transitions.resumed(last, transitions.MOST_ATTEMPTS, now)


EVERY = {
    "accepted": whole(lambda flow, _: transitions.accepted(flow)),
    "restored": whole(lambda flow, now: transitions.restored(flow, ANOTHER_TABLE, now)),
    "claimed": [transitions.claimed],
    "waiting": [lambda flow, number, now: transitions.waiting(flow, number, Turn(now, 0), now, now)],
    "released": [
        lambda flow, number, now: transitions.released(flow, number, flow.steps[number], "HTTP 429", now, NOW),
    ],
    "given_up": [lambda flow, number, now: transitions.given_up(flow, number, 900, now)],
    "answered": list(map(answered, [Accepted("u"), Refused(422, "no"), NotTaken("HTTP 503"), Unknown("HTTP 500")])),
    "received": list(map(received, ["submitted", "delivered", "read", "rejected", "a word of a later release"])),
    "cancelled": whole(transitions.cancelled),
    "advanced": [transitions.advanced],
    "unconfirmed": whole(transitions.unconfirmed),
    "repair_begun": whole(transitions.repair_begun),
    "repair_done": whole(transitions.repair_done),
    "published": whole(lambda flow, _: transitions.published(flow, len(flow.timeline))),
    "resumed": [
        *whole(lambda flow, now: transitions.resumed(flow, flow.attempt, now)),
        *whole(abandoned),
    ],
}
"""Each transition, as (workflow, step, now) → workflow or None."""


def all_changes(flow):
    """Every transition of every step at several times, where it changes something."""
    for name, ways in EVERY.items():
        for way in ways:
            for number in range(len(flow.steps)):
                for now in (NOW, LATER, MUCH_LATER):
                    try:
                        after = way(flow, number, now)
                    except (transitions.TooEarly, transitions.CannotAdvance, StatusesFull):
                        continue
                    if after is not None:
                        yield name, after


def stored(flow):
    """The item that a write stores, as DynamoDB gives it back."""
    return plain(marshalled(state_item(flow)))


def of_later(flow, of_workflow, of_step, of_entry):
    """The stored item as a later release would have written it, with fields and an event that it added."""
    item = deepcopy(stored(flow))
    item |= of_workflow
    for step in item["steps"]:
        step |= of_step
    for entry in item["timeline"]:
        entry |= of_entry
    item["timeline"].append({"sequence": len(item["timeline"]) + 1, "at": NOW, "event": EVENT, **of_entry})
    return plain(marshalled(item))


def test_every_transition_is_tried():
    """`EVERY` has each function of the module that changes a workflow, and each of them changes one here."""
    functions = inspect.getmembers(transitions, inspect.isfunction)
    changing = {
        name
        for name, function in functions
        if not name.startswith("_")
        and function.__module__ == transitions.__name__
        and inspect.signature(function).return_annotation in (Workflow, Workflow | None)
    }
    assert changing == set(EVERY)
    lives = [*LIVES, lived(sent(0), lambda flow: replace(flow, due_at=LONG_AGO))]
    assert {name for flow in lives for name, _ in all_changes(flow)} == changing


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LIVES), FIELDS, FIELDS, FIELDS)
def test_carried(flow, of_workflow, of_step, of_entry):
    """Fields of the workflow, of its steps and of its timeline, and unknown events, are written as they were read."""
    item = of_later(flow, of_workflow, of_step, of_entry)
    read_back = from_plain(item)
    assert from_plain(stored(read_back)) == read_back
    assert all(hash(step) is not None for step in read_back.steps)
    for _, after in all_changes(read_back):
        written = stored(after)
        assert {name: written[name] for name in of_workflow} == {name: item[name] for name in of_workflow}
        for step, before in zip(written["steps"], item["steps"], strict=True):
            assert {name: step[name] for name in of_step} == {name: before[name] for name in of_step}
        assert written["timeline"][: len(item["timeline"])] == item["timeline"]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(LIVES), FIELDS, FIELDS, FIELDS)
def test_decided_alike(flow, of_workflow, of_step, of_entry):
    """What is carried decides nothing: every transition leads to the same steps, status and due time as without."""
    later = from_plain(of_later(flow, of_workflow, of_step, of_entry))

    def decided(one):
        plain_steps = [{**vars(step), "carried": None} for step in one.steps]
        return plain_steps, one.status, one.reason, one.due_at, one.attempt, one.ended_at

    numbered = {"published"}  # its sequence counts the unknown event as well
    with_it = [(name, decided(after)) for name, after in all_changes(later) if name not in numbered]
    assert with_it == [(name, decided(after)) for name, after in all_changes(flow) if name not in numbered]
    assert lost_signal(later) == lost_signal(flow)
    assert overdue.due_at(later, LATER) == overdue.due_at(flow, LATER)
    assert costs.totals(later.timeline) == costs.totals(flow.timeline)
    assert publication.webhooks(later) == [later.timeline[one["sequence"] - 1] for one in publication.webhooks(flow)]


def test_computed_fields_are_not_carried():
    """Keys and what an index needs are computed anew: a workflow that is settled leaves the index `due`."""
    flow = lived(cancelled)
    item = {**stored(replace(flow, client_ref="r")), "later": 1}
    assert set(item) >= COMPUTED
    settled = transitions.published(from_plain(item), len(flow.timeline))
    assert dict(settled.carried) == {"later": 1}
    assert "due" not in stored(settled)


WORDS = [("phase", "scheduled"), ("outcome", "skipped"), ("channel", "pigeon"), ("status", "seen")]


@pytest.mark.parametrize("flow", LIVES, ids=range(len(LIVES)))
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(("name", "word"), WORDS)
def test_words_of_a_step(flow, number, name, word):
    """A step with a phase, outcome, channel or status of a later release is shown, and every rule can handle it."""
    item = stored(flow)
    item["steps"][number][name] = word
    read_back = from_plain(item)
    for _, after in all_changes(read_back):
        Change(read_back, after)
        shown = presentation.resource(after, None, NOW)
        assert len(shown["steps"]) == 2
        json.dumps([shown, presentation.progress(after), presentation.cancelled(after), listing.row(stored(after))])
        for entry in publication.webhooks(after):
            bodies.body(after, None, entry)
        summary.summary([after], summary.Asked(0, MUCH_LATER), NOW, True)
        if after.running:
            itinerary(after, LATER)


@pytest.mark.parametrize("flow", LIVES, ids=range(len(LIVES)))
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(("name", "word"), WORDS[:2])
@pytest.mark.parametrize("now", [NOW, LATER, MUCH_LATER])
def test_never_sent_again(flow, number, name, word, now):
    """A step in a phase, or with an outcome, of a later release is never claimed: it may have been sent."""
    item = stored(flow)
    item["steps"][number][name] = word
    read_back = from_plain(item)
    assert transitions.claimed(read_back, number, now) is None
    assert transitions.given_up(read_back, number, 900, now) is None
    assert transitions.waiting(read_back, number, Turn(now, 0), now, now) is None
    if name == "phase" and number == 1:
        assert transitions.claimed(read_back, 0, now) is None, "a later step has begun"
    assert presentation.sent(read_back.steps[number]) != "never_sent" or name == "outcome"


@pytest.mark.parametrize(
    ("where", "name", "word"),
    [("workflow", "status", "paused"), ("workflow", "word", "journey"), ("step", "condition_status", "clicked")],
)
def test_left_to_the_later_release(where, name, word):
    """A workflow's status, or a condition, that decides whether the next message is sent is not guessed."""
    item = stored(lived(sent(0)))
    (item if where == "workflow" else item["steps"][0])[name] = word
    with pytest.raises(UnreadableItem):
        from_plain(item)


TASK = delivery.Task(workflow(*TWO_STEPS).id, "abcd1234", None, 3)
OF_A_MESSAGE = st.dictionaries(NAMES.filter(lambda name: name not in delivery.plain(TASK)), st.text() | st.integers())


@settings(max_examples=200, deadline=None)
@given(OF_A_MESSAGE)
def test_queue_messages(fields):
    """The messages that follow a message of a later release have its fields as well."""
    message = {**delivery.plain(TASK), **fields}
    task = read(json.dumps(message))
    for following in (delivery.following(task), delivery.redriven(task)):
        written = delivery.plain(following)
        assert {name: written[name] for name in fields} == fields
        assert read(json.dumps(written)) == following
