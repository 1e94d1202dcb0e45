"""When a webhook is attempted again (docs/api.md, "Webhooks")."""

import pytest

from failover.rules.requests.request import MAX_STEPS
from failover.rules.webhooks import delivery
from failover.rules.webhooks.delivery import Answered, Failed, Forbidden
from tests.world import ROOT

DAY = 24 * 3600 * 1000


@pytest.mark.decision("Customer's webhooks")
def test_pauses():
    """The first retry is after 5 s; pauses double up to 900 s, the longest delay of an SQS message."""
    pauses = [delivery.pause(series) for series in range(1, 12)]
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]
    assert delivery.pause(10_000) == 900


def test_a_day_of_attempts():
    """An endpoint that never answers gets 103 attempts in 24 hours; the next one would begin too late."""
    begun, attempts = 0, 1
    while delivery.may_go_on(1, 1 + begun * 1000, seconds := delivery.pause(attempts)):
        begun, attempts = begun + seconds, attempts + 1
    assert (attempts, begun <= DAY // 1000 < begun + seconds) == (103, True)


@pytest.mark.parametrize(("early", "goes_on"), [(1, True), (0, True), (-1, False)])
def test_the_limit(early, goes_on):
    """An attempt may begin up to 24 hours after the first, and not a millisecond later."""
    since = 1_800_000_000_000
    assert delivery.may_go_on(since, since + DAY - 900_000 - early, 900) is goes_on


def test_attempts_in_a_day():
    """docs/security.md has the most attempts of one webhook, and the most POSTs of a workflow of ten steps."""
    at, attempts = 0, 1
    while delivery.may_go_on(0, at * 1000, delivery.pause(attempts)):
        at += delivery.pause(attempts)
        attempts += 1
    statuses, report = 2 * MAX_STEPS, 1
    page = (ROOT / "docs/security.md").read_text()
    assert f"{statuses + report} webhooks of {attempts} attempts" in page
    assert f"{(statuses + report) * attempts:,} POSTs" in page


@pytest.mark.parametrize("status", [200, 201, 202, 204, 205, 299])
def test_delivered(status):
    """Every 2xx is an acknowledgement."""
    assert delivery.delivered(Answered(status))
    assert not delivery.worth_repeating(Answered(status))


@pytest.mark.parametrize("attempted", [Answered(s) for s in (429, 500, 502, 503, 504, 599)] + [Failed("timeout")])
def test_repeated(attempted):
    """429, 5xx, timeouts and lost connections are retried."""
    assert delivery.worth_repeating(attempted)
    assert not delivery.delivered(attempted)


@pytest.mark.decision("Customer's webhooks")
@pytest.mark.parametrize(
    "attempted",
    [Answered(s) for s in (101, 300, 301, 302, 307, 308, 400, 401, 403, 404, 408, 410, 418, 428, 430, 499)]
    + [Forbidden("not public")],
)
def test_final(attempted):
    """Every other answer is final, and so is an address that no webhook may go to."""
    assert not delivery.worth_repeating(attempted)
    assert not delivery.delivered(attempted)
