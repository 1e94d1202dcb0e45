"""Validate the body of `POST …/{id}/advance`."""

from typing import Any

from failover.rules.channels.kinds import Whole
from failover.rules.channels.objects import Field, Object
from failover.rules.formats.faults import InvalidRequest
from failover.rules.requests import models
from failover.rules.requests.request import MAX_STEPS

STEP = Whole(0, MAX_STEPS - 1, unit="")
_BODY = Object((Field("step", STEP, required=True),), strict=False)


def validated(body: Any) -> int:
    """Return the number of the step whose wait is to end. Raises InvalidRequest."""
    read, faults = models.read(_BODY, body)
    if faults:
        raise InvalidRequest(faults)
    number: int = read["step"]
    return number
