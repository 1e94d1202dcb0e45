"""F34: an endless stream of callbacks leaves room in a workflow's item for a claim, a cancel and the end."""

import json
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from failover.adapters.table import WRITES_KEPT, marshalled
from failover.adapters.workflow.store import stored_content
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.statuses import STATUSES
from failover.rules.pacing.lane import Turn
from failover.rules.receipts.receipt import Receipt
from failover.rules.receipts.redaction import redacted
from failover.rules.sending.answers import Accepted, Refused
from failover.rules.webhooks import delivery
from failover.rules.workflow import transitions
from failover.rules.workflow.status_entries import MOST_STATUS_ENTRIES, StatusesFull
from failover.use_cases.requests.body import MAX_BYTES
from tests.examples import NOW, workflow
from tests.sizes import LIMIT, item_size, size

STEPS = 10
LONGEST_WORDS = redacted("é" * 1000)
LONGEST_FAULT = "x" * 60
"""Longer than any reason why a message was not taken."""
LONGEST_UUID = "u" * 100
UNKNOWN = tuple(letter * 40 for letter in "qwxyz")
EVERY_STATUS = (*UNKNOWN, *sorted(STATUSES))
CURRENCIES = ["".join(letters) for letters in product("ABCDEFGHIJKLMNOPQRSTUVWXYZ", repeat=3)]


def flooded(flow, steps, statuses=EVERY_STATUS, prices=40):
    """The workflow after floods of these statuses with new prices and maximal fields, and the number dropped."""
    dropped = 0
    for number, status, price in product(steps, statuses, range(prices)):
        receipt = Receipt(
            status,
            LONGEST_UUID,
            None,
            NOW,
            error={"code": 999_999, "reason": LONGEST_WORDS},
            usage={"price": f"{10**14 + price}.{'9' * 20}", "currency": CURRENCIES[100 * number + price]},
        )
        try:
            flow = transitions.received(flow, number, receipt, NOW) or flow
        except StatusesFull:
            dropped += 1
    return flow, dropped


def ten_steps():
    """A workflow with ten steps, as large as a request can make it."""
    longest = max(CHANNELS, key=len)
    flow = workflow(*[(longest, "delivered", 15)] * (STEPS - 1), longest)
    return replace(
        flow,
        base_url=f"https://{'b' * 250}",
        webhook_url=f"https://{'w' * 1992}",
        client_ref="\U0001f600" * 100,
        application=flow.id,
        task_token="t" * 2048,
        writes=("w" * 8,) * WRITES_KEPT,
    )


def put_off(flow, number, now):
    """The workflow after this step has waited for its turn, and was refused for good."""
    flow = transitions.waiting(flow, number, Turn(now, 10**9), now, now)
    for _ in range(100):
        flow = transitions.claimed(flow, number, now)
        flow = transitions.released(flow, number, flow.steps[number], LONGEST_FAULT, now, now)
    return flow


@pytest.mark.parametrize(
    "answer", [Accepted(LONGEST_UUID), Refused(422, LONGEST_WORDS, 999_999)], ids=["accepted", "refused"]
)
@pytest.mark.parametrize("statuses", [("submitted", "rejected", "undeliverable"), ()], ids=["each step", "the end"])
def test_the_largest_item(answer, statuses):
    """Ten steps, each put off without end and flooded with valid callbacks, stay under 100 KB; every claim and the end
    are written."""
    flow, later = ten_steps(), NOW
    for number in range(STEPS):
        later += 100_000
        flow = put_off(flow, number, later)
        flow = transitions.answered(transitions.claimed(flow, number, later), number, answer, later)
        flow, _ = flooded(flow, [number], statuses)
    flow, dropped = flooded(transitions.cancelled(flow, later) or flow, range(STEPS))
    assert not flow.running
    assert dropped > 1000
    assert 40_000 < item_size(flow) < LIMIT


def test_the_end_after_a_flood():
    """A step whose timeline is full still accepts a delivery, a failover and a cancel."""
    flow = transitions.answered(transitions.claimed(ten_steps(), 0, NOW), 0, Accepted("u"), NOW)
    for price in range(100):
        receipt = Receipt("submitted", "u", None, NOW, usage={"price": str(price), "currency": "EUR"})
        try:
            flow = transitions.received(flow, 0, receipt, NOW)
        except StatusesFull:
            break
    assert sum(entry["event"] == "status" for entry in flow.timeline) == MOST_STATUS_ENTRIES
    assert transitions.cancelled(flow, NOW).status == "cancelled"
    assert transitions.claimed(flow, 1, NOW + 15_000).steps[0].outcome == "expired"
    assert transitions.received(flow, 0, Receipt("delivered", "u", None, NOW), NOW).status == "completed"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(EVERY_STATUS), st.integers(0, 30)), max_size=80))
def test_statuses_are_bounded(receipts):
    """Any series of callbacks records each known status at least once, and no more entries than the limit."""
    flow = transitions.answered(transitions.claimed(workflow("sms"), 0, NOW), 0, Accepted("u"), NOW)
    for status, price in receipts:
        receipt = Receipt(status, "u", None, NOW, usage={"price": str(price), "currency": "EUR"})
        try:
            flow = transitions.received(flow, 0, receipt, NOW) or flow
        except StatusesFull:
            assert status in flow.steps[0].statuses or status in UNKNOWN
    entries = [entry["status"] for entry in flow.timeline if entry["event"] == "status"]
    assert set(entries) - {*UNKNOWN} == {status for status, _ in receipts} - {*UNKNOWN}
    assert len(entries) < MOST_STATUS_ENTRIES + len(STATUSES)


def test_the_largest_log_of_attempts():
    """The longest possible log of attempts at one webhook stays under the same limit."""
    attempt = {"at": NOW, "milliseconds": 18_000, "error": "the host's address is not public"}
    made = {str(number): attempt for number in range(1, delivery.LAST_ATTEMPT + 1)}
    assert size({"M": marshalled(made)}) < LIMIT


@pytest.mark.parametrize(
    "filling", ['{"a":[' + "1," * 32_000 + "1]}", '["' + '","' * 21_000 + '"]', '"' + "\U0001f600" * 15_000 + '"']
)
def test_the_largest_content(filling):
    """A request's messages take no more bytes in the table than in the request, apart from white space."""
    step = {"from": {}, "to": {}, "message": {"content": {"type": "custom", "custom": json.loads(filling)}}}
    stored = stored_content([step])
    assert len(filling.encode()) < MAX_BYTES
    assert len(stored.encode()) < MAX_BYTES + 1000 < LIMIT
