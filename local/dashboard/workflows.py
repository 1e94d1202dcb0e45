"""The rows about workflows: what they come to, and how the Messages API takes their messages."""

from local.dashboard.widgets import FROM_ZERO, SECONDS, Row, alarmed, by, graph, ours, total

HOUR = 3600
"""Seconds."""
WITHOUT_SUCCESS = ("rejected", "undeliverable", "refused", "unsendable")
"""Outcomes of any step."""
FAILOVERS = (*WITHOUT_SUCCESS, "expired", "advanced")
FAILURES = (*WITHOUT_SUCCESS, "unconfirmed")
"""Of the last step."""
ANSWERS = ("accepted", "refused", "nottaken", "unknown")


def business() -> Row:
    return Row(
        "Business",
        "Workflows, the people they reached, and what that cost. Counted when a change is written: a summary of the "
        "API is exact.",
        [
            graph(
                "Workflows",
                ours("WorkflowsCreated", "workflows_api", label="created"),
                total("WorkflowsCompleted", "channel", label="completed"),
                total("WorkflowsFailed", "reason", label="failed"),
                ours("WorkflowsCancelled", "workflows_api", label="cancelled"),
                ours("WorkflowsCancelled", "accounts", label="cancelled by an operator"),
                yAxis=FROM_ZERO,
            ),
            graph("Reached, by channel", by("WorkflowsCompleted", "channel"), stacked=True, yAxis=FROM_ZERO),
            graph(
                "Failovers, by reason",
                *(total("StepsFailedOver", "channel", "reason", label=one, reason=one) for one in FAILOVERS),
                stacked=True,
                yAxis=FROM_ZERO,
            ),
            graph(
                "Failed workflows, by reason of the last step",
                *(total("WorkflowsFailed", "reason", label=one, reason=one) for one in FAILURES),
                stacked=True,
                yAxis=FROM_ZERO,
            ),
            graph(
                "Time to the condition, from the vendor's answer",
                by("SecondsToCondition", "channel", label="p50", stat="p50"),
                by("SecondsToCondition", "channel", label="p95", stat="p95"),
                yAxis=SECONDS,
            ),
            graph(
                "Time to completion, from the request",
                *(ours("SecondsToComplete", "message_status", stat=one, label=one) for one in ("p50", "p95", "p99")),
                yAxis=SECONDS,
            ),
            graph(
                "Price of the messages each hour, by currency",
                by("MessagePrice", "currency", period=HOUR),
                width=12,
                period=HOUR,
            ),
            graph(
                "Webhooks to customers",
                *(
                    ours(metric, "deliver_webhook", label=label)
                    for metric, label in (
                        ("WebhooksDelivered", "delivered"),
                        ("WebhooksPutOff", "put off, and tried again"),
                        ("WebhooksRefused", "refused by the customer's server"),
                        ("WebhooksGivenUp", "given up"),
                    )
                ),
                width=12,
                yAxis=FROM_ZERO,
            ),
        ],
    )


def vendor() -> Row:
    return Row(
        "Messages API",
        "What was sent, what waits for its turn, and which status callbacks come back.",
        [
            graph(
                "Sends, by answer",
                *(total("StepsSent", "answer", "channel", label=one, answer=one) for one in ANSWERS),
                stacked=True,
                yAxis=FROM_ZERO,
            ),
            graph(
                "Limits of the vendor",
                total("SendsWaiting", "channel", label="steps that wait for their turn"),
                total("ClaimsReleased", "channel", "reason", label="throttled", reason="throttled"),
                total("ClaimsReleased", "channel", "reason", label="unreachable", reason="unreachable"),
                alarmed("LanesClosed", label="all sends stopped"),
                alarmed("PatienceEnded", label="steps left without a send"),
                alarmed("AccountRefused", label="credentials or account refused"),
                yAxis=FROM_ZERO,
            ),
            graph(
                "Status callbacks",
                alarmed("GenuineReceipts", label="genuine"),
                alarmed("ForgedReceipts", label="forged"),
                alarmed("UnsignedReceipts", label="unsigned"),
                alarmed("UnknownStatuses", label="status unknown"),
                ours("UnknownReceipts", "message_status", label="message unknown"),
                yAxis=FROM_ZERO,
            ),
        ],
    )
