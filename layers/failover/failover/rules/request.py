"""Validate the body of `POST /beta/workflows`: all of its faults at once, each with its path."""

from dataclasses import dataclass
from typing import Any

from failover.rules import steps, webhook_url
from failover.rules.kinds import AnyObject, Fault, Reading, Word, join
from failover.rules.objects import REQUIRED, Field, Many, Object

MAX_STEPS = 10


class InvalidRequest(Exception):
    """Every fault of one request."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass(frozen=True)
class Request:
    """A request without faults."""

    steps: list[dict[str, Any]]
    """Normalized: numbers as digits, `expiry_time` an integer, absent options left out."""
    client_ref: str | None
    webhook_url: str | None


@dataclass(frozen=True)
class WebhookUrl:
    """Where webhooks go; `loopback` says whether that may be this machine."""

    loopback: bool = False
    wanted = "a URL with https"

    def read(self, value: Any, at: str, reading: Reading) -> Any:
        if not isinstance(value, str):
            return reading.unlike(at, self, value)
        if reason := webhook_url.fault(value, loopback=self.loopback):
            reading.fault(at, reason)
        return value


_STEPS = Many(AnyObject(), "steps", 1, MAX_STEPS)


def validated(body: Any, version: str = "v1", *, loopback: bool = False) -> Request:
    """The request a body makes. Raises InvalidRequest with all the faults there are, each with its path.

    `version` is that of the Messages API; `loopback` says whether webhooks may go to this machine.
    """
    reading = Reading(version)
    wanted = Object(
        (
            Field("template", Word(("failover",)), required=True),
            Field("client_ref", steps.REFERENCE),
            Field("webhook_url", WebhookUrl(loopback)),
        ),
        strict=False,  # old clients add some fields
    )
    read = wanted.read(body, "", reading)
    read_steps = _read_steps(body, reading) if isinstance(body, dict) else []
    if reading.faults:
        raise InvalidRequest(reading.faults)
    return Request(read_steps, read.get("client_ref"), read.get("webhook_url"))


def _read_steps(body: dict[str, Any], reading: Reading) -> list[dict[str, Any]]:
    if "workflow" not in body:
        reading.fault("workflow", REQUIRED)
        return []
    listed = body["workflow"]
    if isinstance(listed, list):
        listed = _without_trailing_nulls(listed)
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_STEPS:
        reading.unlike("workflow", _STEPS, listed, list)
        return []
    last = len(listed) - 1
    return [
        steps.read(step, join("workflow", number), reading, last=number == last) for number, step in enumerate(listed)
    ]


def _without_trailing_nulls(listed: list[Any]) -> list[Any]:
    """The vendor's own samples left the callback inside the array, which JSON writes as null."""
    end = len(listed)
    while end and listed[end - 1] is None:
        end -= 1
    return listed[:end]
