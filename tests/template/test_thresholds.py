"""When alarms fire and when not: their expressions and thresholds, evaluated for made-up traffic."""

import re

import pytest

from tests.template.evaluation import period, rings
from tests.template.test_alarms import ALARMS, EVERY_ALARM
from tests.world import SEND_FUNCTIONS, logical_id

DAY = 288
"""Periods of 5 minutes."""
QUIET = {"OldestOverdueSeconds": 0, "OldestUnstartedSeconds": 0}
"""A period without requests, in which `reconcile` and `start_workflows` still run."""


def rung(*samples):
    """The alarms that fire in these periods of 5 minutes."""
    different = {id(sample): QUIET | sample for sample in samples}
    complete = [different[id(sample)] for sample in samples]
    return {name for name, alarm in ALARMS.items() if rings(alarm, complete)}


def requests(count, failed=0):
    return {"Count": count, "5XXError": failed} if failed else {"Count": count}


def callbacks(genuine=0, forged=0, unsigned=0):
    """The callbacks of one period, as API Gateway and `message_status` count them."""
    every = genuine + forged + unsigned
    counts = {"Count": every, "callbacks' Count": every, "4XXError": forged}
    counts |= {"5XXError": unsigned, "UnsignedReceipts": unsigned} if unsigned else {}
    return counts | ({"ForgedReceipts": forged} if forged else {})


GET = {"Count": 1, "4XXError": 1, "CallbacksNotPosted": 1}
"""A callback by GET, the initial setting in the vendor's dashboard."""


@pytest.mark.parametrize("one", [callbacks(unsigned=1), callbacks(forged=1), {"Count": 1, "4XXError": 1}, GET])
def test_a_strangers_request(one):
    """No alarm fires for a stranger's request: an unsigned or wrongly signed callback, or an unknown path."""
    assert rung(one) == set()


@pytest.mark.parametrize("kind", ["unsigned", "forged"])
def test_a_scanner(kind):
    """No alarm fires for five minutes of heavy scanning, nor for a long scan beside real traffic."""
    assert rung(callbacks(**{kind: 200})) == set()
    assert rung(*[callbacks(genuine=40, **{kind: 4})] * DAY) == set()


def test_a_wrong_secret():
    """With a wrong secret the alarm fires within a quarter of an hour, and not at once."""
    wrong = callbacks(forged=300)
    assert rung(wrong, wrong) == set()
    assert rung(wrong, wrong, wrong) == {"ReceiptsForged"}


def test_a_wrong_secret_of_a_quiet_stack():
    """With three messages a day the alarm fires at the third one."""
    message, hours = callbacks(forged=2), [{}] * 90
    assert rung(message, *hours, message, *hours) == set()
    assert rung(message, *hours, message, *hours, message) == {"ReceiptsForged"}


def test_a_secret_that_is_wrong_in_part():
    """The alarm also fires if most callbacks are genuine, but not if hardly any is forged."""
    assert rung(*[callbacks(genuine=85, forged=15)] * 3) == {"ReceiptsForged"}
    assert rung(*[callbacks(genuine=95, forged=5)] * DAY) == set()


def test_a_wrong_secret_cannot_be_hidden():
    """Unsigned callbacks, which anyone may send, do not dilute the forged ones."""
    assert rung(*[callbacks(genuine=1, forged=20, unsigned=2000)] * 3) == {"ReceiptsForged"}


def test_a_dashboard_that_says_get():
    """The alarm fires at the sixth callback by GET, even on a quiet stack; a few among real ones are ignored."""
    quiet = [GET, *[{}] * 40]
    assert rung(*quiet * 5) == set()
    assert rung(*quiet * 6) == {"ReceiptsNotPosted"}
    assert rung(*[{**callbacks(genuine=40), "CallbacksNotPosted": 4}] * DAY) == set()


def test_an_unknown_status():
    """The alarm fires at the first unknown status: only the vendor can sign one."""
    assert rung({**callbacks(genuine=40), "UnknownStatuses": 1}) == {"StatusesUnknown"}


def test_unsigned_callbacks():
    """A vendor that does not sign has its own alarm, within half an hour; the API does not count as failing."""
    unsigned = callbacks(unsigned=300)
    beside_requests = {**unsigned, "Count": unsigned["Count"] + 100}
    assert rung(*[beside_requests] * 5) == set()
    assert rung(*[beside_requests] * 6) == rung(*[unsigned] * 6) == {"ReceiptsUnsigned"}


def test_unsigned_callbacks_of_a_quiet_stack():
    """One callback that the vendor repeats for a day is enough."""
    assert rung(*[callbacks(unsigned=1), *[{}] * 40] * 6) == {"ReceiptsUnsigned"}


