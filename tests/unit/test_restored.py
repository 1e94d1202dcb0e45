"""A workflow of another table: how it is recognized, and what may still happen to it (F48)."""

from dataclasses import replace

import pytest

from failover.rules.sending.answers import NotTaken, Refused
from failover.rules.timing.instants import from_iso
from failover.rules.workflow import origin, overdue, publication, transitions
from failover.rules.workflow.itinerary import itinerary
from failover.rules.workflow.state import from_plain, to_plain
from tests.acts import answer, claim, lived, sent, status
from tests.examples import NOW, THREE_STEPS, workflow

STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/workflows-Table-1A2B/stream/2026-11-26T12:00:00.000"
HERE = origin.table(STREAM)
LATER = NOW + 50_000_000


def of(table_id, **changes):
    return replace(workflow(*THREE_STEPS), table_id=table_id, **changes)


def test_identity():
    """A table's identity is short, the same each time, and other for another label or another table."""
    again, later, other = STREAM, STREAM.replace("12:00", "12:01"), STREAM.replace("1A2B", "3C4D")
    assert origin.table(again) == HERE
    assert len({origin.table(one).id for one in (STREAM, later, other)}) == 3
    assert (len(HERE.id), HERE.since) == (16, from_iso("2026-11-26T12:00:00Z"))


def test_unknown_table():
    """Without a stream the table is not known, and every workflow counts as one of it."""
    assert [origin.table(one) for one in ("", "Table.StreamArn")] == [None, None]
    assert not origin.elsewhere(of("other"), None)


def test_a_label_that_is_no_time():
    """Then only workflows that name their table can be told."""
    here = origin.table("arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/label")
    assert here.since is None
    assert origin.elsewhere(of(HERE.id), here)
    assert not origin.elsewhere(of(None), here)


def test_whose_table():
    """A workflow that names no table is from another one if it is older than the stream."""
    assert not origin.elsewhere(of(HERE.id), HERE)
    assert origin.elsewhere(of("0123456789abcdef"), HERE)
    assert not origin.elsewhere(of(None, created_at=HERE.since), HERE)
    assert origin.elsewhere(of(None, created_at=HERE.since - 1), HERE)


LIVES = {
    "accepted": [],
    "claimed": [claim(0)],
    "sent": [sent(0)],
    "refused": [claim(0), answer(0, Refused(422, "422"))],
    "not taken": [claim(0), answer(0, NotTaken("HTTP 503"))],
    "expired": [sent(0), claim(1, LATER)],
    "last sent": [sent(0), sent(1, LATER)],
}


@pytest.mark.parametrize("acts", LIVES.values(), ids=LIVES)
def test_nothing_is_left_to_send(acts):
    """In each state all steps count as begun, no decision leads to a send, and the workflow is due at its end."""
    before = replace(lived(*acts), table_id="0123456789abcdef", task_token="token")
    after = transitions.restored(before, HERE, LATER)
    assert after.table_id == HERE.id
    assert not any(transitions.may_begin(after, number) for number in range(2))
    assert [transitions.claimed(after, number, LATER + 10**9) for number in range(2)] == [None, None]
    assert [transitions.given_up(after, number, 900, LATER) for number in range(2)] == [None, None]
    assert transitions.resumed(after, 1, LATER) is None
    assert itinerary(after, LATER) is None
    assert (after.due_at, overdue.partition(after).split("#")[0]) == (overdue.unconfirmed_at(after), "silent")
    assert transitions.restored(after, HERE, LATER) is None
    assert from_plain(to_plain(after)) == after


def test_what_was_recorded_stays():
    """A step with an answer or an outcome keeps them."""
    after = transitions.restored(replace(lived(sent(0)), table_id="other"), HERE, LATER)
    assert (after.steps[0].phase, after.steps[0].answered_at, after.steps[1].phase) == ("sent", NOW, "unknown")


def test_over():
    """A workflow that is over stays as it is."""
    over = transitions.cancelled(replace(lived(sent(0)), table_id="other"), LATER)
    assert transitions.restored(over, HERE, LATER) is None


def test_a_failure_of_the_last_step():
    """A status decides a step that had not begun: that of the last one ends the workflow."""
    flow = transitions.restored(replace(lived(), table_id="other"), HERE, NOW)
    assert status(0, "rejected")(flow).running
    assert status(1, "rejected")(flow).status == "error"
    assert status(1, "delivered")(flow).status == "completed"


def test_unconfirmed():
    """It ends when the receipt window of its last step is over, counted from the mark."""
    flow = transitions.restored(replace(lived(), table_id="other"), HERE, NOW)
    until = NOW + flow.receipt_window * 1000
    assert transitions.unconfirmed(flow, until - 1) is None
    assert transitions.unconfirmed(flow, until).reason == "unconfirmed"


def test_an_advance_is_refused():
    """The answer says why no step follows."""
    flow = transitions.restored(replace(lived(sent(0)), table_id="other"), HERE, NOW)
    with pytest.raises(transitions.CannotAdvance, match="restored from a backup") as caught:
        transitions.advanced(flow, 0, LATER)
    assert caught.value.state == "sent"


def test_webhooks_of_one_that_was_over():
    """A workflow that ended in the other table has no mark, and its webhooks are compared with the attempts as well."""
    flow = replace(lived(sent(0), status(0, "read")), table_id="other")
    assert transitions.restored(flow, HERE, NOW) is None
    assert not publication.earlier_published(flow, NOW, HERE)


def test_its_webhooks_are_checked():
    """The stream does not know which webhooks were queued before, so they are compared with the attempts."""
    flow = transitions.restored(replace(lived(sent(0)), table_id="other"), HERE, NOW)
    assert not publication.earlier_published(flow, NOW, HERE)
    assert publication.earlier_published(replace(lived(sent(0)), table_id=HERE.id), NOW, HERE)
