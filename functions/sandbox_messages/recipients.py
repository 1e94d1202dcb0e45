"""The recipients of the sandbox: those with a script, and phones, whose statuses are reported by hand.

Numbers are of the range that Ofcom keeps for drama (447700900000 to 447700900999); ids begin with `sim-`.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Script:
    name: str
    """The recipient's id is `sim-<name>`."""
    number: str
    """The recipient's telephone number."""
    summary: str
    """What happens, in plain words."""
    receipts: tuple[tuple[int, str], ...] = ()
    """(seconds after the send, status), each sent as a signed callback."""
    answer: int = 202
    """The HTTP status of the send itself."""


_SCRIPTS = (
    Script("delivered", "447700900000", "delivered", ((0, "submitted"), (1, "delivered"))),
    Script("read", "447700900001", "delivered, then read", ((0, "submitted"), (1, "delivered"), (2, "read"))),
    Script(
        "rejected",
        "447700900002",
        "rejected after two seconds",
        ((0, "submitted"), (2, "rejected")),
    ),
    Script("refused", "447700900003", "the send is refused at once", answer=422),
    Script("silent", "447700900004", "accepted, and never reported on"),
    Script("late", "447700900005", "delivered after 20 seconds", ((0, "submitted"), (20, "delivered"))),
    Script("read-first", "447700900006", "read before delivered", ((0, "submitted"), (1, "read"), (3, "delivered"))),
    Script(
        "twice",
        "447700900007",
        "every status comes twice",
        ((0, "submitted"), (0, "submitted"), (1, "delivered"), (1, "delivered"), (2, "read"), (2, "read")),
    ),
    Script("unread", "447700900008", "delivered, and never read", ((0, "submitted"), (1, "delivered"))),
    Script(
        "undeliverable",
        "447700900009",
        "undeliverable after one second",
        ((0, "submitted"), (1, "undeliverable")),
    ),
    Script("busy", "447700900010", "the send is answered 429, always", answer=429),
    Script("broken", "447700900011", "the send is answered 500, so it may have been accepted", answer=500),
)

SCRIPTS = {script.name: script for script in _SCRIPTS}
_BY_ADDRESS = {f"sim-{script.name}": script for script in _SCRIPTS} | {script.number: script for script in _SCRIPTS}
_FIRST_NUMBER, _LAST_NUMBER = 447700900000, 447700900999

_PHONE = re.compile(r"sim-phone-[A-Za-z0-9_-]{1,40}|4477009009[0-9]{2}")
_ON_A_PHONE = Script("phone", "", "what you report by hand", ((0, "submitted"),))

ERRORS = {
    "rejected": (1300, "Not part of the provider network"),
    "undeliverable": (1260, "Destination unreachable"),
}
"""(code, reason) of each failure."""


def is_phone(recipient: str) -> bool:
    return _PHONE.fullmatch(recipient) is not None


def script_of(recipient: str) -> Script | None:
    """The script of an id or a number; other numbers of the range are delivered to. Returns None for all others."""
    if recipient in _BY_ADDRESS:
        return _BY_ADDRESS[recipient]
    if is_phone(recipient):
        return _ON_A_PHONE
    if recipient.isascii() and recipient.isdigit() and _FIRST_NUMBER <= int(recipient[:20]) <= _LAST_NUMBER:
        return SCRIPTS["delivered"]
    return None
