"""The schemas of responses and webhooks."""

from typing import Any

from failover import problems
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.statuses import CONDITIONS, FAILURES, RANKS
from failover.rules.webhooks import failed
from failover.rules.workflow.state import EVENTS, OUTCOMES, PHASES, STATES
from failover.rules.workflow.summary import MOST_POINTS, MOST_WORKFLOWS

type Schema = dict[str, Any]

_STATUSES = {
    "submitted": "handed to the provider",
    "delivered": "reached the device, according to the provider",
    "read": "opened; only some channels report it",
    "rejected": "refused by the platform or provider, or its time to live ran out",
    "undeliverable": "the provider could not be reached, or could not deliver",
}
_STEP_STATES = [*PHASES, *OUTCOMES]
_EVENTS = {
    "accepted": "the workflow was stored",
    "waiting": "a step has no turn at the Messages API yet",
    "sending": "a step was claimed: its request is about to be sent",
    "postponed": "the Messages API did not take the request: it will be sent again",
    "sent": "the Messages API accepted it",
    "unsent": "it was certainly not accepted",
    "unknown": "it may have been accepted or not",
    "restored": "the service was restored from an older backup: steps may have been sent, and none is sent now",
    "status": "a status was received",
    "left": "a step was closed without success",
    "completed": "the workflow succeeded",
    "error": "the workflow failed, with its last step",
    "cancelled": "the customer cancelled it",
    "amended": "the final report again: the total changed, or a second message reached the recipient",
}


