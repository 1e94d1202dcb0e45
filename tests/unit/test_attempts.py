"""What is shown of a webhook's attempts, and of the one that is due."""

import pytest

from failover.rules.formats.stored import UnreadableItem
from failover.rules.timing.instants import iso
from failover.rules.webhooks.attempts import row
from tests.examples import NOW

ENTRY = {"sequence": 4, "event": "status"}
URL = "https://example.org/status"
DUE = NOW + 5000


def recorded(**changes):
    """A webhook whose second attempt failed, and whose third is due."""
    made = [
        {"number": 1, "at": NOW - 9000, "milliseconds": 7, "answer": 500, "next_attempt_at": NOW - 4000},
        {"number": 2, "at": NOW, "milliseconds": 7, "error": "timeout", "next_attempt_at": DUE},
    ]
    return {"state": "pending", "last_attempt": 2, "attempts": made, **changes}


def test_before_the_first_attempt():
    """A webhook without attempts is pending, or has no URL."""
    shown = {"sequence": 4, "kind": "message_status", "attempts": []}
    assert row(ENTRY, {}, URL) == {**shown, "state": "pending"}
    assert row(ENTRY, {}, None) == {**shown, "state": "no_url"}


def test_the_next_attempt():
    """The time of the retry after the last attempt is shown, and not among the attempts."""
    shown = row(ENTRY, recorded(), URL)
    assert shown["next_attempt_at"] == iso(DUE)
    assert shown["attempts"] == [
        {"number": 1, "at": iso(NOW - 9000), "milliseconds": 7, "answer": 500},
        {"number": 2, "at": iso(NOW), "milliseconds": 7, "error": "timeout"},
    ]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"last_attempt": 3}, id="the retry is being made"),
        pytest.param({"state": "delivered"}, id="delivered"),
        pytest.param({"state": "failed"}, id="failed"),
        pytest.param({"attempts": []}, id="none recorded"),
        pytest.param({"attempts": [{"number": 2, "at": NOW, "answer": 500}]}, id="recorded by an earlier release"),
    ],
)
def test_no_next_attempt(changes):
    """Without a retry that is due no time is shown."""
    assert "next_attempt_at" not in row(ENTRY, recorded(**changes), URL)


def test_edited_by_hand():
    """F33: a time that is none is unreadable."""
    with pytest.raises(UnreadableItem):
        row(ENTRY, recorded(attempts=[{"number": 2, "at": NOW, "answer": 500, "next_attempt_at": "soon"}]), URL)
