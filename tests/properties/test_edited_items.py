"""F33: an item edited by a person or a script is either a workflow that every rule can handle, or unreadable."""

import contextlib
from copy import deepcopy
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from failover.adapters.workflow.store import stored_content, whole
from failover.rules.formats.stored import UnreadableItem
from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted
from failover.rules.webhooks import bodies, failed
from failover.rules.workflow import listing, overdue, presentation, publication, retention, transitions
from failover.rules.workflow.itinerary import itinerary
from failover.rules.workflow.state import from_plain, to_plain
from failover.rules.workflow.status_entries import StatusesFull
from failover.rules.workflow.transitions import CannotAdvance, TooEarly
from tests.acts import LATER, advanced, cancelled, claim, lived, sent, status
from tests.examples import NOW

PRICE = {"price": "0.0333", "currency": "EUR"}
LIVES = [
    lived(),
    lived(claim(0)),
    lived(sent(0), status(0, "delivered", NOW, usage=PRICE)),
    lived(sent(0), status(0, "rejected", error={"code": 1300, "reason": "Not part"}), sent(1, LATER)),
    lived(sent(0), sent(1, LATER), status(1, "delivered", usage=PRICE), status(0, "read", usage=PRICE)),
    lived(sent(0), cancelled),
    lived(sent(0), advanced(0)),
]
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**38), 10**38)
    | st.text(max_size=5)
    | st.sampled_from(["running", "delivered", "status", "completed", "0.1", "1e5", "left"]),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=9), values, max_size=3),
    max_leaves=6,
)


def places(value, path=()):
    """Every place in an item, as a path of keys and positions."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


def as_lists(value):
    """The value as DynamoDB returns it, without tuples."""
    if isinstance(value, dict):
        return {key: as_lists(inner) for key, inner in value.items()}
    return list(map(as_lists, value)) if isinstance(value, list | tuple) else value


@st.composite
def edited(draw):
    """A workflow's item with some values replaced, removed or added."""
    item = deepcopy(as_lists(to_plain(draw(st.sampled_from(LIVES)))))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(sorted(places(item), key=repr)))
        target = item
        for key in way:
            target = target[key]
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "remove":
                del target[last]
            case "add" if isinstance(target, list):
                target.insert(last, draw(ANYTHING))
            case _:
                target[last] = draw(ANYTHING)
    return item


@settings(max_examples=1500, deadline=None)
@given(edited(), st.integers(0, 1))
def test_readable_or_not(item, number):
    """Every decision can be made about a readable item, and it can be shown; others are UnreadableItem."""
    try:
        flow = from_plain(item)
    except UnreadableItem:
        return
    presentation.resource(flow, None, NOW)
    presentation.progress(flow)
    presentation.cancelled(flow)
    for entry in publication.webhooks(flow):
        bodies.body(flow, None, entry)
    publication.earlier_published(flow, LATER, None)
    overdue.due_at(flow, LATER)
    retention.content_expires_at(flow, 60)
    if flow.running:
        itinerary(flow, LATER)
    receipt = Receipt("read", "u", None, None, usage=PRICE)
    with contextlib.suppress(TooEarly, StatusesFull):
        if number < len(flow.steps):
            transitions.received(flow, number, receipt, LATER)
            transitions.answered(flow, number, Accepted("u"), LATER)
            transitions.claimed(flow, number, LATER)
    with contextlib.suppress(CannotAdvance, LookupError):
        presentation.advanced(transitions.advanced(flow, number, LATER), number)
    transitions.cancelled(flow, LATER)
    transitions.unconfirmed(flow, LATER)
    transitions.resumed(flow, flow.attempt, LATER)
    transitions.repair_done(flow, LATER)


@pytest.mark.parametrize("flow", LIVES, ids=range(len(LIVES)))
def test_what_we_write_is_readable(flow):
    """Every item of ours is read as it was written."""
    assert from_plain(as_lists(to_plain(flow))) == flow


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["content", "retention", "expires_at", "sk"]), ANYTHING))
def test_content(changes):
    """A content item is readable or UnreadableItem in the same way."""
    items = {"state": as_lists(to_plain(LIVES[0])), "content": {"content": "[{}, {}]", "retention": 60, **changes}}
    with contextlib.suppress(UnreadableItem):
        found = whole(items, NOW)
        assert found is not None
        assert found[1] is None or len(found[1]) == len(found[0].steps)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["word", "status", "created_at", "ended_at", "channels", "reason", "client_ref", "pk"]),
        ANYTHING,
    )
)
def test_row_of_the_list(changes):
    """An index row is readable or UnreadableItem in the same way."""
    item = {"pk": "workflow#x", "word": "workflow", "status": "running", "created_at": NOW, "channels": ["sms"]}
    with contextlib.suppress(UnreadableItem):
        assert listing.row({**item, **changes})["status"]


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["pk", "sk", "failed", "failed_at", "failure"]), ANYTHING, max_size=1),
    st.dictionaries(st.sampled_from(["word", "kind", "application", "attempt"]), ANYTHING, max_size=1),
    st.dictionaries(st.sampled_from(["number", "at", "milliseconds", "answer", "error"]), ANYTHING, max_size=2),
)
def test_failed_webhook(changes, of_the_failure, of_the_attempt):
    """The same of what an index has of a failed webhook."""
    flow, attempt = LIVES[2], {"number": 1, "at": NOW, "milliseconds": 5, "answer": 401}
    item = {"pk": f"workflow#{flow.id}", "sk": "webhook#00004", **failed.kept(flow, 4, attempt)}
    item["failure"] = {**item["failure"], "attempt": {**attempt, **of_the_attempt}, **of_the_failure}
    for read in (failed.row, failed.task):
        with contextlib.suppress(UnreadableItem):
            assert read({**item, **changes})


def test_long_numbers():
    """Content with an integer of thousands of digits, which `custom` may have, is read as it was stored."""
    content = [{"custom": {"n": Decimal("7" * 5000)}}, {}]
    items = {"state": as_lists(to_plain(LIVES[0])), "content": {"content": stored_content(content), "retention": 60}}
    found = whole(items, NOW)
    assert found is not None
    assert found[1] == content


def test_messages():
    """Content without exactly one object per step is unreadable."""
    items = {"state": as_lists(to_plain(LIVES[0]))}
    for content in ("[]", "{}", "[1, 2]", "[{}, {}, {}]", "no JSON", "[" * 100_000):
        with pytest.raises(UnreadableItem):
            whole({**items, "content": {"content": content, "retention": 60}}, NOW)
