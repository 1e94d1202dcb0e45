"""The tests' requests and workflows."""

from copy import deepcopy
from typing import Any

from failover.rules.channels.addresses import Address, Agent, Dialled, Recipient
from failover.rules.channels.channel import Channel
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.kinds import AnyObject, Flag, Kind, Matching, Parameter, Text, Url, Whole, Word
from failover.rules.channels.objects import Many, Object, OneOf, Tagged
from failover.rules.workflow import transitions
from failover.rules.workflow.state import Step, Workflow

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
        "content": {"type": "template", "template": {"name": "hello", "parameters": ["Jo", "4711"]}},
    },
}
RCS: dict[str, Any] = {
    "from": {"type": "rcs", "id": "Acme"},
    "to": {"type": "rcs", "number": "447700900001"},
    "message": {"content": {"type": "text", "text": "Hello from RCS"}},
}


def example(kind: Kind, name: str = "") -> Any:
    """A value that a kind takes; `name` is the field's. An object has every field, an array one item of each case."""
    match kind:
        case Text():
            return f"Some {name}"
        case Word(words):
            return words[-1]
        case Whole(low, as_text=as_text):
            return str(low) if as_text else low
        case Flag():
            return True
        case Url():
            return f"https://x.test/{name}"
        case Matching():
            return "2026-06-28T19:00:00Z"
        case Recipient() | Dialled():
            return "447700900002"
        case Agent():
            return "Acme"
        case Address():
            return f"{name}-4711"
        case Parameter():
            return "Jo"
        case AnyObject():
            return {"type": "contacts", "contacts": [{"phone": "447700900003"}]}
        case Many(Tagged(tag, cases), most=most):
            return [{tag: case.word, **example(case.object)} for case in cases][:most]
        case Many(of, least=least):
            return [example(of, name)] * max(least, 1)
        case OneOf((first, *_)):
            return {first.name: example(first.kind, first.name)}
        case Tagged(tag, (first, *_)):
            return {tag: first.word, **example(first.object)}
        case Object(fields):
            return {one.name: example(one.kind, one.name) for one in fields}
    raise TypeError(kind)


def _step(row: Channel) -> dict[str, Any]:
    """A last step over a channel."""
    content = row.contents[0]
    return {
        "from": {"type": row.name, row.sender: "ACME"},
        "to": {"type": row.name, row.recipient: "447700900001"},
        "message": {"content": {"type": content.name, content.name: example(content.kind, content.name)}},
    }


_WRITTEN = {step["to"]["type"]: step for step in (MESSENGER, VIBER, SMS, MMS, WHATSAPP, RCS)}
EVERY_CHANNEL = {name: _WRITTEN.get(name) or _step(row) for name, row in CHANNELS.items()}


def messages() -> dict[str, dict[str, Any]]:
    """A last step for every content type that Messages API v1 has, each with all the options it can have."""
    found = {}
    for row in CHANNELS.values():
        for one in row.contents:
            if "v1" not in one.versions:
                continue
            content = {"type": one.name, one.name: example(one.kind, one.name)}
            options = {
                option.name: example(option.kind, option.name) for option in row.options if option.sent_with(one.name)
            }
            message = {"content": content} | ({row.name: options} if options else {})
            found[f"{row.name}-{one.name}"] = deepcopy({**EVERY_CHANNEL[row.name], "message": message})
            found[f"{row.name}-{one.name}"].pop("failover", None)
    return found


def request(*steps: dict[str, Any]) -> dict[str, Any]:
    """A request body of deep copies, the last step without its failover."""
    copies = deepcopy(list(steps or (MESSENGER, SMS)))
    copies[-1].pop("failover", None)
    return {"template": "failover", "workflow": copies}


def changed(step: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of `step` with one field set. `path` is dotted; DELETE removes the field."""
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
    """A newly accepted workflow. A step is (channel, condition, expiry), the last one only its channel."""
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
