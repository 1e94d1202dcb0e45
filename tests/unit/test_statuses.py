from itertools import permutations

import pytest

from failover.rules.channels.statuses import FAILURES, meets, reached, risen


@pytest.mark.decision("`read` and `delivered`")
@pytest.mark.parametrize(
    ("known", "arriving", "after"),
    [
        (None, "submitted", "submitted"),
        ("submitted", "delivered", "delivered"),
        ("delivered", "read", "read"),
        ("read", "delivered", "read"),
        ("delivered", "submitted", "delivered"),
        (None, "rejected", "rejected"),
        ("submitted", "undeliverable", "undeliverable"),
        ("delivered", "rejected", "delivered"),
        ("read", "undeliverable", "read"),
        ("rejected", "delivered", "rejected"),
        ("undeliverable", "rejected", "undeliverable"),
    ],
)
def test_risen(known, arriving, after):
    """A status only rises; a failure is final unless the person was reached before it."""
    assert risen(known, arriving) == after


@pytest.mark.parametrize("order", list(permutations(["submitted", "delivered", "read"])))
def test_any_order_ends_alike(order):
    """submitted, delivered and read end in read, whatever order they come in."""
    status = None
    for arriving in order:
        status = risen(status, arriving)
    assert status == "read"


@pytest.mark.decision("`read` and `delivered`")
def test_read_satisfies_delivered():
    """Who has read has received; who has received need not have read; a failure meets nothing."""
    assert meets("read", "delivered")
    assert meets("delivered", "delivered")
    assert not meets("delivered", "read")
    assert not meets("submitted", "delivered")
    assert not meets(None, "delivered")
    assert not any(meets(failure, "delivered") or reached(failure) for failure in FAILURES)
