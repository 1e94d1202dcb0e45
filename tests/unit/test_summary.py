"""The summary of workflows with histories made by hand."""

from dataclasses import replace
from itertools import pairwise

import pytest

from failover.rules.channels.statuses import CONDITIONS
from failover.rules.formats.pages import ETERNITY, InvalidFilters
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted, Refused, Unknown
from failover.rules.timing.instants import iso
from failover.rules.workflow import transitions
from failover.rules.workflow.state import Step
from failover.rules.workflow.summary import MOST_POINTS, Asked, parse, summary
from tests.acts import LATER, answer, cancelled, claim, lived, sent, status
from tests.examples import NOW, workflow

DAY = 86_400_000


def summarized(*flows):
    return summary(flows, Asked(NOW, NOW), NOW, exact=True)


def times(*flows):
    return {(row["channel"], row["condition_status"]): row for row in summarized(*flows)["times"]}


def reported(number, word, at, **more):
    """A status recorded at this time."""
    receipt = Receipt(word, f"uuid-{number}", None, None, **more)
    return lambda flow: transitions.received(flow, number, receipt, at)


def test_no_workflows():
    """A span without workflows has zeros and empty lists, and no usage."""
    at = iso(NOW)
    assert summarized() == {
        **{"as_of": at, "since": at, "until": at, "exact": True, "workflows": 0},
        "outcomes": {"running": 0, "completed": 0, "error": 0, "cancelled": 0},
        **{"reached": [], "reached_twice": 0, "failovers": [], "hours": [], "times": []},
    }


def test_span():
    """The span is by default the last 24 hours, or the 24 hours before `until`."""
    assert parse({}, NOW) == Asked(NOW - DAY, NOW)
    assert parse({"since": iso(NOW - 5)}, NOW) == Asked(NOW - 5, NOW)
    assert parse({"until": iso(NOW - DAY)}, NOW) == Asked(NOW - 2 * DAY, NOW - DAY)
    assert parse({"until": "1970-01-01T01:00:00Z", "limit": "x"}, NOW) == Asked(0, 3_600_000)
    assert parse({"until": "9999-12-31T23:59:59.999Z"}, NOW).until == ETERNITY


@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize("value", ["", "yesterday", "1800000000000000"])
def test_invalid_span(name, value):
    """A time that is empty or cannot be read is refused by its name."""
    with pytest.raises(InvalidFilters) as caught:
        parse({name: value}, NOW)
    assert [fault["name"] for fault in caught.value.faults] == [name]


def test_outcomes_and_hours():
    """Workflows are counted by status, and by status and hour of creation."""
    shown = summarized(
        lived(), lived(sent(0), status(0, "read")), replace(lived(cancelled), created_at=NOW - 3_600_000)
    )
    assert shown["outcomes"] == {"running": 1, "completed": 1, "error": 0, "cancelled": 1}
    assert shown["hours"] == [
        {"from": "2027-01-15T07:00:00.000Z", "running": 0, "completed": 0, "error": 0, "cancelled": 1},
        {"from": "2027-01-15T08:00:00.000Z", "running": 1, "completed": 1, "error": 0, "cancelled": 0},
    ]


def test_reached():
    """A completed workflow counts for the step whose status completed it, even if that was closed before."""
    late = lived(sent(0), sent(1, LATER), status(0, "read"))
    shown = summarized(late, lived(sent(0), sent(1, LATER), status(1, "delivered")), lived(sent(0)))
    assert shown["reached"] == [
        {"step": 0, "channel": "messenger", "workflows": 1},
        {"step": 1, "channel": "sms", "workflows": 1},
    ]
    assert shown["failovers"] == [{"channel": "messenger", "outcome": "expired", "steps": 2}]


def test_reached_twice():
    """A workflow counts as reached twice if messages of two steps were delivered or read, in any order."""
    both = lived(sent(0), status(0, "delivered"), sent(1, LATER), status(1, "delivered"))
    late = lived(sent(0), sent(1, LATER), status(1, "delivered"), status(0, "delivered"))
    one = lived(sent(0), status(0, "delivered"), status(0, "read"))
    assert summarized(both, late, one)["reached_twice"] == 2


def test_failovers():
    """Each step that was closed without success counts by channel and outcome, the last step too."""
    rejected = lived(sent(0), status(0, "rejected"), claim(1, LATER), answer(1, Refused(422, "422"), LATER))
    shown = summarized(rejected, lived(sent(0), status(0, "rejected")))
    assert shown["failovers"] == [
        {"channel": "messenger", "outcome": "rejected", "steps": 2},
        {"channel": "sms", "outcome": "refused", "steps": 1},
    ]


def test_usage():
    """Prices are summed exactly for each currency; each message counts once."""
    euro, tenth = {"price": "0.0333", "currency": "EUR"}, {"price": "0.1", "currency": "EUR"}
    dollar = {"price": "0.00000000000000000001", "currency": "USD"}
    one = lived(sent(0), status(0, "submitted", usage=euro), status(0, "read", usage=euro))
    two = lived(sent(0), status(0, "read", usage=tenth))
    assert summarized(one, two)["usage"] == {"price": "0.1333", "currency": "EUR"}
    three = lived(sent(0), status(0, "read", usage=dollar))
    assert summarized(three, one)["usage"] == [euro, dollar]


