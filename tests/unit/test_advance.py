"""The decision to end a step's wait: which step, when, with what reason, and what follows."""

from dataclasses import replace
from decimal import Decimal
from functools import reduce

import pytest

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.formats.faults import InvalidRequest
from failover.rules.receipts.receipt import Receipt, parse_receipt
from failover.rules.requests import advance as requested
from failover.rules.sending import backoff
from failover.rules.sending.answers import Accepted, NotTaken, Refused, Unknown
from failover.rules.workflow import presentation, publication, reasons, transitions
from failover.rules.workflow.expiry import expires_at
from failover.rules.workflow.itinerary import itinerary
from failover.rules.workflow.overdue import SLACK
from failover.rules.workflow.race import Change, Signal, lost_signal
from failover.rules.workflow.transitions import CannotAdvance
from tests.acts import LATER, advanced, answer, cancelled, claim, lived, sent, status
from tests.examples import NOW, THREE_STEPS, workflow

SOON = NOW + 7_000


def three(*acts):
    """A workflow of three steps after some acts."""
    return reduce(lambda flow, act: act(flow), acts, workflow(*THREE_STEPS))


def test_closes_the_step():
    """The step is closed as `advanced`, with a reason that says how long it has waited; the workflow runs on."""
    flow = transitions.advanced(lived(sent(0), status(0, "delivered")), 0, SOON + 999)
    assert (flow.status, flow.steps[0].state, flow.steps[1].state) == ("running", "advanced", "pending")
    assert flow.steps[0].status == "delivered"
    reason = "advanced after 7 s of 600 s: last status delivered, wanted read"
    entry = {"event": "left", "step": 0, "outcome": "advanced", "reason": reason}
    assert flow.timeline[-1] == {"sequence": len(flow.timeline), "at": SOON + 999, **entry}


@pytest.mark.parametrize(
    ("acts", "now", "waited"),
    [
        ([sent(0)], NOW, "after 0 s of 600 s: last status none"),
        ([sent(0)], NOW - 1, "after 0 s of 600 s: last status none"),
        ([sent(0), status(0, "submitted")], NOW + 700_000, "after 700 s of 600 s: last status submitted"),
        ([claim(0), answer(0, Unknown("HTTP 500"), SOON)], SOON + 1_000, "after 1 s of 600 s: last status none"),
        ([claim(0)], NOW + 45_000, "after 15 s of 600 s: last status none"),
    ],
)
def test_reason(acts, now, waited):
    """The wait counts from the answer to the send, or from the latest possible one; it is never negative."""
    flow = lived(*acts)
    entry = transitions.advanced(flow, 0, now).timeline[-1]
    assert entry["reason"] == f"advanced {waited}, wanted read"
    assert reasons.of_entry(entry, flow.timeline) == entry["reason"]


IN_FLIGHT = "Step 0 is being sent: its wait has not begun."
ALL_SENT = [sent(0), advanced(0), sent(1, LATER), advanced(1), sent(2, LATER)]
REFUSED = [
    ("not begun", [], 0, "Step 0 has not begun.", "pending"),
    ("the next one", [sent(0)], 1, "Step 1 has not begun.", "pending"),
    ("in flight", [claim(0)], 0, IN_FLIGHT, "claimed"),
    (
        "in flight, with a status",
        [claim(0), status(0, "submitted")],
        0,
        "Step 0 is being sent: its wait has not begun.",
        "claimed",
    ),
    ("rejected", [sent(0), status(0, "rejected")], 0, "Step 0 is over: rejected.", "rejected"),
    ("refused", [claim(0), answer(0, Refused(422, "422"))], 0, "Step 0 is over: refused.", "refused"),
    ("not sent", [claim(0), answer(0, NotTaken("busy"))], 0, "Step 0 is over: unsendable.", "unsendable"),
    ("expired", [sent(0), claim(1, LATER)], 0, "Step 0 is over: expired.", "expired"),
    ("advanced", [sent(0), advanced(0, SOON)], 0, "Step 0 is over: advanced.", "advanced"),
    (
        "advanced, the next sent",
        [sent(0), advanced(0, SOON), sent(1, SOON)],
        0,
        "Step 0 is over: advanced.",
        "advanced",
    ),
    ("completed", [sent(0), status(0, "read")], 0, "This workflow is over: completed.", "completed"),
    ("failed", [*ALL_SENT, status(2, "rejected")], 1, "This workflow is over: error.", "error"),
    ("cancelled", [sent(0), cancelled], 0, "This workflow is over: cancelled.", "cancelled"),
]


