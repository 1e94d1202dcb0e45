"""Validate the body of `POST /beta/webhooks/redeliver`."""

from collections.abc import Callable
from typing import Any

from failover.rules.channels.kinds import Checked
from failover.rules.channels.objects import Field, Object
from failover.rules.formats import pages
from failover.rules.formats.faults import InvalidRequest
from failover.rules.formats.pages import Span
from failover.rules.requests import models
from failover.rules.webhooks.failed import CURSOR

MOST_AT_ONCE = 100
"""Failed webhooks that one request looks at."""


def _readable(read: Callable[[str], Any], wanted: str) -> Checked:
    """A string that `read` accepts; it raises ValueError for any other."""

    def fault(text: str) -> str | None:
        try:
            read(text)
        except ValueError:
            return f"Should be {wanted}"
        return None

    return Checked(fault, wanted)


_TIME = _readable(pages.instant, pages.INSTANT)
_BODY = Object(
    (
        Field("since", _TIME, required=True),
        Field("until", _TIME),
        Field("cursor", _readable(lambda text: pages.position(text, CURSOR), pages.CURSOR)),
    ),
    strict=False,
)


def validated(body: Any) -> Span:
    """Which failed webhooks are to be sent again. Raises InvalidRequest with all the faults there are."""
    read, faults = models.read(_BODY, body)
    if faults:
        raise InvalidRequest(faults)
    cursor = read.get("cursor")
    return Span(
        since=pages.instant(read["since"]),
        until=pages.instant(read["until"]) if "until" in read else pages.ETERNITY,
        limit=MOST_AT_ONCE,
        after=pages.position(cursor, CURSOR) if cursor else None,
    )
