"""The schemas of numbers, names and ids (rules/addresses)."""

from typing import Any

from failover.rules.channels.addresses import Address, Agent, Dialled, Id, Recipient, Sender
from local.openapi import patterns

type Schema = dict[str, Any]

NAMES: dict[Address, str] = {
    Recipient(): "TelephoneNumber",
    Dialled(): "DialledNumber",
    Sender(): "Sender",
    Id(): "Id",
    Id(100): "LongId",
    Agent(): "RcsAgent",
}
"""Of the components."""


def schemas() -> dict[str, Schema]:
    return {
        "TelephoneNumber": _address(
            patterns.RECIPIENT, 10**6, 10**15 - 1, "7 to 15 digits, country code first.", "447700900000"
        ),
        "DialledNumber": _address(
            patterns.DIALLED,
            10,
            10**15 - 1,
            "2 to 15 digits, country code first, with or without a leading +.",
            "14155550100",
        ),
        "Sender": _address(patterns.SENDER, 0, 10**50 - 1, "A number or a name of 1 to 50 characters.", "ACME"),
        "Id": _address(patterns.identifier(50), 0, 10**50 - 1, "1 to 50 characters.", "2350375431244470"),
        "LongId": _address(patterns.identifier(100), 0, 10**50 - 1, "1 to 100 characters.", "1107158078772563946"),
        "RcsAgent": _address(
            patterns.agent(Agent.characters), 0, 10**50 - 1, "1 to 50 letters, digits, `-`, `_` and `&`.", "Acme"
        ),
    }


def _address(pattern: str, low: int, high: int, description: str, example: str) -> Schema:
    """A string that matches `pattern`, or an integer."""
    return {
        "anyOf": [{"type": "string", "pattern": pattern}, {"type": "integer", "minimum": low, "maximum": high}],
        "description": f"{description} Invisible characters and blanks are removed.",
        "examples": [example],
    }