@pytest.mark.parametrize(("acts", "number", "why", "state"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED])
def test_refused(acts, number, why, state):
    """Only the step that waits can be advanced; each refusal says why, with the state."""
    with pytest.raises(CannotAdvance) as refusal:
        transitions.advanced(three(*acts), number, SOON)
    assert (str(refusal.value), refusal.value.state) == (why, state)


@pytest.mark.parametrize("acts", [[sent(0), sent(1, LATER)], [sent(0), advanced(0), claim(1, LATER)], [sent(0)]])
def test_the_last_step(acts):
    """The last step cannot be advanced at any time: no step follows it."""
    flow = lived(*acts)
    with pytest.raises(CannotAdvance, match=r"^Step 1 is the last one: no step follows it\.$") as refusal:
        transitions.advanced(flow, 1, LATER + 100_000)
    assert refusal.value.state == flow.steps[1].state


@pytest.mark.parametrize("number", [-1, 2, 7])
def test_no_such_step(number):
    """A step that the workflow does not have is a mistake of the caller, whatever the state."""
    with pytest.raises(LookupError):
        transitions.advanced(lived(sent(0)), number, SOON)


def test_only_once_its_send_is_over():
    """A claimed step without an answer can be advanced at the instant at which no request can be under way."""
    flow = lived(claim(0))
    over = NOW + int(backoff.LONGEST_SEND * 1000)
    with pytest.raises(CannotAdvance):
        transitions.advanced(flow, 0, over - 1)
    assert transitions.advanced(flow, 0, over).steps[0].outcome == "advanced"
    assert expires_at(flow.steps[0]) == over + 600_000


def test_the_next_step_at_once():
    """After an advance the next step is claimed at once, long before the expiry; without it, it is not."""
    flow = lived(sent(0))
    with pytest.raises(transitions.TooEarly):
        transitions.claimed(flow, 1, SOON)
    assert transitions.claimed(transitions.advanced(flow, 0, SOON), 1, SOON).steps[1].phase == "claimed"


def test_never_two_steps():
    """Twice at once closes one step: the second decision finds it over, also once the next one waits."""
    flow = three(sent(0), advanced(0, SOON))
    for after in (flow, sent(1, SOON)(flow)):
        with pytest.raises(CannotAdvance, match="advanced"):
            transitions.advanced(after, 0, SOON)
        assert after.steps[1].outcome is None


def test_signal():
    """The waiting race is signalled to go on; a race without a token is not, and its token is refused later."""
    flow = replace(lived(sent(0)), task_token="token")
    after = transitions.advanced(flow, 0, SOON)
    assert Change(flow, after).signal == Signal("token", "Rejected")
    assert lost_signal(after) == Signal("token", "Rejected")
    without = lived(sent(0))
    assert Change(without, transitions.advanced(without, 0, SOON)).signal is None


@pytest.mark.parametrize(("now", "signalled"), [(NOW + 599_999, True), (NOW + 600_000, False)])
def test_no_signal_after_the_expiry(now, signalled):
    """From its expiry on no race of the step waits, so an advance does not end the race of another step."""
    flow = replace(lived(sent(0)), task_token="token")
    assert bool(Change(flow, transitions.advanced(flow, 0, now)).signal) == signalled


def test_due_soon():
    """`reconcile` looks four minutes later whether the next step was claimed, not only after the expiry."""
    flow = lived(sent(0))
    assert flow.due_at == NOW + (600 + SLACK) * 1000
    assert transitions.advanced(flow, 0, SOON).due_at == SOON + SLACK * 1000


def test_resumed_after_it():
    """An execution that replaces a dead one begins with the step after the advanced one."""
    flow = three(sent(0), advanced(0, SOON))
    assert itinerary(flow, SOON)["rest"]["step"]["number"] == 1


