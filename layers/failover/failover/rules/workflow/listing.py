"""The list of workflows: its filters, and the answer for a page (docs/api.md, "List")."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.formats import pages
from failover.rules.formats.ids import UUID
from failover.rules.formats.pages import Position, Query, Span
from failover.rules.formats.stored import UnreadableItem, checked, instant, one_of
from failover.rules.timing.instants import iso
from failover.rules.workflow import presentation
from failover.rules.workflow.state import STATES, Workflow

LONGEST_REFERENCE = 40
STEPS = "steps"
"""The one value of `expand`."""
CURSOR = pages.cursor_pattern(UUID)


@dataclass(frozen=True, kw_only=True)
class Filters(Span):
    """Which workflows a page shows; their time is that of their creation."""

    status: str | None = None
    channel: str | None = None
    client_ref: str | None = None
    expand: str | None = None
    """`steps`: each entry has the workflow's steps and usage as well."""


def parse_filters(query: Mapping[str, str]) -> Filters:
    """Return the filters in a query string. Ignores unknown parameters; raises InvalidFilters."""
    asked, channels = Query(query), tuple(CHANNELS)
    filters = Filters(
        status=asked.read("status", _one_of(STATES), None, f"Should be {_words(STATES)}"),
        channel=asked.read("channel", _one_of(channels), None, f"Should be {_words(channels)}"),
        client_ref=asked.read("client_ref", _reference, None, f"Should have 1 to {LONGEST_REFERENCE} characters"),
        expand=asked.read("expand", _one_of((STEPS,)), None, f"Should be '{STEPS}'"),
        **asked.span(CURSOR),
    )
    asked.check()
    return filters


def answer(rows: list[dict[str, Any]], next_page: Position | None, word: str, now: int) -> dict[str, Any]:
    """Return the answer: `workflows` or `dispatches`, as `word` says, and a `cursor` if there are more.

    `now` is the time (ms) at which the page was read.
    """
    document: dict[str, Any] = {"as_of": iso(now), "workflows" if word == "workflow" else "dispatches": rows}
    if next_page is not None:
        document["cursor"] = next_page.cursor()
    return document


def row(item: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of the list for an item of the index. Raises UnreadableItem."""
    channels = checked(item, "channels", list)
    if not all(isinstance(channel, str) for channel in channels):
        raise UnreadableItem("channels")
    instants = {name: instant(item, name) for name in ("created_at", "ended_at") if name in item}
    return {
        f"{one_of(item, 'word', ('workflow', 'dispatch'))}_uuid": checked(item, "pk", str).removeprefix("workflow#"),
        "status": one_of(item, "status", STATES),
        **{name: iso(at) for name, at in instants.items()},
        **{name: checked(item, name, str) for name in ("reason", "client_ref") if name in item},
        "channels": channels,
    }


def expanded(item: dict[str, Any], workflows: Mapping[str, Workflow]) -> dict[str, Any]:
    """Return the entry as `row` does, with the steps and the usage of its workflow, if `workflows` has it.

    Everything is then as in that workflow, which may be newer than the index.
    """
    entry = row(item)
    workflow = workflows.get(item["pk"].removeprefix("workflow#"))
    if workflow is None:
        return entry
    summary = presentation.summary(workflow)
    del summary["template"]
    return {**entry, **summary, **presentation.progress(workflow)}


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return read


def _reference(text: str) -> str:
    if not 1 <= len(text) <= LONGEST_REFERENCE:
        raise ValueError
    text.encode()  # a lone surrogate is in no reference; raises a ValueError
    return text


def _words(words: tuple[str, ...]) -> str:
    quoted = [f"'{word}'" for word in words]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"
