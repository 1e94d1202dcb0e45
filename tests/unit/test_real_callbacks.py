"""Callbacks as the vendor sends them: its published fixtures and definitions, in both versions, with odd fields."""

import json
from copy import deepcopy

import pytest

from failover.rules.channels.statuses import STATUSES
from failover.rules.formats import lenient_json
from failover.rules.receipts.receipt import Receipt, UnreadableReceipt, parse_receipt
from failover.rules.sending.client_ref import client_ref
from failover.rules.workflow import transitions
from tests.acts import lived, sent
from tests.examples import ID, NOW

UUID = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"
OURS = client_ref(ID, 0)
AT = "2026-11-23T06:00:00.000Z"
MILLISECONDS = 1_795_413_600_000
EURO = {"price": "0.0333", "currency": "EUR"}
V1 = {"message_uuid": UUID, "to": "447700900000", "from": "447700900001", "timestamp": AT, "client_ref": OURS}
V0_1 = {
    "message_uuid": UUID,
    "to": {"type": "sms", "number": "447700900000"},
    "from": {"type": "sms", "number": "447700900001"},
    "timestamp": AT,
    "client_ref": OURS,
}
FAILED = {
    "type": "https://developer.vonage.com/api-errors/messages#1000",
    "title": 1000,
    "detail": "Throttled - You have exceeded the submission capacity allowed on this account",
    "instance": "bf0ca0bf927b3b52e3cb03217e1a1ddf",
}


def receipt(status, error=None, usage=None, **more):
    return Receipt(
        status,
        **{"message_uuid": UUID, "client_ref": OURS, "timestamp": MILLISECONDS, **more},
        error=error,
        usage=usage,
    )


REAL = {
    "v1 sms, submitted": (
        {**V1, "channel": "sms", "status": "submitted", "usage": EURO, "sms": {"count_total": "2"}},
        receipt("submitted", usage=EURO),
    ),
    "v1 sms, delivered, with its network": (
        {**V1, "channel": "sms", "status": "delivered", "destination": {"network_code": "12345"}, "usage": EURO},
        receipt("delivered", usage=EURO),
    ),
    "v1 mms, price as a number": (
        {**V1, "channel": "mms", "status": "delivered", "usage": {"price": 0.0333, "currency": "EUR"}},
        receipt("delivered", usage=EURO),
    ),
    "v1 whatsapp, with its pricing": (
        {
            **V1,
            "channel": "whatsapp",
            "status": "read",
            "usage": EURO,
            "whatsapp": {"pricing": {"type": "regular", "pricing_model": "PMP", "category": "utility"}},
        },
        receipt("read", usage=EURO),
    ),
    "v1 whatsapp, to a person without a number": (
        {**V1, "to": "GB.1234567890", "channel": "whatsapp", "status": "delivered"},
        receipt("delivered"),
    ),
    "v1 rcs, without usage": ({**V1, "channel": "rcs", "status": "read", "from": "Acme"}, receipt("read")),
    "v1 viber_service": (
        {
            **V1,
            "channel": "viber_service",
            "status": "undeliverable",
            "error": {**FAILED, "title": "1260", "type": "x#1260"},
        },
        receipt("undeliverable", {"code": 1260, "reason": FAILED["detail"]}),
    ),
    "v1 messenger, in a failover of the vendor": (
        {
            **V1,
            "channel": "messenger",
            "status": "rejected",
            "error": FAILED,
            "workflow": {"id": "x", "items_number": "1"},
        },
        receipt("rejected", {"code": 1000, "reason": FAILED["detail"]}),
    ),
    "v1, nested, title a number": (
        {**V1, "channel": "sms", "status": "rejected", "error": {"error": FAILED}},
        receipt("rejected", {"code": 1000, "reason": FAILED["detail"]}),
    ),
    "v1, the code in the fragment only": (
        {
            **V1,
            "status": "undeliverable",
            "error": {"type": "https://x/errors/messages#1260", "title": "Undeliverable"},
        },
        receipt("undeliverable", {"code": 1260, "reason": "Undeliverable"}),
    ),
    "v1, detail null": (
        {**V1, "status": "rejected", "error": {**FAILED, "detail": None}},
        receipt("rejected", {"code": 1000, "reason": ""}),
    ),
    "v1, everything null": (
        {**V1, "status": "submitted", "error": None, "usage": None, "timestamp": None, "channel": None},
        receipt("submitted", timestamp=None),
    ),
    "v0.1, delivered": ({**V0_1, "status": "delivered", "usage": EURO}, receipt("delivered", usage=EURO)),
    "v0.1, rejected": (
        {**V0_1, "status": "rejected", "error": {"code": 1340, "reason": "Outside Allowed Window"}},
        receipt("rejected", {"code": 1340, "reason": "Outside Allowed Window"}),
    ),
    "v0.1, code as a word, price as a word": (
        {
            **V0_1,
            "status": "undeliverable",
            "error": {"code": "1260", "reason": None},
            "usage": {"price": " 0.0333 ", "currency": "eur"},
        },
        receipt("undeliverable", {"code": 1260, "reason": ""}, EURO),
    ),
    "v0.1, the vendor's other time": (
        {**V0_1, "timestamp": "2026-11-23 06:00:00 UTC", "status": "read"},
        receipt("read"),
    ),
    "time with an offset": ({**V1, "timestamp": "2026-11-23T07:00:00+01:00", "status": "read"}, receipt("read")),
    "time without a zone": ({**V1, "timestamp": "2026-11-23T06:00:00", "status": "read"}, receipt("read")),
    "time in nanoseconds": ({**V1, "timestamp": "2026-11-23T06:00:00.000000000Z", "status": "read"}, receipt("read")),
    "time with blanks": ({**V1, "timestamp": " 2026-11-23T06:00:00Z ", "status": "read"}, receipt("read")),
    "time in words": ({**V1, "timestamp": "yesterday", "status": "read"}, receipt("read", timestamp=None)),
    "status in capitals": ({**V1, "status": "DELIVERED"}, receipt("delivered")),
    "a status of a later version": ({**V1, "status": "accepted"}, receipt("accepted")),
    "client_ref null": ({**V1, "client_ref": None, "status": "read"}, receipt("read", client_ref=None)),
    "client_ref empty": ({**V1, "client_ref": "", "status": "read"}, receipt("read", client_ref=None)),
    "client_ref a number": ({**V1, "client_ref": 7, "status": "read"}, receipt("read", client_ref=None)),
    "client_ref of another system": (
        {**V1, "client_ref": "order-4711", "status": "read"},
        receipt("read", client_ref="order-4711"),
    ),
    "client_ref endless": ({**V1, "client_ref": "x" * 101, "status": "read"}, receipt("read", client_ref=None)),
    "usage without a price": ({**V1, "status": "read", "usage": {"currency": "EUR"}}, receipt("read")),
    "usage free of charge": (
        {**V1, "status": "read", "usage": {"price": "0", "currency": "EUR"}},
        receipt("read", usage={"price": "0", "currency": "EUR"}),
    ),
    "usage in parts": ({**V1, "status": "read", "usage": [EURO]}, receipt("read")),
    "usage without a currency": (
        {**V1, "status": "read", "usage": {"price": "0.0333"}},
        receipt("read", usage=EURO),
    ),
}