def schemas() -> dict[str, Schema]:
    """The components of all responses and webhooks."""
    return {
        "Uuid": {"type": "string", "format": "uuid"},
        "Instant": {"type": "string", "format": "date-time", "examples": ["2026-01-31T12:00:00.000Z"]},
        "Channel": {"type": "string", "enum": list(CHANNELS)},
        "MessageStatus": _words(_STATUSES, {*RANKS, *FAILURES}),
        "ConditionStatus": {"type": "string", "enum": list(CONDITIONS)},
        "StatusWord": {
            "type": "string",
            "minLength": 1,
            "maxLength": 40,
            "pattern": "^[a-z_]+$",
            "description": "A MessageStatus, or another word of the Messages API, which decides nothing. In a webhook "
            "also `advanced`: the step of the message was closed by an advance.",
        },
        "WorkflowStatus": {"type": "string", "enum": list(STATES)},
        "FinalStatus": {"type": "string", "enum": [status for status in STATES if status != "running"]},
        "StepState": {
            "type": "string",
            "enum": _STEP_STATES,
            "description": "The progress of a step, or its outcome.",
        },
        "Usage": _object(
            {"price": _text("An exact decimal."), "currency": _text("ISO 4217.")},
            examples=[{"price": "0.0333", "currency": "EUR"}],
        ),
        "Total": {
            "description": "The sum of the messages' prices; an array if there are several currencies.",
            "oneOf": [_ref("Usage"), _array(_ref("Usage"))],
        },
        "Problem": _object(
            {
                "type": {"type": "string", "format": "uri"},
                "title": _text(),
                "detail": _text(),
                "instance": _text("The trace id of the request, also in X-Nexmo-Trace-Id."),
            },
            {
                "invalid_parameters": {
                    **_array(_ref("InvalidParameter")),
                    "maxItems": problems.MOST_FAULTS,
                },
                "omitted_parameters": {
                    **_count(1),
                    "description": "How many invalid parameters are not listed; absent if all are.",
                },
                "state": _ref("ConflictState"),
            },
        ),
        "ConflictState": {
            "type": "string",
            "enum": [*STATES[1:], *_STEP_STATES],
            "description": "The status of a workflow that is over, or the state of a step that cannot be advanced.",
        },
        "InvalidParameter": _object({"name": _text("A path."), "reason": _text()}),
        **_either("Accepted", {}),
        "Plan": _object(
            {
                "template": {"type": "string", "const": "failover"},
                "dry_run": _mark("Always true: nothing was stored or sent."),
                "webhooks_to": {
                    "type": ["string", "null"],
                    "description": "The URL that webhooks would go to; null if none would be sent.",
                },
                "steps": _array(_ref("PlannedStep")),
                "over_at_latest": _ref("Instant"),
            },
            {"client_ref": _text()},
        ),
        "Party": _object({"type": _ref("Channel")}, {"id": _text(), "number": _text()}),
        "PlannedStep": _object(
            {
                "step": _count(),
                "channel": _ref("Channel"),
                "from": _ref("Party"),
                "to": _ref("Party"),
                "earliest_send": _ref("Instant"),
                "latest_send": _ref("Instant"),
            },
            _CONDITION | {"client_ref": _text()},
        ),
        **_either("Workflow", {"as_of": _AS_OF, **_WHOLE}, _MORE),
        "StepShown": _object(
            {"step": _count(), "channel": _ref("Channel"), "state": _ref("StepState")},
            {
                "from": _ref("Party"),
                "to": _ref("Party"),
                "client_ref": _text(),
                **_CONDITION,
                "message_uuid": _text(),
                "status": _ref("MessageStatus"),
                "waiting_since": _WAITING_SINCE,
                "expires_at": _ref("Instant"),
                "unconfirmed_at": _UNCONFIRMED_AT,
            },
        ),
        "StepListed": _object(
            {"step": _count(), "channel": _ref("Channel"), "state": _ref("StepState")},
            {
                **_CONDITION,
                "status": _ref("MessageStatus"),
                "waiting_since": _WAITING_SINCE,
                "expires_at": _ref("Instant"),
                "unconfirmed_at": _UNCONFIRMED_AT,
            },
        ),
        "EntryEvent": _words(_EVENTS, set(EVENTS)),
        "Entry": _object(
            {"sequence": _count(1), "at": _ref("Instant"), "event": _ref("EntryEvent")},
            {
                "step": _count(),
                "message_uuid": _text(),
                "status": _ref("StatusWord"),
                "error": _ref("MessageError"),
                "usage": _ref("Total"),
                "timestamp": _ref("Instant"),
                "late": _mark("True: the step was already closed, or the workflow over."),
                "outcome": _text(),
                "reason": _text(),
            },
        ),
        **_either(
            "Listed",
            _BRIEF | {"channels": _array(_ref("Channel"))},
            _ENDED
            | {
                "steps": _array(_ref("StepListed")) | {"description": "Only with `expand=steps`."},
                "usage": _ref("Total"),
            },
        ),
        "WorkflowList": _list("workflows"),
        "DispatchList": _list("dispatches"),
        "Summary": _object(
            {
                "as_of": _ref("Instant"),
                "since": _ref("Instant"),
                "until": _ref("Instant"),
                "exact": _mark(f"False: only the newest {MOST_WORKFLOWS} workflows of the span were looked at."),
                "workflows": _count() | {"maximum": MOST_WORKFLOWS},
                "outcomes": _ref("StatusCounts"),
                "reached": _array(_ref("ReachedStep")),
                "reached_twice": _count() | {"description": "Workflows with messages of two steps delivered or read."},
                "failovers": _array(_ref("ClosedSteps")),
                "hours": _array(_ref("HourOfWorkflows")),
                "times": _array(_ref("TimesToCondition")),
            },
            {"usage": _ref("Total")},
        ),
        "StatusCounts": _object({status: _count() for status in STATES}),
        "ReachedStep": _object({"step": _count(), "channel": _ref("Channel"), "workflows": _count(1)}),
        "ClosedSteps": _object({"channel": _ref("Channel"), "outcome": _text(), "steps": _count(1)}),
        "HourOfWorkflows": _object({"from": _ref("Instant")} | {status: _count() for status in STATES}),
        "TimesToCondition": _object(
            {
                "channel": _ref("Channel"),
                "condition_status": _ref("ConditionStatus"),
                "sent": _count(1) | {"description": "Steps whose message was, or may have been, accepted."},
                "met": _count() | {"description": "Steps among them whose message met the condition, late or not."},
                "expiry_times": _array(_ref("ExpiryTimeOfSteps")),
                "curve": {**_array(_ref("PointOfCurve")), "maxItems": MOST_POINTS},
            }
        ),
        "ExpiryTimeOfSteps": _object({"seconds": _count(), "steps": _count(1)}),
        "PointOfCurve": _object({"seconds": {"type": "number", "minimum": 0}, "steps": _count(1)}),
        **_either("Cancelled", _SUMMARY | {"steps": _array(_ref("CancelledStep"))}, _ENDED),
        "CancelledStep": _object(
            {
                "step": _count(),
                "channel": _ref("Channel"),
                "state": _ref("CancelledStepState"),
            }
        ),
        "CancelledStepState": {
            "type": "string",
            "enum": ["sent", "in_flight", "never_sent"],
            "description": "in_flight: it may have been sent, or may still be. never_sent: it was not and will not be.",
        },
        **_either(
            "Advanced",
            _SUMMARY
            | {"step": _count(), "outcome": {"type": "string", "const": "advanced"}, "next": _ref("FollowingStep")},
            {"client_ref": _text()},
        ),
        "FollowingStep": _object({"step": _count(1), "channel": _ref("Channel")}),
        "KeptRequest": _object(
            {"request": _ref("WorkflowRequest")},
            {
                "kept_until": _ref("Instant")
                | {"description": "Once the workflow is over: when its texts and addresses are dropped."}
            },
        ),
        "Webhook": _object(_WEBHOOK, _WEBHOOK_MORE),
        "WholeWebhook": _object(
            {
                **_WEBHOOK,
                "url": {"type": ["string", "null"], "description": "Where it would go now; null if there is no URL."},
                "body": {"oneOf": [_ref("MessageStatusWebhook"), _ref("WorkflowReport"), _ref("DispatchReport")]},
            },
            _WEBHOOK_MORE,
        ),
        "WebhookKind": {"type": "string", "enum": ["message_status", "final_report"]},
        "WebhookState": {"type": "string", "enum": ["no_url", "pending", "delivered", "failed"]},
        "Attempt": _object(
            {"number": _count(1), "at": _ref("Instant"), "milliseconds": _count()},
            {"answer": _count(100), "error": _text("Why there was no response.")},
        ),
        "WebhookList": _object({"as_of": _AS_OF, "webhooks": _array(_ref("Webhook"))}),
        "Redelivery": _object({"sequence": _count(1), "attempt": _count(1)}),
        **_either(
            "FailedWebhook",
            {
                "sequence": _count(1),
                "kind": _ref("WebhookKind"),
                "state": {"type": "string", "const": failed.STATE},
                "failed_at": _ref("Instant"),
                "last_attempt": _ref("Attempt"),
                "_links": _ref("RedeliverLinks"),
            },
        ),
        "RedeliverLinks": _object({"redeliver": _ref("RedeliverLink")}),
        "RedeliverLink": _object({"href": _text()}),
        "FailedWebhookList": _object(
            {"as_of": _AS_OF, "webhooks": _array(_ref("FailedWebhook"))}, {"cursor": _NEXT_PAGE}
        ),
        "Redelivered": _object(
            {
                "redelivered": _count() | {"description": "Webhooks whose next attempt was queued, or is being made."},
                "skipped": _count() | {"description": "Webhooks that cannot be sent again."},
            },
            {"cursor": _NEXT_PAGE},
        ),
        "MessageError": _object(
            {"reason": _text("In the words of the Messages API; empty if it gave only a code.")},
            {"code": _count()},
        ),
        "Links": _object({}, {"workflow": _ref("WorkflowLink"), "dispatch": _ref("DispatchLink")}),
        "WorkflowLink": _link("workflow"),
        "DispatchLink": _link("dispatch"),
        "Message": _message("MessageStatus", {}),
        "MessageStatusWebhook": _message("StatusWord", {"sequence": _count(1)}, {"reason": _text("With `advanced`.")}),
        "FinalReport": {
            "oneOf": [_ref("WorkflowReport"), _ref("DispatchReport")],
            "description": "The report of a workflow's end, sent again with `amended` if a later status changes it.",
        },
        **{f"{name}Report": schema for name, schema in _words_of(_REPORT, _REPORTED).items()},
        "ReportLinks": _object({"messages": _array(_ref("ReportedMessage"))}),
        "ReportedMessage": _object(
            {"message_uuid": _text(), "href": _text(), "channel": _ref("Channel"), "status": _ref("MessageStatus")},
            {"usage": _ref("Usage")},
        ),
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: dict[str, Schema], optional: dict[str, Schema] | None = None, **more: Any) -> Schema:
    properties = {**required, **(optional or {})}
    schema = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return {key: value for key, value in schema.items() if value != []} | more


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _text(description: str = "") -> Schema:
    return {"type": "string", "description": description} if description else {"type": "string"}