@pytest.mark.parametrize(("word", "completed"), [("read", True), ("delivered", False)])
@pytest.mark.parametrize("acts", [[], [sent(1, SOON)]])
def test_late_success(word, completed, acts):
    """A late status that meets the condition still completes the workflow, as after an expiry."""
    flow = transitions.received(lived(sent(0), advanced(0, SOON), *acts), 0, Receipt(word, "uuid-0", None, None), LATER)
    assert (flow.status == "completed") == completed
    assert flow.steps[0].outcome == ("met" if completed else "advanced")
    assert next(entry for entry in flow.timeline if entry["event"] == "status")["late"]


def test_late_failure():
    """A late failure is recorded; it closes nothing, and the reason of the advance stays."""
    flow = lived(sent(0), advanced(0, SOON))
    reason = flow.timeline[-1]["reason"]
    flow = status(0, "rejected")(flow)
    assert (flow.status, flow.steps[0].outcome, flow.steps[0].status) == ("running", "advanced", "rejected")
    (entry,) = [
        entry
        for entry in presentation.resource(flow, None, flow.ended_at or flow.created_at)["timeline"]
        if entry["event"] == "left"
    ]
    assert entry["reason"] == reason


@pytest.mark.parametrize("outcome", [Accepted("uuid-0"), Refused(422, "422"), NotTaken("busy"), Unknown("HTTP 500")])
def test_late_answer(outcome):
    """The answer of a send that was thought dead changes nothing about the outcome, and closes no other step."""
    flow = lived(claim(0), advanced(0), answer(0, outcome, LATER + 1))
    assert (flow.status, flow.steps[0].outcome, flow.steps[1].phase) == ("running", "advanced", "pending")
    assert [entry["event"] for entry in flow.timeline].count("left") == 1


def test_webhook():
    """Of the entries `left`, only an advance is a webhook, of kind `message_status`."""
    flow = lived(sent(0), advanced(0, SOON), sent(1, SOON), status(1, "rejected"))
    left = [entry for entry in flow.timeline if entry["event"] == "left"]
    assert [publication.is_webhook(entry) for entry in left] == [True, False]
    assert [publication.kind(entry) for entry in publication.webhooks(flow)] == [
        "message_status",
        "message_status",
        "final_report",
    ]
    assert publication.find(flow, left[0]["sequence"]) == left[0]
    assert publication.find(flow, left[1]["sequence"]) is None


def test_answer():
    """The answer names the step, its outcome, and the step that follows."""
    flow = three(sent(0))
    answered = presentation.advanced(flow, 0)
    assert answered == {**presentation.summary(flow), "step": 0, "outcome": "advanced", "next": answered["next"]}
    assert answered["next"] == {"step": 1, "channel": "viber_service_msg"}
    assert answered["next"]["channel"] in CHANNELS


@pytest.mark.parametrize("step", [3, "3", " 03 ", Decimal("3.0")])
def test_body(step):
    """`step` is read as tolerantly as other whole numbers, and unknown fields are ignored."""
    assert requested.validated({"step": step, "sig": "x"}) == 3


@pytest.mark.parametrize(
    ("body", "name", "reason"),
    [
        ([], "body", "Should be an object, not an array"),
        (None, "body", "Should be an object, not null"),
        ({}, "step", "Required, but missing"),
        ({"step": None}, "step", "Should be 0 to 9, as a whole number, not null"),
        ({"step": -1}, "step", "Should be 0 to 9, as a whole number"),
        ({"step": 10}, "step", "Should be 0 to 9, as a whole number"),
        ({"step": Decimal("0.5")}, "step", "Should be 0 to 9, as a whole number"),
        ({"step": "next"}, "step", "Should be 0 to 9, as a whole number"),
        ({"step": ""}, "step", "Should be 0 to 9, as a whole number"),
        ({"step": True}, "step", "Should be 0 to 9, as a whole number, not true or false"),
        ({"step": []}, "step", "Should be 0 to 9, as a whole number, not an array"),
    ],
)
def test_faulty_body(body, name, reason):
    """A faulty body is refused, and the fault names the field and what is expected."""
    with pytest.raises(InvalidRequest) as refusal:
        requested.validated(body)
    assert refusal.value.faults == [{"name": name, "reason": reason}]


@pytest.mark.parametrize("word", ["advanced", "Advanced", " advanced! ", "ádvanced"])
def test_a_word_of_the_vendors(word):
    """A status `advanced` in a callback is recorded as `unknown`: only our webhook about an advance has that word."""
    assert parse_receipt({"message_uuid": "u", "status": word}).status == "unknown"