@pytest.mark.parametrize(
    ("traffic", "expected"),
    [
        (requests(100_000, 6000), {"ApiFailing"}),
        (requests(100_000, 4000), set()),
        (requests(5, 5), {"ApiFailing"}),
        (requests(4, 4), set()),
        (requests(10_000, 4), set()),
        (requests(90), set()),
    ],
)
def test_an_api_that_fails(traffic, expected):
    """The alarm fires within ten minutes for a share of the requests, also of few, but not for one or two."""
    assert rung(traffic, traffic) == rung(traffic, {}, traffic) == expected


def test_metrics_that_arrive_late():
    """A period with callbacks counted as failures, but not yet as unsigned, does not fire the alarm."""
    late = {name: value for name, value in callbacks(unsigned=300).items() if name != "UnsignedReceipts"}
    assert rung(late) == set()


def test_a_failing_api_cannot_be_hidden():
    """Unsigned callbacks count neither as failures nor as requests."""
    unsigned = callbacks(unsigned=2000)
    both = {**unsigned, "Count": unsigned["Count"] + 100, "5XXError": unsigned["5XXError"] + 10}
    assert rung(both, both) == {"ApiFailing"}


HOUR = 12
"""Periods of 5 minutes."""


def test_an_unexpected_failure():
    """The alarm does not fire for one failure and its retries, and fires if it is still there in another period."""
    retried = {"UnexpectedFailures": 3}
    assert rung(retried) == set()
    assert rung(retried, *[{}] * HOUR, retried) == set()
    assert rung(retried, {}, {}, {"UnexpectedFailures": 1}) == {"UnexpectedFailures"}


def test_a_strangers_unexpected_failures():
    """A stranger who finds a bug does not fire the alarm of a busy stack."""
    assert rung(*[requests(100_000) | {"UnexpectedFailures": 50}] * DAY) == set()


@pytest.mark.parametrize("name", [name for name, alarm in EVERY_ALARM.items() if "Metrics" in alarm["Properties"]])
def test_an_expression(name):
    """Each alarm compares one series of one period, made of ten metrics at most, and looks back a day at most."""
    properties = EVERY_ALARM[name]["Properties"]
    shown = [one for one in properties["Metrics"] if one.get("ReturnData", True)]
    assert shown == [properties["Metrics"][0]]
    assert properties["EvaluationPeriods"] * period(EVERY_ALARM[name]) <= DAY * 300
    assert sum("MetricStat" in one for one in properties["Metrics"]) <= 10, "CloudWatch's limit"
    others = [one["Id"] for one in properties["Metrics"][1:]]
    used = re.findall(r"\b[a-z][a-z_]*", " ".join(one.get("Expression", "") for one in properties["Metrics"]))
    assert set(used) == set(others)


SENDS = {logical_id(name): name for name in SEND_FUNCTIONS}
"""The name of each send function in metrics, by its logical id."""


def sends(faults=0, throttles=0, waits=0, invocations=10_000):
    """What every channel's function did in one period; a send without a turn counts as an error too."""
    made = {}
    for name, service in SENDS.items():
        made |= {f"{name} Errors": faults + waits, f"{name} Throttles": throttles, f"{name} Invocations": invocations}
        made |= {f"{service} SendsPutOff": waits} if waits else {}
    return made


BUSY = {
    **{"Count": 105_000, "5XXError": 60, "4XXError": 900, "UnexpectedFailures": 10},
    **{"posts' Count": 15_000, "posts' IntegrationLatency": 14_950},
    **{"callbacks' Count": 90_000, "callbacks' IntegrationLatency": 89_700},
    **{"GenuineReceipts": 89_600, "ForgedReceipts": 20, "UnsignedReceipts": 40, "CallbacksNotPosted": 20},
    **{"MessagesAccepted": 30_000, "AccountRefused": 20, "InvalidTaskTokens": 10, "WebhooksPublishedLate": 15},
    **{"WorkflowsApi Throttles": 10, "WorkflowsApi Invocations": 15_000},
    **{"MessageStatus Throttles": 30, "MessageStatus Invocations": 89_700},
    **{"DeliverWebhook Errors": 60, "DeliverWebhook Invocations": 60_000},
    **{"Webhooks ApproximateNumberOfMessagesVisible": 2_500, "Webhooks NumberOfMessagesDeleted": 60_000},
    **{"ExecutionsFailed": 15, "ExecutionsSucceeded": 15_000, "OpenExecutionCount": 400_000},
    **{"OpenExecutionLimit": 1_000_000, "StateTransition ThrottledEvents": 20, "StartExecution ThrottledEvents": 20},
    **{"WriteThrottleEvents": 5, "due WriteThrottleEvents": 5, "PublishEvents IteratorAge": 5_000},
    **{"ConcurrentExecutions": 500, "UnreservedConcurrentExecutions": 300, "ClaimedAccountConcurrency": 900},
    **{"quota": 1_300, "OldestOverdueSeconds": 50, "OldestUnstartedSeconds": 40, "LanesClosed": 4},
    **sends(faults=30, throttles=30, waits=5_000),
}
"""Five minutes of 50 workflows a second with the errors of a normal day. A third of the sends wait for a turn."""


