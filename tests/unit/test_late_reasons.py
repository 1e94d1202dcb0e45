"""A later callback of the same failure completes its reason, and loses nothing."""

import pytest

from failover.rules.webhooks import bodies
from failover.rules.workflow import presentation, publication, transitions
from failover.rules.workflow.race import Change
from failover.rules.workflow.status_entries import MOST_STATUS_ENTRIES, StatusesFull
from tests.acts import LATER, lived, reported, sent, status
from tests.examples import MESSENGER, NOW, SMS

CONTENT = [MESSENGER, SMS]
BARE = {"code": 1300, "reason": ""}
WHOLE = {"code": 1300, "reason": "Not part of the provider network"}
EURO = {"price": "0.0333", "currency": "EUR"}


def errors(flow, number=0):
    return [one.get("error") for one in flow.timeline if one["event"] == "status" and one["step"] == number]


def left(flow):
    """The reasons of the failed steps, as a customer sees them."""
    return [entry["reason"] for entry in presentation.resource(flow, None, NOW)["timeline"] if entry["event"] == "left"]


@pytest.mark.decision("A reason that comes later")
@pytest.mark.parametrize("failure", ["rejected", "undeliverable"])
@pytest.mark.parametrize(
    ("first", "then", "known"),
    [
        (None, WHOLE, WHOLE),
        (BARE, WHOLE, WHOLE),
        ({"reason": WHOLE["reason"]}, BARE, WHOLE),
        (BARE, {"reason": WHOLE["reason"]}, WHOLE),
        (None, BARE, BARE),
    ],
)
def test_completed(failure, first, then, known):
    """A later callback with more details is an entry and a webhook with all of them, and the shown reason has them."""
    before = lived(sent(0), status(0, failure, error=first))
    flow = status(0, failure, error=then)(before)
    assert errors(flow) == [first, known]
    assert flow.timeline[-1]["late"] is True
    assert bodies.body(flow, CONTENT, flow.timeline[-1])["error"] == known
    assert left(flow) == [f"{failure}: {known['code']} {known['reason']}".strip()]
    assert bodies.message(flow, 0, CONTENT)["error"] == known
    assert flow.timeline[: len(before.timeline)] == before.timeline, "recorded entries do not change"
    assert (flow.status, flow.steps) == (before.status, before.steps), "nothing is decided again"


@pytest.mark.decision("A reason that comes later")
@pytest.mark.parametrize("then", [None, BARE, WHOLE, {"code": 1000, "reason": "another"}, {"code": 7, "reason": ""}])
def test_nothing_new(then):
    """A known reason stays as the first callback gave it: repeats and contradictions change nothing."""
    flow = lived(sent(0), status(0, "rejected", error=WHOLE))
    assert status(0, "rejected", error=then)(flow) is None


def test_completed_once():
    """The callback that completes the reason is recorded once, however often it comes."""
    flow = lived(sent(0), status(0, "rejected"), status(0, "rejected", error=WHOLE))
    assert status(0, "rejected", error=WHOLE)(flow) is None


@pytest.mark.decision("A reason that comes later")
def test_after_the_end():
    """The workflow's reason is completed too, without another final report; a sent report stays unchanged."""
    before = lived(sent(0), sent(1, LATER), status(1, "rejected"))
    report = publication.find(before, len(before.timeline))
    first = bodies.body(before, CONTENT, report)
    flow = status(1, "rejected", error=WHOLE)(before)
    whole = "rejected: 1300 Not part of the provider network"
    assert (before.reason, flow.reason, flow.ended_at) == ("rejected", whole, before.ended_at)
    assert flow.timeline[-1]["event"] == "status"
    assert bodies.body(flow, CONTENT, report) == first
    assert presentation.summary(flow)["reason"] == whole
    amended = status(1, "rejected", usage=EURO)(flow)
    assert bodies.body(amended, CONTENT, amended.timeline[-1])["reason"] == whole, "an amended report has it"
    assert reported(amended) == [EURO]
    assert bodies.body(amended, CONTENT, report) == first


OTHER = {"code": 1260, "reason": "Handset off"}


@pytest.mark.decision("A reason that comes later")
@pytest.mark.parametrize(("first", "then"), [("rejected", "undeliverable"), ("undeliverable", "rejected")])
@pytest.mark.parametrize(
    ("said", "then_said", "known"),
    [
        (None, WHOLE, WHOLE),
        (BARE, WHOLE, WHOLE),
        (WHOLE, None, WHOLE),
        (WHOLE, OTHER, WHOLE),
        (BARE, OTHER, BARE),
        ({"reason": "No route"}, OTHER, {"reason": "No route"}),
        (None, None, None),
    ],
)
def test_another_failure(first, then, said, then_said, known):
    """A second failure completes the first if that has no error or the same code; it replaces nothing."""
    flow = lived(sent(0), status(0, first, error=said), status(0, then, error=then_said))
    assert errors(flow) == [said, then_said]
    words = " ".join(str(part) for part in ((known or {}).get("code"), (known or {}).get("reason")) if part)
    assert left(flow) == [f"{first}: {words}" if words else first]
    assert bodies.message(flow, 0, CONTENT).get("error") == known


def test_another_failure_after_the_end():
    """After the end, a second failure of the last message completes the workflow's reason too."""
    before = lived(sent(0), sent(1, LATER), status(1, "rejected"))
    flow = status(1, "undeliverable", error=OTHER)(before)
    assert (before.reason, flow.reason) == ("rejected", "rejected: 1260 Handset off")
    assert status(1, "rejected", error=WHOLE)(flow).reason == flow.reason, "the reported reason stays"


@pytest.mark.parametrize(("first", "then"), [("rejected", "undeliverable"), ("undeliverable", "rejected")])
def test_each_failure_has_its_own_error(first, then):
    """A failure's repeat is recorded with its own error, although another failure came first with a different one."""
    flow = lived(sent(0), status(0, first), status(0, then, error=WHOLE), status(0, first, error=OTHER))
    assert errors(flow) == [None, WHOLE, OTHER]
    flow = lived(sent(0), status(0, first, error=WHOLE), status(0, then), status(0, then, error=OTHER))
    assert errors(flow) == [WHOLE, None, OTHER]


def test_a_price_does_not_hide_the_reason():
    """A repeat with a new price and no error leaves the known error on the message."""
    flow = lived(sent(0), status(0, "rejected", error=WHOLE), status(0, "rejected", usage=EURO))
    assert errors(flow) == [WHOLE, None]
    assert bodies.message(flow, 0, CONTENT)["error"] == WHOLE


def test_only_failures_have_reasons():
    """The error of a status that is not a failure is kept with it, and a repeat adds nothing."""
    flow = lived(sent(0), status(0, "submitted"))
    assert status(0, "submitted", error=WHOLE)(flow) is None


def test_bounded():
    """When a message's timeline is full, a reason has no more room than a price."""
    flow = lived(sent(0), status(0, "rejected"))
    for price in range(MOST_STATUS_ENTRIES - 1):
        flow = status(0, "rejected", usage={"price": str(price), "currency": "EUR"})(flow)
    with pytest.raises(StatusesFull):
        status(0, "rejected", error=WHOLE)(flow)


def test_no_second_signal():
    """A completed reason ends no race: its step was closed before."""
    before = lived(sent(0), status(0, "rejected"))
    assert Change(before, status(0, "rejected", error=WHOLE)(before)).signal is None
    assert transitions.claimed(status(0, "rejected", error=WHOLE)(before), 1, NOW).steps[1].phase == "claimed"