def test_time_to_condition():
    """The time to the condition runs from the send's answer to the first status that meets it, late or not."""
    in_time = lived(claim(0), sent_at(NOW + 100), reported(0, "delivered", NOW + 500), reported(0, "read", NOW + 1000))
    late = lived(sent(0), sent(1, LATER), reported(0, "read", LATER + 300_000))
    never = lived(sent(0), status(0, "delivered"))
    found = times(in_time, late, never)
    assert found["messenger", "read"] == {
        **{"channel": "messenger", "condition_status": "read", "sent": 3, "met": 2},
        "expiry_times": [{"seconds": 600, "steps": 3}],
        "curve": [{"seconds": 0.9, "steps": 1}, {"seconds": 1000.0, "steps": 2}],
    }
    assert found["sms", "delivered"] == {
        **{"channel": "sms", "condition_status": "delivered", "sent": 1, "met": 0},
        **{"expiry_times": [], "curve": []},
    }


def sent_at(now):
    return answer(0, Accepted("uuid-0"), now)


def test_repeats_do_not_move_the_time():
    """A repeated status with a new price does not change the time, nor does `read` after `delivered` was enough."""
    more = {"usage": {"price": "1", "currency": "EUR"}}
    flow = lived(
        sent(0), sent(1, LATER), reported(1, "delivered", LATER + 5), reported(1, "delivered", LATER + 9, **more)
    )
    flow = transitions.received(flow, 1, Receipt("read", "uuid-1", None, None), LATER + 20)
    assert times(flow)["sms", "delivered"]["curve"] == [{"seconds": 0.005, "steps": 1}]


def test_status_before_the_answer():
    """A status that overtook the send's answer took 0 s; without an answer the time runs from the claim."""
    overtaken = lived(claim(0), reported(0, "read", NOW + 50), sent_at(NOW + 80))
    unanswered = lived(claim(0), reported(0, "read", NOW + 50))
    assert times(overtaken)["messenger", "read"]["curve"] == [{"seconds": 0.0, "steps": 1}]
    assert times(unanswered)["messenger", "read"]["curve"] == [{"seconds": 0.05, "steps": 1}]


@pytest.mark.parametrize(
    ("acts", "count"),
    [
        ([], 0),
        ([claim(0)], 1),
        ([claim(0), answer(0, Refused(422, "422"))], 0),
        ([claim(0), answer(0, Unknown("HTTP 500"))], 1),
        ([claim(0), answer(0, Refused(422, "422")), status(0, "submitted")], 1),
        ([sent(0)], 1),
    ],
    ids=["pending", "claimed", "refused", "unknown", "refused and reported", "sent"],
)
def test_sent(acts, count):
    """A step counts as sent if its message was accepted, or may have been."""
    assert sum(row["sent"] for row in times(lived(*acts)).values()) == count


def test_conditions_apart():
    """A channel has a row for each condition status; the last step's is `delivered`."""
    flows = [lived(sent(0))]
    for condition in CONDITIONS:
        step = Step("messenger", condition, 15, phase="sent", answered_at=NOW)
        flows.append(replace(workflow("messenger"), steps=(step, Step("messenger", phase="sent", answered_at=NOW))))
    found = times(*flows)
    assert list(found) == [("messenger", "delivered"), ("messenger", "read")]
    assert [row["sent"] for row in found.values()] == [3, 2]
    assert found["messenger", "read"]["expiry_times"] == [{"seconds": 15, "steps": 1}, {"seconds": 600, "steps": 1}]


@pytest.mark.parametrize("count", [99, 100, 101, 250])
def test_long_curve(count):
    """A curve has at most 100 points, each exact, among them the first and the last."""
    flows = [lived(sent(0), reported(0, "read", NOW + 1000 * number)) for number in range(1, count + 1)]
    curve = times(*flows)["messenger", "read"]["curve"]
    assert len(curve) == min(count, MOST_POINTS)
    assert (curve[0], curve[-1]) == ({"seconds": 1.0, "steps": 1}, {"seconds": float(count), "steps": count})
    assert all(point["seconds"] == point["steps"] for point in curve)
    assert all(one["seconds"] < other["seconds"] for one, other in pairwise(curve))


def test_edited_entries():
    """Entries that were edited by hand, and lack a step or an outcome, are not counted."""
    flow = lived(sent(0), status(0, "rejected"))
    timeline = tuple({name: value for name, value in e.items() if name != "outcome"} for e in flow.timeline)
    ended = {"sequence": len(timeline) + 1, "at": NOW, "event": "completed"}
    shown = summarized(replace(flow, timeline=(*timeline, ended)))
    assert (shown["failovers"], shown["reached"]) == ([], [])
