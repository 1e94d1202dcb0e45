"""Up to which webhook everything is known to be queued: when that is written, and who may be sure of it (F29)."""

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
    """A workflow that runs has no watermark: it would cost a write for each webhook."""
    assert transitions.published(got(sent(), "submitted"), 4) is None


def test_the_end():
    """At the end one write says that everything is queued, and takes the workflow out of the index."""
    known = transitions.published(ENDED, 6)
    assert (known.published, known.due_at) == (6, None)
    assert replace(known, published=0, due_at=ENDED.due_at) == ENDED, "nothing else is touched"
    assert transitions.published(known, 6) is None, "a twin has nothing to write"
    assert transitions.published(known, 5) is None, "the watermark never falls"


def test_a_status_that_came_meanwhile():
    """What is not queued yet keeps the workflow due, whoever is told of what came before."""
    later = got(ENDED, "read", NOW + 1)
    known = transitions.published(later, 6)
    assert (known.published, known.due_at) == (6, later.due_at)
    assert [entry["sequence"] for entry in publication.unpublished(known)] == [7]


def test_a_status_after_the_end():
    """A status that comes after everything was queued makes the workflow due again, until it is queued too."""
    later = got(transitions.published(ENDED, 6), "read", NOW + HOUR)
    assert later.due_at == NOW + HOUR + overdue.PUBLISH_SLACK * 1000
    assert transitions.published(later, 7).due_at is None


def test_an_answer_after_the_end():
    """An answer that brings no webhook leaves a workflow whose webhooks are queued in peace."""
    flow = transitions.cancelled(transitions.claimed(workflow("sms"), 0, NOW), NOW)
    known = transitions.published(flow, flow.timeline[-1]["sequence"])
    assert transitions.answered(known, 0, Accepted("u"), NOW + 1).due_at is None


def test_looking_after_executions_ends_with_the_workflow():
    """Whoever looks after what runs does not postpone what is over."""
    assert transitions.repair_done(ENDED, NOW) is None


@pytest.mark.parametrize(("age", "sure"), [(0, True), (SURE - 1, True), (SURE, False), (30 * HOUR * 1000, False)])
def test_who_may_be_sure(age, sure):
    """What the stream cannot have given up yet has been published before what follows it; older news may be lost."""
    assert publication.earlier_published(got(sent(), "submitted"), NOW + age) is sure


def test_nothing_before():
    """A change that nothing came before, or nothing that is a webhook, or that all is known of, has lost nothing."""
    for before in (None, sent(), transitions.published(ENDED, 6)):
        assert publication.earlier_published(before, NOW + 100 * SURE)


def test_the_stream_gives_up_nothing_younger():
    """The template's stream gives a record up for its age only, an hour after anybody was sure of it."""
    stream = template()["Resources"]["PublishEvents"]["Properties"]["Events"]["Timeline"]["Properties"]
    assert stream["MaximumRetryAttempts"] == -1
    assert publication.SURE_SECONDS + HOUR <= stream["MaximumRecordAgeInSeconds"] <= 24 * HOUR - HOUR
