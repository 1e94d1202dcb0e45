"""The schemas of webhooks, of what the API says of them, and of messages, which have the same form."""

from failover.rules.webhooks import failed
from local.openapi.shapes import AS_OF, NEXT_PAGE, Schema, array, count, either, mark, record, ref, text, words_of


def schemas() -> dict[str, Schema]:
    return {
        "Webhook": record(_WEBHOOK, _WEBHOOK_MORE),
        "WholeWebhook": record(
            {
                **_WEBHOOK,
                "url": {"type": ["string", "null"], "description": "Where it would go now; null if there is no URL."},
                "body": {"oneOf": [ref("MessageStatusWebhook"), ref("WorkflowReport"), ref("DispatchReport")]},
            },
            _WEBHOOK_MORE,
        ),
        "WebhookKind": {"type": "string", "enum": ["message_status", "final_report"]},
        "WebhookState": {"type": "string", "enum": ["no_url", "pending", "delivered", "failed"]},
        "Attempt": record(
            {"number": count(1), "at": ref("Instant"), "milliseconds": count()},
            {"answer": count(100), "error": text("Why there was no response.")},
        ),
        "WebhookList": record({"as_of": AS_OF, "webhooks": array(ref("Webhook"))}),
        "Redelivery": record({"sequence": count(1), "attempt": count(1)}),
        **either(
            "FailedWebhook",
            {
                "sequence": count(1),
                "kind": ref("WebhookKind"),
                "state": {"type": "string", "const": failed.STATE},
                "failed_at": ref("Instant"),
                "last_attempt": ref("Attempt"),
                "_links": ref("RedeliverLinks"),
            },
        ),
        "RedeliverLinks": record({"redeliver": ref("RedeliverLink")}),
        "RedeliverLink": record({"href": text()}),
        "FailedWebhookList": record({"as_of": AS_OF, "webhooks": array(ref("FailedWebhook"))}, {"cursor": NEXT_PAGE}),
        "Redelivered": record(
            {
                "redelivered": count() | {"description": "Webhooks whose next attempt was queued, or is being made."},
                "skipped": count() | {"description": "Webhooks that cannot be sent again."},
            },
            {"cursor": NEXT_PAGE},
        ),
        "MessageError": record(
            {"reason": text("In the words of the Messages API; empty if it gave only a code.")},
            {"code": count()},
        ),
        "Links": record({}, {"workflow": ref("WorkflowLink"), "dispatch": ref("DispatchLink")}),
        "WorkflowLink": _link("workflow"),
        "DispatchLink": _link("dispatch"),
        "Message": _message("MessageStatus", {}),
        "MessageStatusWebhook": _message("StatusWord", {"sequence": count(1)}, {"reason": text("With `advanced`.")}),
        "FinalReport": {
            "oneOf": [ref("WorkflowReport"), ref("DispatchReport")],
            "description": "The report of a workflow's end, sent again with `amended` if a later status changes it.",
        },
        **{f"{name}Report": schema for name, schema in words_of(_REPORT, _REPORTED).items()},
        "ReportLinks": record({"messages": array(ref("ReportedMessage"))}),
        "ReportedMessage": record(
            {"message_uuid": text(), "href": text(), "channel": ref("Channel"), "status": ref("MessageStatus")},
            {"usage": ref("Usage")},
        ),
    }


def _link(word: str) -> Schema:
    return record({"href": text(), f"{word}_uuid": ref("Uuid")})


def _message(status: str, more: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    return record(
        {"timestamp": ref("Instant"), "status": ref(status), "_links": ref("Links"), **more},
        {
            "message_uuid": text(),
            "to": ref("Party"),
            "from": ref("Party"),
            "content_dropped": mark("True: sender and recipient are no longer stored."),
            "error": ref("MessageError"),
            "usage": ref("Usage"),
            "client_ref": text(),
            **(optional or {}),
        },
    )


_WEBHOOK: dict[str, Schema] = {
    "sequence": count(1),
    "kind": ref("WebhookKind"),
    "state": ref("WebhookState"),
    "attempts": array(ref("Attempt")),
}
_WEBHOOK_MORE: dict[str, Schema] = {
    "next_attempt_at": ref("Instant") | {"description": "Only while a retry is due: when it begins at the earliest."}
}
_REPORT: dict[str, Schema] = {
    "template": {"type": "string", "const": "failover"},
    "status": ref("FinalStatus"),
    "timestamp": ref("Instant"),
    "_links": ref("ReportLinks"),
    "sequence": count(1),
}
_REPORTED: dict[str, Schema] = {
    "usage": ref("Total"),
    "client_ref": text(),
    "reason": text(),
    "amended": mark("True: this report replaces the ones before."),
}
