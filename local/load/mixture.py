"""The workflows of a load: every outcome, by recipients of the sandbox."""

from typing import Any

from failover.rules.channels.channel_table import CHANNELS

type Steps = list[dict[str, Any]]

SHORTEST_EXPIRY = 15
_LONG = 600


def _messenger(recipient: str, expiry: int, condition: str = "read") -> dict[str, Any]:
    return _step("messenger", "sim-page", recipient) | {
        "failover": {"expiry_time": expiry, "condition_status": condition}
    }


def _viber(number: str, expiry: int) -> dict[str, Any]:
    return _step("viber_service_msg", "sim-service", number) | {
        "failover": {"expiry_time": expiry, "condition_status": "delivered"}
    }


def _sms(number: str = "447700900000") -> dict[str, Any]:
    return _step("sms", "ACME", number)


def _step(channel: str, own: str, recipient: str) -> dict[str, Any]:
    row = CHANNELS[channel]
    return {
        "from": {"type": channel, row.sender: own},
        "to": {"type": channel, row.recipient: recipient},
        "message": {"content": {"type": "text", "text": "Your table is ready."}},
    }


MIXTURE: dict[str, Steps] = {
    "read": [_messenger("sim-read", _LONG), _sms()],
    "rejected": [_messenger("sim-rejected", _LONG), _sms()],
    "refused": [_messenger("sim-refused", _LONG), _sms()],
    "unread": [_messenger("sim-unread", SHORTEST_EXPIRY), _sms()],
    "every status twice": [_messenger("sim-twice", _LONG), _sms()],
    "read first": [_messenger("sim-read-first", _LONG), _sms()],
    "unknown whether it was sent": [_messenger("sim-broken", SHORTEST_EXPIRY), _sms()],
    "late": [_messenger("sim-late", SHORTEST_EXPIRY, "delivered"), _viber("447700900004", _LONG), _sms()],
    "chain": [_messenger("sim-unread", SHORTEST_EXPIRY), _viber("447700900004", SHORTEST_EXPIRY), _sms()],
    "undeliverable on every channel": [_messenger("sim-undeliverable", _LONG), _sms("447700900002")],
    "cancelled": [_messenger("sim-unread", _LONG), _sms()],
}
"""By name. The load posts them in turn, and cancels `cancelled` ones as soon as they are accepted."""
