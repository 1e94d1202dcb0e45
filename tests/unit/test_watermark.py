"""The watermark, up to which all webhooks are known to be queued: its writes, and what it proves (F29)."""

from dataclasses import replace

import pytest

from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted
from failover.rules.workflow import overdue, publication, transitions
from tests.examples import HOUR, NOW, workflow
from tests.world import template

SURE = publication.SURE_SECONDS * 1000


def sent():
    return transitions.answered(transitions.claimed(workflow("sms"), 0, NOW), 0, Accepted("u"), NOW)


def got(flow, status, now=NOW):
    return transitions.received(flow, 0, Receipt(status, "u", None, None), now)


ENDED = got(got(sent(), "submitted"), "delivered")
"""Its webhooks are 4 (submitted), 5 (delivered) and 6 (the report)."""


def test_nothing_is_written_while_it_runs():
    """A running workflow has no watermark: it would cost a write for each webhook."""
    assert transitions.published(got(sent(), "submitted"), 4) is None


def test_the_end():
    """At the end one write records that everything is queued, and removes the workflow from the index."""
    known = transitions.published(ENDED, 6)
    assert (known.published, known.due_at) == (6, None)
    assert replace(known, published=0, due_at=ENDED.due_at) == ENDED, "nothing else changes"
    assert transitions.published(known, 6) is None, "a duplicate writes nothing"
    assert transitions.published(known, 5) is None, "the watermark never falls"


def test_a_status_that_came_meanwhile():
    """An unqueued webhook keeps the workflow due after the earlier ones are recorded as queued."""
    later = got(ENDED, "read", NOW + 1)
    known = transitions.published(later, 6)
    assert (known.published, known.due_at) == (6, later.due_at)
    assert [entry["sequence"] for entry in publication.unpublished(known)] == [7]


def test_a_status_after_the_end():
    """A status after everything was queued makes the workflow due again until its webhook is queued too."""
    later = got(transitions.published(ENDED, 6), "read", NOW + HOUR)
    assert later.due_at == NOW + HOUR + overdue.PUBLISH_SLACK * 1000
    assert transitions.published(later, 7).due_at is None


def test_an_answer_after_the_end():
    """An answer that brings no webhook does not make a workflow with all webhooks queued due again."""
    flow = transitions.cancelled(transitions.claimed(workflow("sms"), 0, NOW), NOW)
    known = transitions.published(flow, flow.timeline[-1]["sequence"])
    assert transitions.answered(known, 0, Accepted("u"), NOW + 1).due_at is None


def test_repairs_do_not_postpone_after_the_end():
    """Checks of the executions do not postpone a workflow that has ended."""
    assert transitions.repair_done(ENDED, NOW) is None


@pytest.mark.parametrize(("age", "sure"), [(0, True), (SURE - 1, True), (SURE, False), (30 * HOUR * 1000, False)])
def test_who_may_be_sure(age, sure):
    """A record younger than the retention proves that earlier ones were published; an older one does not."""
    assert publication.earlier_published(got(sent(), "submitted"), NOW + age, None) is sure


def test_nothing_before():
    """A change with no earlier webhook, or with all earlier ones known as queued, has no gap."""
    for before in (None, sent(), transitions.published(ENDED, 6)):
        assert publication.earlier_published(before, NOW + 100 * SURE, None)


def test_the_stream_gives_up_nothing_younger():
    """The template's stream drops records by age only, an hour after the latest time that the rule relies on."""
    stream = template()["Resources"]["PublishEvents"]["Properties"]["Events"]["Timeline"]["Properties"]
    assert stream["MaximumRetryAttempts"] == -1
    assert publication.SURE_SECONDS + HOUR <= stream["MaximumRecordAgeInSeconds"] <= 24 * HOUR - HOUR
