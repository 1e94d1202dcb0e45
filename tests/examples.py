"""Requests and workflows the tests speak of."""

from copy import deepcopy
from typing import Any

from failover.rules import transitions
from failover.rules.workflow import Step, Workflow

ID = "5f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10"
NOW = 1_800_000_000_000
HOUR = 3600

MESSENGER: dict[str, Any] = {
    "from": {"type": "messenger", "id": "sim-page"},
    "to": {"type": "messenger", "id": "sim-unread"},
    "message": {"content": {"type": "text", "text": "Hello from Messenger"}},
    "failover": {"expiry_time": 600, "condition_status": "read"},
}
VIBER: dict[str, Any] = {
    "from": {"type": "viber_service_msg", "id": "16273"},
    "to": {"type": "viber_service_msg", "number": "447700900004"},
    "message": {"content": {"type": "text", "text": "Hello from Viber"}},
    "failover": {"expiry_time": 600, "condition_status": "delivered"},
}
SMS: dict[str, Any] = {
    "from": {"type": "sms", "number": "ACME"},
    "to": {"type": "sms", "number": "447700900000"},
    "message": {"content": {"type": "text", "text": "Hello from SMS"}},
}
MMS: dict[str, Any] = {
    "from": {"type": "mms", "number": "12345"},
    "to": {"type": "mms", "number": "447700900000"},
    "message": {"content": {"type": "image", "image": {"url": "https://x.test/a.jpg", "caption": "Hello from MMS"}}},
}
WHATSAPP: dict[str, Any] = {
    "from": {"type": "whatsapp", "number": "447700900100"},
    "to": {"type": "whatsapp", "number": "447700900001"},
    "message": {
        "whatsapp": {"policy": "deterministic", "locale": "en"},
        "content": {"type": "template", "template": {"name": "hello", "parameters": [{"default": "Jo"}, "4711"]}},
    },
}
RCS: dict[str, Any] = {
    "from": {"type": "rcs", "id": "Acme"},
    "to": {"type": "rcs", "number": "447700900001"},
    "message": {"content": {"type": "text", "text": "Hello from RCS"}},
}
EVERY_CHANNEL = {step["to"]["type"]: step for step in (MESSENGER, VIBER, SMS, MMS, WHATSAPP, RCS)}


def request(*steps: dict[str, Any]) -> dict[str, Any]:
    """A request's body of deep copies, the last step without its failover."""
    copies = deepcopy(list(steps or (MESSENGER, SMS)))
    copies[-1].pop("failover", None)
    return {"template": "failover", "workflow": copies}


def changed(step: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of `step` with one field set; `path` is dotted, and DELETE removes it."""
    copy = deepcopy(step)
    *way, last = path.split(".")
    target = copy
    for part in way:
        target = target.setdefault(part, {})
    if value is DELETE:
        del target[last]
    else:
        target[last] = value
    return copy


DELETE = object()


def workflow(
    *steps: tuple[str, str, int] | str, account: str = "abcd1234", base_url: str = "https://api.test/beta"
) -> Workflow:
    """A newly accepted workflow; a step is (channel, condition, expiry) or, the last one, its channel."""
    return transitions.accepted(
        Workflow(
            id=ID,
            account=account,
            word="workflow",
            base_url=base_url,
            created_at=NOW,
            receipt_window=72 * HOUR,
            record_retention=90 * 24 * HOUR,
            steps=tuple(Step(s) if isinstance(s, str) else Step(s[0], s[1], s[2]) for s in steps),
        )
    )


TWO_STEPS = (("messenger", "read", 600), "sms")
THREE_STEPS = (("messenger", "read", 600), ("viber_service_msg", "delivered", 300), "sms")
