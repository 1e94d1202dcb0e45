"""The figures of a load with a limit at the vendor."""

import json
from dataclasses import replace

import pytest

from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted, NotTaken, Refused, Unknown
from failover.rules.workflow import transitions
from local.load import pacing
from local.load.pacing import Requests
from tests.examples import NOW, TWO_STEPS, workflow


def sent(answered_at, created_at=0, answer=None):
    """A workflow posted and answered these seconds after NOW."""
    flow = replace(workflow(*TWO_STEPS), created_at=NOW + round(created_at * 1000))
    flow = transitions.claimed(flow, 0, NOW + round(answered_at * 1000) - 100)
    return transitions.answered(flow, 0, answer or Accepted("uuid-0"), NOW + round(answered_at * 1000))


def line(at, taken=True, message="sandbox: request"):
    return json.dumps({"message": message, "timestamp": f"2026-01-01T00:00:{at:06.3f}+00:00", "taken": taken})


def test_requests():
    """Requests are read from the sandbox's log, in order, whether they were taken or not."""
    requests = Requests.logged([line(2.5), line(1.25, taken=False), line(0, message="sandbox: callback sent"), line(1)])
    assert [at - requests.all[0] for at in requests.all] == [0, 0.25, 1.5]
    assert [at - requests.all[0] for at in requests.taken] == [0, 1.5]
    assert [at - requests.all[0] for at in requests.refused] == [0.25]


@pytest.mark.parametrize(
    ("instants", "most", "mean"),
    [
        ((), 0, 0),
        ((5.0,), 1, 1),
        ((5.0, 5.4, 5.9, 6.5), 3, 4 / 1.5),
        ((0.9, 1.0, 1.1, 1.8), 4, 4),
        ((0.0, 10.0), 1, 0.2),
    ],
)
def test_in_a_second(instants, most, mean):
    """The most requests are those of any second, wherever it begins; the mean is that of the whole time."""
    assert pacing.most_in_a_second(instants) == most
    assert pacing.mean_per_second(instants) == pytest.approx(mean)


def test_delays():
    """The delay counts from the POST to the answer, of first messages that were taken, or may have been."""
    refused = sent(4, answer=Refused(422))
    assert pacing.delays([sent(3, 1), sent(9, answer=Unknown("HTTP 500")), refused]) == [2, 9, 4]
    assert pacing.delays([workflow(*TWO_STEPS), sent(5, answer=NotTaken("HTTP 429"))]) == []


def test_overtaken():
    """A workflow is overtaken by the difference to the first younger one that was sent before it."""
    flows = [sent(at, created_at) for created_at, at in ((0, 10), (1, 12.5), (2, 11), (3, 9), (4, 14))]
    assert sorted(pacing.overtaken(reversed(flows))) == [1, 2, 3.5]
    assert pacing.overtaken([]) == pacing.overtaken(flows[:2]) == []


def test_in_flight():
    """Sends are in flight from the claim to the answer, to the release, or to the end of the step."""
    assert pacing.most_in_flight([sent(1), sent(1.05), sent(1.1), sent(9)]) == 2
    postponed = [
        {"sequence": 1, "at": NOW, "event": "sending", "step": 0},
        {"sequence": 2, "at": NOW + 500, "event": "postponed", "step": 0, "reason": "HTTP 429"},
        {"sequence": 3, "at": NOW + 900, "event": "sending", "step": 0},
        {"sequence": 4, "at": NOW + 990, "event": "left", "step": 0, "outcome": "unsendable", "reason": "unsendable"},
    ]
    flow = replace(workflow(*TWO_STEPS), timeline=tuple(postponed))
    assert pacing.most_in_flight([flow, sent(0.8)]) == 1
    assert pacing.most_in_flight([flow, sent(0.55)]) == 2
    assert pacing.most_in_flight([]) == 0


def test_reached():
    """A workflow counts for the channel that met its condition, or for none."""
    read = transitions.received(sent(1), 0, Receipt("read", "uuid-0", None, None), NOW + 2000)
    assert pacing.reached([read, read, sent(1)]) == {"messenger": 2, "none": 1}


def test_report():
    """The report names the limit, the refusals, and the steps that were given up."""
    unsent = transitions.claimed(sent(5, answer=NotTaken("HTTP 429")), 1, NOW + 6000)
    text = "\n".join(pacing.report([sent(1), unsent], Requests.logged([line(1), line(1.5, taken=False)]), 2))
    assert "2 requests a second" in text
    assert "1 taken, 1 refused" in text
    assert "1 unsendable: HTTP 429, without a send" in text
