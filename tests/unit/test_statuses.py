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
    """A status only rises; a failure is final unless the message was delivered first."""
    assert risen(known, arriving) == after


@pytest.mark.decision("`read` and `delivered`")
def test_read_satisfies_delivered():
    """read satisfies delivered, delivered does not satisfy read, and a failure satisfies neither."""
    assert meets("read", "delivered")
    assert meets("delivered", "delivered")
    assert not meets("delivered", "read")
    assert not meets("submitted", "delivered")
    assert not meets(None, "delivered")
    assert not any(meets(failure, "delivered") or reached(failure) for failure in FAILURES)
