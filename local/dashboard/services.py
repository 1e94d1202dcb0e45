"""The rows about what carries workflows: the services of AWS, and the alarms."""

from typing import Any

from local.dashboard.widgets import (
    FROM_ZERO,
    MILLISECONDS,
    SECONDS,
    STACK,
    Line,
    Row,
    Widget,
    alarmed,
    by,
    expression,
    graph,
    ours,
    series,
    total,
)

INDEXES = ("due", "listed", "referred", "failed")
OPERATIONS = ("GetItem", "PutItem", "UpdateItem", "Query", "TransactWriteItems", "BatchGetItem")
CALLBACK_PATH = "/webhooks/message-status"
PERCENT = {"left": {"min": 0, "max": 100, "label": "%", "showUnits": False}}


def api() -> Row:
    name = {"ApiName": STACK}
    return Row(
        "API",
        "All requests, status callbacks included. What API Gateway answers itself is in its access log.",
        [
            graph(
                "Requests",
                series("AWS/ApiGateway", "Count", name, label="requests", stat="SampleCount"),
                series("AWS/ApiGateway", "4XXError", name, label="4xx"),
                series("AWS/ApiGateway", "5XXError", name, label="5xx"),
                ours("WorkflowsLimited", "workflows_api", label="429: an account's limit"),
                yAxis=FROM_ZERO,
            ),
            graph(
                "Latency",
                *(series("AWS/ApiGateway", "Latency", name, stat=one, label=one) for one in ("p50", "p95", "p99")),
                yAxis=MILLISECONDS,
            ),
            graph(
                "Not passed on to a function",
                *_turned_away("posted", "/{proxy+}", "POST to other paths"),
                *_turned_away("called", CALLBACK_PATH, "status callbacks"),
                yAxis=FROM_ZERO,
            ),
        ],
    )


def _turned_away(name: str, path: str, label: str) -> list[Line]:
    """Return what API Gateway answers itself, mostly 429: only what it passes on has an integration's latency."""
    dimensions = {"ApiName": STACK, "Resource": path, "Method": "POST", "Stage": "${Api.Stage}"}
    options: dict[str, Any] = {"stat": "SampleCount", "visible": False}
    return [
        expression(f"FILL({name}, 0) - FILL({name}_passed_on, 0)", label),
        series("AWS/ApiGateway", "Count", dimensions, id=name, **options),
        series("AWS/ApiGateway", "IntegrationLatency", dimensions, id=f"{name}_passed_on", **options),
    ]


def functions(logical_ids: list[str]) -> Row:
    def of_each(title: str, metric: str, **more: Any) -> Widget:
        lines = [series("AWS/Lambda", metric, {"FunctionName": f"${{{one}}}"}, label=one) for one in logical_ids]
        return graph(title, *lines, **more)

    return Row(
        "Functions",
        "A send that waits for its turn counts as an error of its function, but is none (SendsPutOff).",
        [
            of_each("Invocations", "Invocations", yAxis=FROM_ZERO),
            of_each("Errors", "Errors", yAxis=FROM_ZERO),
            of_each("Calls that Lambda throttled", "Throttles", yAxis=FROM_ZERO),
            of_each("Duration, p95", "Duration", stat="p95", yAxis=MILLISECONDS),
            of_each("Concurrent executions", "ConcurrentExecutions", stat="Maximum", yAxis=FROM_ZERO),
            graph(
                "Failures",
                alarmed("UnexpectedFailures", label="unexpected failures"),
                alarmed("InvalidTaskTokens", label="invalid task tokens"),
                total("SendsPutOff", label="sends put off"),
                total("SignalsLost", label="signals lost"),
                total("MessageIdsReused", label="message ids reused"),
                series(
                    "AWS/Lambda",
                    "IteratorAge",
                    {"FunctionName": "${PublishEvents}"},
                    stat="Maximum",
                    yAxis="right",
                    label="age of the stream (right)",
                ),
                yAxis=FROM_ZERO | {"right": {"min": 0, "label": "milliseconds", "showUnits": False}},
            ),
        ],
    )


