"""Requests and workflows the tests speak of."""

from copy import deepcopy
from typing import Any

from failover.rules.channels.channel_table import CHANNELS
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
EVERY_CHANNEL = {step["to"]["type"]: step for step in (MESSENGER, VIBER, SMS, MMS, WHATSAPP, RCS)}


URL = "https://x.test/a"
SUGGESTIONS: list[dict[str, Any]] = [
    {"type": "reply", "text": "Yes", "postback_data": "yes"},
    {
        "type": "dial",
        "text": "Call us",
        "postback_data": "call",
        "phone_number": "447700900200",
        "fallback_url": "https://x.test/contact",
    },
    {
        "type": "view_location",
        "text": "Where we are",
        "postback_data": "map",
        "latitude": "51.5230371",
        "longitude": "-0.0852492",
        "pin_label": "Acme, London",
        "fallback_url": "https://x.test/map",
    },
    {"type": "share_location", "text": "Where are you?", "postback_data": "share"},
    {"type": "open_url", "text": "Shop", "postback_data": "shop", "url": "https://x.test/shop", "description": "Shop"},
    {
        "type": "open_url_in_webview",
        "text": "Offers",
        "postback_data": "offers",
        "url": "https://x.test/offers",
        "description": "Offers of the week",
        "view_mode": "TALL",
    },
    {
        "type": "create_calendar_event",
        "text": "Save the date",
        "postback_data": "date",
        "start_time": "2026-06-28T19:00:00Z",
        "end_time": "2026-06-28T20:00:00+01:00",
        "title": "Opening",
        "description": "We open our new shop",
        "fallback_url": "https://x.test/date",
    },
]
CARD: dict[str, Any] = {
    "title": "Quick question",
    "text": "Do you like this picture?",
    "media_url": "https://x.test/a.jpg",
    "media_description": "A cat",
    "media_height": "SHORT",
    "thumbnail_url": "https://x.test/b.jpg",
    "media_force_refresh": False,
    "suggestions": SUGGESTIONS[:4],
}
BARE_CARD = {name: CARD[name] for name in ("title", "text", "media_url")}
_CONTENTS: dict[str, dict[str, Any]] = {
    "messenger": {
        "text": "x",
        "image": {"url": URL},
        "audio": {"url": URL},
        "video": {"url": URL},
        "file": {"url": URL},
    },
    "viber_service_msg": {
        "text": "x",
        "image": {"url": URL, "caption": "A cat"},
        "video": {"url": URL, "thumb_url": "https://x.test/b.jpg", "caption": "A cat"},
        "file": {"url": URL, "name": "a.pdf"},
    },
    "sms": {"text": "x"},
    "mms": {
        "text": "x",
        **{kind: {"url": URL, "caption": "A cat"} for kind in ("image", "audio", "video", "vcard", "file")},
        "content": [{"type": "image", "url": URL, "caption": "A cat"}, {"type": "vcard", "url": URL}],
    },
    "whatsapp": {
        "text": "x",
        "image": {"url": URL, "caption": "A cat"},
        "audio": {"url": URL},
        "video": {"url": URL, "caption": "A cat"},
        "file": {"url": URL, "caption": "A cat", "name": "a.pdf"},
        "template": {"name": "hello", "parameters": ["Jo", "4711"]},
        "sticker": {"url": URL},
        "reaction": {"action": "react", "emoji": "\U0001f44d"},
        "custom": {"type": "contacts", "contacts": [{"phones": [{"phone": "447700900000"}]}]},
    },
    "rcs": {
        "text": "x",
        "image": {"url": URL},
        "video": {"url": URL},
        "file": {"url": URL},
        "card": CARD,
        "carousel": {"cards": [CARD, BARE_CARD]},
        "custom": {"contentMessage": {"text": "x"}},
    },
}
_OPTIONS: dict[str, dict[str, Any]] = {
    "messenger": {"category": "message_tag", "tag": "ACCOUNT_UPDATE"},
    "viber_service_msg": {
        "category": "promotion",
        "ttl": 600,
        "type": "template",
        "action": {"url": "https://x.test/offers", "text": "Find out more"},
        "duration": "30",
        "file_size": "1",
    },
    "sms": {
        "encoding_type": "unicode",
        "content_id": "1107457532145798767",
        "entity_id": "1101456324675322134",
        "pool_id": "abc123",
        "ttl": 90000,
        "trusted_recipient": True,
    },
    "mms": {"participants": ["447700900002", "447700900003"], "ttl": 600, "trusted_recipient": False},
    "whatsapp": {
        "policy": "deterministic",
        "locale": "en",
        "category": "marketing",
        "context": {"message_uuid": "8719a884-055c-4a9b-a354-6223a1f88c04"},
    },
    "rcs": {
        "category": "service-request",
        "ttl": 600,
        "trusted_recipient": True,
        "suggestions": SUGGESTIONS,
        "card_orientation": "HORIZONTAL",
        "image_alignment": "RIGHT",
        "card_width": "SMALL",
    },
}


def messages() -> dict[str, dict[str, Any]]:
    """A last step for every content type that Messages API v1 knows, each with all the options it can have."""
    found = {}
    for channel, contents in _CONTENTS.items():
        for kind, value in contents.items():
            allowed = {one.name for one in CHANNELS[channel].options_with(kind) if kind in (one.with_content or [kind])}
            options = {name: option for name, option in _OPTIONS[channel].items() if name in allowed}
            message = {"content": {"type": kind, kind: value}} | ({channel: options} if options else {})
            found[f"{channel}-{kind}"] = deepcopy({**EVERY_CHANNEL[channel], "message": message})
            found[f"{channel}-{kind}"].pop("failover", None)
    return found


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