def _count(least: int = 0) -> Schema:
    return {"type": "integer", "minimum": least}


def _mark(description: str) -> Schema:
    return {"type": "boolean", "description": description}


def _words(meanings: dict[str, str], known: set[str]) -> Schema:
    if set(meanings) != known:
        raise ValueError("describe every word")
    lines = "; ".join(f"`{word}`: {meaning}" for word, meaning in meanings.items())
    return {"type": "string", "enum": list(meanings), "description": f"{lines}."}


def _words_of(required: dict[str, Schema], optional: dict[str, Schema]) -> dict[str, Schema]:
    """One resource with `workflow_uuid`, and one with `dispatch_uuid`."""
    return {
        word.title(): _object({f"{word}_uuid": _ref("Uuid")} | required, optional) for word in ("workflow", "dispatch")
    }


def _either(name: str, required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> dict[str, Schema]:
    """A resource that names the workflow's id after the endpoint that created it."""
    words = {f"{name}{word}": schema for word, schema in _words_of(required, optional or {}).items()}
    return {name: {"oneOf": [_ref(word) for word in words]}, **words}


def _list(name: str) -> Schema:
    return _object({"as_of": _AS_OF, name: _array(_ref("Listed"))}, {"cursor": _NEXT_PAGE})


def _link(word: str) -> Schema:
    return _object({"href": _text(), f"{word}_uuid": _ref("Uuid")})


def _message(status: str, more: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    return _object(
        {"timestamp": _ref("Instant"), "status": _ref(status), "_links": _ref("Links"), **more},
        {
            "message_uuid": _text(),
            "to": _ref("Party"),
            "from": _ref("Party"),
            "content_dropped": _mark("True: sender and recipient are no longer stored."),
            "error": _ref("MessageError"),
            "usage": _ref("Usage"),
            "client_ref": _text(),
            **(optional or {}),
        },
    )


_AS_OF: Schema = _ref("Instant") | {"description": "The time of this answer."}
_WAITING_SINCE: Schema = _ref("Instant") | {"description": "Only while it waits to be sent: since when."}
_UNCONFIRMED_AT: Schema = _ref("Instant") | {"description": "When an open last step ends as unconfirmed."}
_NEXT_PAGE = _text("For the next page; absent on the last.")
_CONDITION: dict[str, Schema] = {
    "condition_status": _ref("ConditionStatus"),
    "expiry_time": _count(),
}
_BRIEF: dict[str, Schema] = {"status": _ref("WorkflowStatus"), "created_at": _ref("Instant")}
_SUMMARY: dict[str, Schema] = {"template": {"type": "string", "const": "failover"}, **_BRIEF}
_WHOLE: dict[str, Schema] = {**_SUMMARY, "steps": _array(_ref("StepShown")), "timeline": _array(_ref("Entry"))}
_ENDED: dict[str, Schema] = {"ended_at": _ref("Instant"), "reason": _text(), "client_ref": _text()}
_MORE: dict[str, Schema] = {**_ENDED, "usage": _ref("Total")}
_WEBHOOK: dict[str, Schema] = {
    "sequence": _count(1),
    "kind": _ref("WebhookKind"),
    "state": _ref("WebhookState"),
    "attempts": _array(_ref("Attempt")),
}
_WEBHOOK_MORE: dict[str, Schema] = {
    "next_attempt_at": _ref("Instant") | {"description": "Only while a retry is due: when it begins at the earliest."}
}
_REPORT: dict[str, Schema] = {
    "template": {"type": "string", "const": "failover"},
    "status": _ref("FinalStatus"),
    "timestamp": _ref("Instant"),
    "_links": _ref("ReportLinks"),
    "sequence": _count(1),
}
_REPORTED: dict[str, Schema] = {
    "usage": _ref("Total"),
    "client_ref": _text(),
    "reason": _text(),
    "amended": _mark("True: this report replaces the ones before."),
}