def state_machine() -> Row:
    machine = {"StateMachineArn": "${StateMachine}"}
    account: dict[str, Any] = {"visible": False, "stat": "Maximum"}
    return Row(
        "State machine",
        "One execution for each running workflow. Throttles and open executions are those of the AWS account.",
        [
            graph(
                "Executions",
                *(
                    series("AWS/States", f"Executions{word}", machine, label=word.lower())
                    for word in ("Started", "Succeeded", "Failed", "Aborted", "TimedOut")
                ),
                yAxis=FROM_ZERO,
            ),
            graph(
                "Overdue and unstarted workflows",
                alarmed("OldestOverdueSeconds", label="oldest overdue"),
                alarmed("OldestUnstartedSeconds", label="oldest unstarted"),
                stat="Maximum",
                yAxis=SECONDS,
            ),
            graph(
                "Repairs",
                by("WorkflowsReconciled", "action"),
                ours("WorkflowsNotStarted", "workflows_api", label="not started at once"),
                alarmed("WorkflowsAbandoned", label="abandoned"),
                alarmed("WorkflowsRestored", label="restored from a backup"),
                yAxis=FROM_ZERO,
            ),
            graph(
                "Calls and transitions that Step Functions throttled",
                *(
                    series("AWS/States", "ThrottledEvents", {"APIName": one}, label=one)
                    for one in ("StartExecution", "SendTaskFailure")
                ),
                series("AWS/States", "ThrottledEvents", {"ServiceMetric": "StateTransition"}, label="StateTransition"),
                width=12,
                yAxis=FROM_ZERO,
            ),
            graph(
                "Open executions, share of the limit",
                expression("100 * started / allowed", "open executions"),
                series("AWS/States", "OpenExecutionCount", id="started", **account),
                series("AWS/States", "OpenExecutionLimit", id="allowed", **account),
                width=12,
                yAxis=PERCENT,
            ),
        ],
    )


def table() -> Row:
    name = {"TableName": "${Table}"}
    return Row(
        "Table",
        "Requests that DynamoDB throttles are repeated; the alarm counts them for the table and its indexes.",
        [
            graph(
                "Consumed units",
                series("AWS/DynamoDB", "ConsumedReadCapacityUnits", name, label="read"),
                series("AWS/DynamoDB", "ConsumedWriteCapacityUnits", name, label="written"),
                *(
                    series(
                        "AWS/DynamoDB",
                        "ConsumedWriteCapacityUnits",
                        name | {"GlobalSecondaryIndexName": index},
                        label=f"written to {index}",
                    )
                    for index in INDEXES
                ),
                yAxis=FROM_ZERO,
            ),
            graph(
                "Calls that DynamoDB throttled",
                *(
                    series(
                        "AWS/DynamoDB",
                        f"{word}ThrottleEvents",
                        name | ({"GlobalSecondaryIndexName": index} if index else {}),
                        label=f"{word.lower()} {index or 'table'}",
                    )
                    for word in ("Read", "Write")
                    for index in ("", *INDEXES)
                ),
                yAxis=FROM_ZERO,
            ),
            graph(
                "Latency, p99",
                *(
                    series("AWS/DynamoDB", "SuccessfulRequestLatency", name | {"Operation": one}, label=one)
                    for one in OPERATIONS
                ),
                stat="p99",
                yAxis=MILLISECONDS,
            ),
        ],
    )


def queues() -> Row:
    def depth(queue: str, **options: str) -> Line:
        return series(
            "AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": f"${{{queue}.QueueName}}"}, **options
        )

    webhooks = {"QueueName": "${Webhooks.QueueName}"}
    return Row(
        "Queues",
        "Webhooks wait in the queue of that name. What is among the dead letters needs a decision of yours.",
        [
            graph(
                "Webhooks that wait",
                depth("Webhooks", label="ready"),
                series("AWS/SQS", "ApproximateNumberOfMessagesDelayed", webhooks, label="delayed: the next attempt"),
                series("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", webhooks, label="being delivered"),
                stat="Maximum",
                yAxis=FROM_ZERO,
            ),
            graph(
                "Webhooks queued and done",
                series("AWS/SQS", "NumberOfMessagesSent", webhooks, label="queued"),
                series("AWS/SQS", "NumberOfMessagesDeleted", webhooks, label="done"),
                ours("WebhooksHeldBack", "deliver_webhook", label="held back: the host hangs"),
                alarmed("WebhooksPublishedLate", label="queued late"),
                yAxis=FROM_ZERO,
            ),
            graph(
                "Dead letters",
                depth("WebhookDeadLetters", label="webhooks given up"),
                depth("UnpublishedEvents", label="changes not published"),
                stat="Maximum",
                yAxis=FROM_ZERO,
            ),
        ],
    )


def alarms(names: list[str]) -> Row:
    """`names`: those of the alarms, without the stack's name and its hyphen."""
    arn = f"arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:{STACK}"
    height = 2 + -(-len(names) // 4)  # four in a line
    properties = {"title": "Alarms", "sortBy": "stateUpdatedTimestamp", "alarms": [f"{arn}-{one}" for one in names]}
    return Row("Alarms", "docs/runbooks.md says for each what to do.", [Widget("alarm", properties, 24, height)])