def test_a_quiet_stack():
    """No alarm fires for a stack without traffic, nor for a day with one message."""
    assert rung(*[{}] * DAY) == set()
    alone = {"Count": 3, "posts' Count": 1, "posts' IntegrationLatency": 1, "callbacks' Count": 2}
    alone |= {"callbacks' IntegrationLatency": 2, "GenuineReceipts": 2, "MessagesAccepted": 1, "ExecutionsSucceeded": 1}
    alone |= {"SendSms Errors": 1, "SendSms Invocations": 2, "Webhooks NumberOfMessagesDeleted": 3}
    assert rung(alone, *[{}] * DAY) == set()


def test_a_busy_stack():
    """No alarm fires within a day for 50 workflows a second with a normal rate of errors."""
    assert rung(*[BUSY] * DAY) == set()


TEN_MINUTES, QUARTER_HOUR = 2, 3
OUTAGES = {
    "UnexpectedFailures": (TEN_MINUTES, {"UnexpectedFailures": 1_000}, {"UnexpectedFailures": 1}),
    "ApiFailing": (TEN_MINUTES, {"5XXError": 10_000}, {"Count": 5, "5XXError": 5}),
    "FunctionsThrottled": (
        TEN_MINUTES,
        {"MessageStatus Throttles": 3_000},
        {"WorkflowsApi Throttles": 12, "WorkflowsApi Invocations": 5},
    ),
    "RequestsThrottled": (
        TEN_MINUTES,
        {"posts' IntegrationLatency": 12_000},
        {"posts' Count": 40, "posts' IntegrationLatency": 20},
    ),
    "CallbacksThrottled": (
        TEN_MINUTES,
        {"callbacks' IntegrationLatency": 80_000},
        {"callbacks' Count": 40, "callbacks' IntegrationLatency": 20},
    ),
    "ConcurrencyNearLimit": (
        TEN_MINUTES,
        {"UnreservedConcurrentExecutions": 650, "ClaimedAccountConcurrency": 1_250},
        {"UnreservedConcurrentExecutions": 9, "ClaimedAccountConcurrency": 9, "ConcurrentExecutions": 9, "quota": 10},
    ),
    "TableThrottled": (TEN_MINUTES, {"listed WriteThrottleEvents": 5_000}, {"ReadThrottleEvents": 60}),
    "ExecutionsNearLimit": (
        TEN_MINUTES,
        {"OpenExecutionCount": 900_000},
        {"OpenExecutionCount": 900_000, "OpenExecutionLimit": 1_000_000},
    ),
    "StepFunctionsThrottled": (
        TEN_MINUTES,
        {"StateTransition ThrottledEvents": 5_000},
        {"SendTaskFailure ThrottledEvents": 101},
    ),
    "ExecutionsFailed": (TEN_MINUTES, {"ExecutionsFailed": 500}, {"ExecutionsFailed": 1}),
    "ExecutionsTimedOut": (1, {"ExecutionsTimedOut": 1}, {"ExecutionsTimedOut": 1}),
    "WorkflowsAbandoned": (1, {"WorkflowsAbandoned": 1}, {"WorkflowsAbandoned": 1}),
    "WorkflowsRestored": (1, {"WorkflowsRestored": 1}, {"WorkflowsRestored": 1}),
    "AccountRefused": (1, {"AccountRefused": 30_000, "MessagesAccepted": 0}, {"AccountRefused": 1}),
    "ReceiptsForged": (QUARTER_HOUR, {"ForgedReceipts": 30_000}, callbacks(forged=1)),
    "ReceiptsUnsigned": (6, {"UnsignedReceipts": 80_000, "5XXError": 80_060}, callbacks(unsigned=1)),
    "ReceiptsMissing": (19, {"GenuineReceipts": 0, "InvalidTaskTokens": 0}, {"MessagesAccepted": 1}),
    "ReceiptsNotPosted": (6, {"CallbacksNotPosted": 100_000}, {"CallbacksNotPosted": 1}),
    "StatusesUnknown": (1, {"UnknownStatuses": 1}, {"UnknownStatuses": 1}),
    "TaskTokensInvalid": (TEN_MINUTES, {"InvalidTaskTokens": 5_000}, {"InvalidTaskTokens": 1}),
    "PatienceEnded": (2, {"PatienceEnded": 5}, {"PatienceEnded": 5}),
    "VendorThrottles": (2, {"LanesClosed": 60}, {"LanesClosed": 60}),
    "StartsBehind": (5, {"OldestUnstartedSeconds": 400}, {"OldestUnstartedSeconds": 400}),
    "ReconcileBehind": (5, {"OldestOverdueSeconds": 400}, {"OldestOverdueSeconds": 400}),
    "StreamBehind": (1, {"PublishEvents IteratorAge": 400_000}, {"PublishEvents IteratorAge": 400_000}),
    "EventsUnpublished": (1, *[{"UnpublishedEvents ApproximateNumberOfMessagesVisible": 1}] * 2),
    "WebhooksLate": (1, {"WebhooksPublishedLate": 40_000}, {"WebhooksPublishedLate": 1}),
    "DeliveriesFailing": (
        QUARTER_HOUR,
        {"DeliverWebhook Errors": 30_000},
        {"DeliverWebhook Errors": 1, "DeliverWebhook Invocations": 1},
    ),
    "WebhooksWaiting": (
        QUARTER_HOUR,
        {"Webhooks ApproximateNumberOfMessagesVisible": 60_000},
        {"Webhooks ApproximateNumberOfMessagesVisible": 1},
    ),
    "WebhooksDead": (1, *[{"WebhookDeadLetters ApproximateNumberOfMessagesVisible": 1}] * 2),
    "SandboxReceiptsDead": (1, *[{"SandboxDeadLetters ApproximateNumberOfMessagesVisible": 1}] * 2),
    **{
        f"{name}Failing": (
            TEN_MINUTES,
            {f"{name} Errors": 7_000},
            {f"{name} Errors": 9, f"{name} Invocations": 9},
        )
        for name in SENDS
    },
}
"""Alarm → the periods of 5 minutes until it fires, and what an outage changes on a busy and on a quiet stack."""


