"""The schemas of responses."""

from failover import problems
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.statuses import CONDITIONS, FAILURES, RANKS
from failover.rules.workflow.state import EVENTS, OUTCOMES, PHASES, STATES
from local.openapi import summary, webhooks
from local.openapi.shapes import AS_OF, NEXT_PAGE, Schema, array, count, either, mark, record, ref, text, words

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
    "cancelled": "the customer cancelled it, or the operator did",
    "amended": "the final report again: the total changed, or a second message reached the recipient",
}


def schemas() -> dict[str, Schema]:
    """The components of all responses and webhooks."""
    return {
        "Uuid": {"type": "string", "format": "uuid"},
        "Instant": {"type": "string", "format": "date-time", "examples": ["2026-01-31T12:00:00.000Z"]},
        "Channel": {"type": "string", "enum": list(CHANNELS)},
        "MessageStatus": words(_STATUSES, {*RANKS, *FAILURES}),
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
        "Usage": record(
            {"price": text("An exact decimal."), "currency": text("ISO 4217.")},
            examples=[{"price": "0.0333", "currency": "EUR"}],
        ),
        "Total": {
            "description": "The sum of the messages' prices; an array if there are several currencies.",
            "oneOf": [ref("Usage"), array(ref("Usage"))],
        },
        "Problem": record(
            {
                "type": {"type": "string", "format": "uri"},
                "title": text(),
                "detail": text(),
                "instance": text("The trace id of the request, also in X-Nexmo-Trace-Id."),
            },
            {
                "invalid_parameters": {
                    **array(ref("InvalidParameter")),
                    "maxItems": problems.MOST_FAULTS,
                },
                "omitted_parameters": {
                    **count(1),
                    "description": "How many invalid parameters are not listed; absent if all are.",
                },
                "state": ref("ConflictState"),
            },
        ),
        "ConflictState": {
            "type": "string",
            "enum": [*STATES[1:], *_STEP_STATES],
            "description": "The status of a workflow that is over, or the state of a step that cannot be advanced.",
        },
        "InvalidParameter": record({"name": text("A path."), "reason": text()}),
        **either("Accepted", {}),
        "Plan": record(
            {
                "template": {"type": "string", "const": "failover"},
                "dry_run": mark("Always true: nothing was stored or sent."),
                "webhooks_to": {
                    "type": ["string", "null"],
                    "description": "The URL that webhooks would go to; null if none would be sent.",
                },
                "steps": array(ref("PlannedStep")),
                "over_at_latest": ref("Instant"),
            },
            {"client_ref": text()},
        ),
        "Party": record({"type": ref("Channel")}, {"id": text(), "number": text()}),
        "PlannedStep": record(
            {
                "step": count(),
                "channel": ref("Channel"),
                "from": ref("Party"),
                "to": ref("Party"),
                "earliest_send": ref("Instant"),
                "latest_send": ref("Instant"),
            },
            _CONDITION | {"client_ref": text()},
        ),
        **either("Workflow", {"as_of": AS_OF, **_WHOLE}, _MORE),
        "StepShown": record(
            {"step": count(), "channel": ref("Channel"), "state": ref("StepState")},
            {
                "from": ref("Party"),
                "to": ref("Party"),
                "client_ref": text(),
                **_CONDITION,
                "message_uuid": text(),
                "status": ref("MessageStatus"),
                "waiting_since": _WAITING_SINCE,
                "expires_at": ref("Instant"),
                "unconfirmed_at": _UNCONFIRMED_AT,
            },
        ),
        "StepListed": record(
            {"step": count(), "channel": ref("Channel"), "state": ref("StepState")},
            {
                **_CONDITION,
                "status": ref("MessageStatus"),
                "waiting_since": _WAITING_SINCE,
                "expires_at": ref("Instant"),
                "unconfirmed_at": _UNCONFIRMED_AT,
            },
        ),
        "EntryEvent": words(_EVENTS, set(EVENTS)),
        "Entry": record(
            {"sequence": count(1), "at": ref("Instant"), "event": ref("EntryEvent")},
            {
                "step": count(),
                "message_uuid": text(),
                "status": ref("StatusWord"),
                "error": ref("MessageError"),
                "usage": ref("Total"),
                "timestamp": ref("Instant"),
                "late": mark("True: the step was already closed, or the workflow over."),
                "outcome": text(),
                "reason": text(),
            },
        ),
        **either(
            "Listed",
            _BRIEF | {"channels": array(ref("Channel"))},
            _ENDED
            | {
                "steps": array(ref("StepListed")) | {"description": "Only with `expand=steps`."},
                "usage": ref("Total"),
            },
        ),
        "WorkflowList": _list("workflows"),
        "DispatchList": _list("dispatches"),
        **summary.schemas(),
        **either("Cancelled", _SUMMARY | {"steps": array(ref("CancelledStep"))}, _ENDED),
        "CancelledStep": record(
            {
                "step": count(),
                "channel": ref("Channel"),
                "state": ref("CancelledStepState"),
            }
        ),
        "CancelledStepState": {
            "type": "string",
            "enum": ["sent", "in_flight", "never_sent"],
            "description": "in_flight: it may have been sent, or may still be. never_sent: it was not and will not be.",
        },
        **either(
            "Advanced",
            _SUMMARY
            | {"step": count(), "outcome": {"type": "string", "const": "advanced"}, "next": ref("FollowingStep")},
            {"client_ref": text()},
        ),
        "FollowingStep": record({"step": count(1), "channel": ref("Channel")}),
        "KeptRequest": record(
            {"request": ref("WorkflowRequest")},
            {
                "kept_until": ref("Instant")
                | {"description": "Once the workflow is over: when its texts and addresses are dropped."}
            },
        ),
        **webhooks.schemas(),
    }


def _list(name: str) -> Schema:
    return record({"as_of": AS_OF, name: array(ref("Listed"))}, {"cursor": NEXT_PAGE})


_WAITING_SINCE: Schema = ref("Instant") | {"description": "Only while it waits to be sent: since when."}
_UNCONFIRMED_AT: Schema = ref("Instant") | {"description": "When an open last step ends as unconfirmed."}
_CONDITION: dict[str, Schema] = {
    "condition_status": ref("ConditionStatus"),
    "expiry_time": count(),
}
_BRIEF: dict[str, Schema] = {"status": ref("WorkflowStatus"), "created_at": ref("Instant")}
_SUMMARY: dict[str, Schema] = {"template": {"type": "string", "const": "failover"}, **_BRIEF}
_WHOLE: dict[str, Schema] = {**_SUMMARY, "steps": array(ref("StepShown")), "timeline": array(ref("Entry"))}
_ENDED: dict[str, Schema] = {"ended_at": ref("Instant"), "reason": text(), "client_ref": text()}
_MORE: dict[str, Schema] = {**_ENDED, "usage": ref("Total")}
