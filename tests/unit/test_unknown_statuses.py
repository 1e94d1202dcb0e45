"""An unknown status word is recorded and forwarded, and decides nothing."""

import pytest

from failover.rules.channels.statuses import STATUSES
from failover.rules.sending.answers import NotTaken
from failover.rules.webhooks import bodies
from failover.rules.workflow import presentation, transitions
from failover.rules.workflow.status_entries import MOST_STATUS_ENTRIES, MOST_UNKNOWN_ENTRIES, StatusesFull
from tests.acts import LATER, answer, claim, lived, sent, status
from tests.examples import MESSENGER, NOW, SMS
from tests.unit.test_late_reasons import EURO, WHOLE

CONTENT = [MESSENGER, SMS]


def recorded(flow):
    return [entry["status"] for entry in flow.timeline if entry["event"] == "status"]


@pytest.mark.decision("A status word unknown to us")
@pytest.mark.parametrize("before", [(), (status(0, "submitted"),), (status(0, "delivered"),)])
def test_decides_nothing(before):
    """An unknown status is in the timeline and a webhook, and changes neither step, workflow, condition nor rank."""
    known = lived(sent(0), *before)
    flow = status(0, "queued", error=WHOLE, usage=EURO)(known)
    assert recorded(flow) == [*recorded(known), "queued"]
    assert flow.timeline[-1]["event"] == "status"
    assert (flow.status, flow.steps[0].status, flow.steps[0].outcome) == ("running", known.steps[0].status, None)
    document = bodies.body(flow, CONTENT, flow.timeline[-1])
    assert (document["status"], document["error"], document["usage"]) == ("queued", WHOLE, EURO)
    assert bodies.message(flow, 0, CONTENT)["status"] == (known.steps[0].status or "submitted")
    assert presentation.resource(flow, CONTENT, NOW)["usage"] == EURO, "what it costs is counted"
    assert status(0, "queued")(flow) is None, "a repeat has no effect"


@pytest.mark.decision("A status word unknown to us")
@pytest.mark.parametrize("word", sorted(STATUSES))
def test_what_comes_after_it(word):
    """Known statuses after an unknown one have their usual effect."""
    without = lived(sent(0), status(0, word))
    flow = lived(sent(0), status(0, "queued"), status(0, word))
    assert (flow.status, flow.steps[0].status, flow.steps[0].outcome) == (
        without.status,
        without.steps[0].status,
        without.steps[0].outcome,
    )


def test_after_the_end():
    """After the end an unknown status is late, amends nothing, and changes neither message status nor report."""
    flow = lived(sent(0), status(0, "read"), status(0, "queued"))
    assert flow.timeline[-1]["late"] is True
    assert [entry["event"] for entry in flow.timeline][-2:] == ["completed", "status"]
    report = next(entry for entry in flow.timeline if entry["event"] == "completed")
    assert bodies.body(flow, CONTENT, report)["_links"]["messages"][0]["status"] == "read"


def test_it_proves_that_the_message_was_taken():
    """An unknown status proves acceptance: the message is not requested again, nor its step reported as unsent."""
    flow = lived(claim(0), status(0, "queued"))
    assert transitions.released(flow, 0, lived(claim(0)).steps[0], "HTTP 503", LATER, LATER) is None
    assert answer(0, NotTaken("HTTP 503"))(flow).steps[0].state == "unknown"
    assert transitions.claimed(flow, 1, LATER).steps[0].outcome == "expired"


def test_a_report_before_any_known_status():
    """A message with only an unknown status is `submitted` in the report."""
    flow = transitions.cancelled(lived(sent(0), status(0, "queued")), NOW)
    assert bodies.body(flow, CONTENT, flow.timeline[-1])["_links"]["messages"][0]["status"] == "submitted"


def test_bounded():
    """Ever new words fill a few entries only, and leave room for every known status."""
    flow = lived(sent(0))
    for number in range(MOST_UNKNOWN_ENTRIES):
        flow = status(0, "q" * (number + 1))(flow)
    for more in ({}, {"usage": EURO}):
        with pytest.raises(StatusesFull):
            status(0, "qqqqqqqq", **more)(flow)
    with pytest.raises(StatusesFull):
        status(0, "q", usage=EURO)(flow)
    for word in ("rejected", "submitted", "delivered", "undeliverable"):
        flow = status(0, word)(flow)
    assert len(recorded(flow)) == MOST_STATUS_ENTRIES
    assert recorded(status(0, "read")(flow))[-1] == "read"
