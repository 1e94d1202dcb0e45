"""Validate the body of `POST /beta/workflows`: all of its faults at once, each with its path (contract, section 0).

Only `workflows_api` imports this: pydantic is the dearest import there is.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from failover.rules import webhook_url
from failover.rules.channels import CHANNELS, Channel
from failover.rules.step_models import TAG, ClientRef, step_model, unknown_step_model

MAX_STEPS = 10

type Fault = dict[str, str]
"""{"name": "workflow[1].to.number", "reason": "…"}"""


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


class TopLevel(BaseModel):
    """The top level: unknown fields are passed over, because old clients add some."""

    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)

    template: Literal["failover"]
    workflow: Annotated[list[Any], Field(min_length=1, max_length=MAX_STEPS)]
    client_ref: ClientRef | None = None
    webhook_url: str | None = None


def validated(body: Any, version: str = "v1", *, loopback: bool = False) -> Request:
    """The request a body makes. Raises InvalidRequest with all the faults there are, each with its path.

    `version` is that of the Messages API, for one of them does not have every channel; `loopback` says whether
    webhooks may go to this machine.
    """
    if isinstance(body, dict) and isinstance(body.get("workflow"), list):
        body = {**body, "workflow": _without_trailing_nulls(body["workflow"])}
    faults: list[Fault] = []
    steps: list[dict[str, Any]] = []
    try:
        TopLevel.model_validate(body)
    except ValidationError as error:
        faults.extend(_faults(error))
    raw = body.get("workflow") if isinstance(body, dict) else None
    if isinstance(raw, list) and len(raw) <= MAX_STEPS:
        for number, step in enumerate(raw):
            try:
                steps.append(_validated_step(step, last=number == len(raw) - 1))
            except ValidationError as error:
                faults.extend(_faults(error, ("workflow", number)))
            faults.extend(_missing_channel(step, number, version))
    url = body.get("webhook_url") if isinstance(body, dict) else None
    if isinstance(url, str) and (reason := webhook_url.fault(url, loopback=loopback)):
        faults.append({"name": "webhook_url", "reason": reason})
    if faults:
        raise InvalidRequest(faults)
    return Request(steps, body.get("client_ref"), url)


def _without_trailing_nulls(steps: list[Any]) -> list[Any]:
    """The vendor's own samples left the callback inside the array, which JSON writes as null."""
    end = len(steps)
    while end and steps[end - 1] is None:
        end -= 1
    return steps[:end]


def _channel(step: Any) -> Channel | None:
    recipient = step.get("to") if isinstance(step, dict) else None
    name = recipient.get("type") if isinstance(recipient, dict) else None
    return CHANNELS.get(name) if isinstance(name, str) else None


def _missing_channel(step: Any, number: int, version: str) -> list[Fault]:
    channel = _channel(step)
    if channel is None or version in channel.versions:
        return []
    reason = f"Version {version} of the Messages API, which this service uses, has no {channel.name}"
    return [{"name": f"workflow[{number}].to.type", "reason": reason}]


def _validated_step(step: Any, *, last: bool) -> dict[str, Any]:
    channel = _channel(step)
    model = unknown_step_model(last=last) if channel is None else step_model(channel, last=last)
    return model.model_validate(step).model_dump(by_alias=True, exclude_none=True)


def _faults(error: ValidationError, prefix: tuple[str | int, ...] = ()) -> list[Fault]:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return [{"name": _path((*prefix, *_location(fault))), "reason": _reason(fault)} for fault in faults]


def _location(fault: ErrorDetails) -> list[str | int]:
    """Where the fault is, without the tags pydantic puts in for the branch of a union."""
    location = list(fault["loc"])
    own = [location.pop()] if location and fault["type"] == "extra_forbidden" else []  # a client's word, whatever it is
    return [part for part in location if not str(part).startswith(TAG)] + own


def _path(location: tuple[str | int, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part[:50]}" if path else part[:50]
    return path or "body"


def _reason(fault: ErrorDetails) -> str:
    if fault["type"] != "extra_forbidden":
        return fault["msg"]
    if fault["loc"] == ("failover",):
        return "The last step has nothing to fail over to"
    return "Unknown field"
