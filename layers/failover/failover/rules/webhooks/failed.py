"""The failed webhooks of an account: which of them a page has, and what is kept and shown of each (docs/api.md)."""

import re
from collections.abc import Mapping
from typing import Any

from failover.rules.formats import pages
from failover.rules.formats.ids import UUID
from failover.rules.formats.pages import Page, Query, Span
from failover.rules.formats.stored import UnreadableItem, checked, instant, one_of
from failover.rules.timing.instants import iso
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow import publication
from failover.rules.workflow.presentation import href
from failover.rules.workflow.state import Workflow

STATE = "failed"
ATTRIBUTES = ("failed", "failed_at", "failure")
"""Of a webhook's item, only while it is failed. The first two are the keys of the index `failed`."""
_KEY = rf"{UUID}\.[0-9]{{5}}"
CURSOR = pages.cursor_pattern(_KEY)


def parse_filters(query: Mapping[str, str]) -> Span:
    """The page that a query string asks for; unknown parameters are ignored. Raises InvalidFilters.

    `state` is required, so that the list can show other states one day.
    """
    asked = Query({"state": "", **query})
    asked.read("state", _state, None, f"Should be '{STATE}'")
    span = Span(**asked.span(CURSOR))
    asked.check()
    return span


def kept(workflow: Workflow, sequence: int, attempt: dict[str, Any]) -> dict[str, Any]:
    """The ATTRIBUTES of a webhook whose last attempt, {number, at, milliseconds, …}, has failed."""
    failure = {
        "word": workflow.word,
        "application": workflow.application,
        "kind": publication.kind(workflow.timeline[sequence - 1]),
        "attempt": attempt,
    }
    return dict(zip(ATTRIBUTES, (workflow.account, attempt["at"] + attempt["milliseconds"], failure), strict=True))


def shown(page: Page, rows: list[dict[str, Any]], now: int) -> dict[str, Any]:
    """The answer of `GET /webhooks`, as read at `now` (ms)."""
    return {"as_of": iso(now), "webhooks": rows, **following(page)}


def following(page: Page) -> dict[str, str]:
    """{"cursor": …} if there may be another page."""
    return {"cursor": page.next.cursor()} if page.next else {}


def row(item: dict[str, Any]) -> dict[str, Any]:
    """What the list shows of one item of the index. Raises UnreadableItem."""
    workflow_id, sequence = _place(item)
    failure = checked(item, "failure", dict)
    word, attempt = one_of(failure, "word", ("workflow", "dispatch")), checked(failure, "attempt", dict)
    return {
        f"{word}_uuid": workflow_id,
        "sequence": sequence,
        "kind": one_of(failure, "kind", publication.KINDS),
        "state": STATE,
        "failed_at": iso(instant(item, "failed_at")),
        "last_attempt": {
            "number": checked(attempt, "number", int),
            "at": iso(instant(attempt, "at")),
            "milliseconds": checked(attempt, "milliseconds", int),
            **{name: checked(attempt, name, kind) for name, kind in _RESULTS.items() if name in attempt},
        },
        "_links": {"redeliver": {"href": f"{href(word, workflow_id)}/webhooks/{sequence}/redeliver"}},
    }


def task(item: dict[str, Any]) -> Task:
    """The redelivery of one item of the index. Raises UnreadableItem."""
    workflow_id, sequence = _place(item)
    application = checked(checked(item, "failure", dict), "application", str | None, None)
    return Task(workflow_id, checked(item, "failed", str), application, sequence)


_RESULTS = {"answer": int, "error": str}


def _place(item: dict[str, Any]) -> tuple[str, int]:
    workflow_id = checked(item, "pk", str).removeprefix("workflow#")
    sequence = checked(item, "sk", str).removeprefix("webhook#")
    if not re.fullmatch(_KEY, f"{workflow_id}.{sequence}"):
        raise UnreadableItem("pk, sk")
    return workflow_id, int(sequence)


def _state(word: str) -> str:
    if word != STATE:
        raise ValueError
    return word