@pytest.mark.parametrize(("body", "expected"), REAL.values(), ids=REAL)
def test_real_callbacks(body, expected):
    """Each callback is parsed correctly; an odd field loses that field only."""
    assert parse_receipt(lenient_json.parse(json.dumps(body).encode())) == expected


@pytest.mark.parametrize("body", [body for body, _ in REAL.values()], ids=REAL)
def test_each_is_recorded(body):
    """Each callback is a timeline entry, even long after the end, and never changes an outcome."""
    known = parse_receipt(deepcopy(body))
    flow = transitions.received(lived(sent(0)), 0, known, NOW)
    assert flow.timeline[3]["status"] == known.status
    over = lived(sent(0), lambda flow: transitions.cancelled(flow, NOW))
    late = transitions.received(over, 0, known, NOW + 30 * 86_400_000)
    assert late.timeline[4]["late"] is True
    assert (late.status, late.ended_at) == (over.status, over.ended_at)


@pytest.mark.parametrize("field", ["status", "message_uuid"])
def test_what_cannot_be_read(field):
    """Only a callback without a status, or without a message, is unreadable."""
    body = {**V1, "status": "read", "client_ref": None, field: None}
    with pytest.raises(UnreadableReceipt, match=field):
        parse_receipt(body)


@pytest.mark.parametrize("later", ["submitted", "SUBMITTED", "delivered"])
def test_submitted_comes_last(later):
    """A lower status that comes late is recorded and reverts nothing."""
    flow = transitions.received(lived(sent(0)), 0, parse_receipt({**V1, "status": "read"}), NOW)
    after = transitions.received(flow, 0, parse_receipt({**V1, "status": later}), NOW)
    assert (after.steps[0].status, after.status) == ("read", "completed")
    assert after.steps[0].statuses == ("read", later.lower())
    assert set(after.steps[0].statuses) <= STATUSES