def test_every_alarm_has_an_outage():
    """There is an outage for each alarm."""
    assert set(OUTAGES) == set(ALARMS)


@pytest.mark.parametrize("name", OUTAGES)
def test_an_outage_of_a_busy_stack(name):
    """After normal hours the alarm fires in time, no other does, and not a period too early."""
    periods, changes, _ = OUTAGES[name]
    normal, outage = [BUSY] * HOUR, [BUSY | changes]
    assert rung(*normal, *outage * (periods - 1)) == set()
    assert rung(*normal, *outage * periods) == {name}


@pytest.mark.parametrize("name", OUTAGES)
def test_an_outage_of_a_quiet_stack(name):
    """With hardly any traffic the alarm fires within the same time, and no other does."""
    periods, _, outage = OUTAGES[name]
    assert rung(*[{}] * HOUR, *[outage] * periods) == {name}


def test_sends_that_wait():
    """Sends that wait for their turn do not count as failing, however many there are."""
    assert rung(*[sends(waits=9_900)] * DAY) == set()


def sent(count=1, receipts=0):
    """The messages accepted by the vendor in one period, and the genuine callbacks."""
    return {"MessagesAccepted": count} | ({"GenuineReceipts": receipts} if receipts else {})


HALF_HOUR = 6
"""Periods of 5 minutes."""


def test_no_receipts_at_all():
    """With constant traffic and no receipts the alarm fires within two hours, and not in the first."""
    assert rung(*[sent(100)] * (2 * HALF_HOUR)) == set()
    assert rung(*[sent(100)] * (4 * HALF_HOUR)) == {"ReceiptsMissing"}


def test_no_receipts_of_a_quiet_stack():
    """With hardly any traffic the alarm fires at the fourth message of a day."""
    message = [sent(), *[{}] * 60]
    assert rung(*message * 3) == set()
    assert rung(*message * 4) == {"ReceiptsMissing"}


@pytest.mark.parametrize(
    "samples",
    [
        [{}] * DAY,
        [sent(50)] * 3,
        [sent(2, receipts=4)] * DAY,
        [sent(2), {"GenuineReceipts": 4}] * (DAY // 2),
        [sent(20), *[{}] * 5, {"GenuineReceipts": 40}, *[{}] * 5] * 3,
        [*[sent(10, receipts=1)] * DAY, *[sent(10)] * HALF_HOUR],
        [{"GenuineReceipts": 5}] * DAY,
        [sent(), {}, {"GenuineReceipts": 2}, *[{}] * 200],
    ],
    ids=["no traffic", "just now", "healthy", "ten minutes", "half an hour", "a pause", "statuses only", "one message"],
)
def test_receipts_that_are_not_missing(samples):
    """No alarm fires without traffic, for recent messages, or for the usual delay of receipts."""
    assert rung(*samples) == set()


def test_forgeries_are_no_receipts():
    """Callbacks that anyone may send do not hide missing receipts."""
    beside = sent(10) | callbacks(unsigned=1)
    assert "ReceiptsMissing" in rung(*[beside] * (4 * HALF_HOUR))
