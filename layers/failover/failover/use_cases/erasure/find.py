"""Find the workflows of a recipient, and the recipients that were erased."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator

from failover.adapters.workflow.recipients import MOST_AT_ONCE, Content, Entry
from failover.observability import logger, unexpected
from failover.outside import Outside
from failover.rules.channels.kinds import Text, Whole
from failover.rules.channels.objects import Many
from failover.rules.erasure import proof, recipients
from failover.rules.erasure.proof import Verdict
from failover.rules.formats import ids
from failover.rules.formats.stored import UnreadableItem
from failover.rules.requests.models import Of
from failover.rules.timing.instants import iso
from failover.rules.workflow import retention
from failover.rules.workflow.state import Workflow
from failover.use_cases.callers.commands import OPTIONAL, Answer, Command, CommandRefused, Id
from failover.use_cases.workflow.recipients import keys

_MOST_FORMS = 10


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


Limit = Annotated[int, Of(Whole(1, MOST_AT_ONCE, "entries")), OPTIONAL]


class OfRecipient(Command):
    recipient: Annotated[list[Any], Of(Many(recipients.FORMS, "recipients", 1, _MOST_FORMS)), BeforeValidator(_listed)]
    """One, or the forms of one person: its number, its ids."""
    limit: Limit = MOST_AT_ONCE
    cursor: Annotated[str | None, Of(Text(200)), OPTIONAL] = None


class ListErasures(Command):
    limit: Limit = MOST_AT_ONCE
    cursor: Annotated[Id | None, OPTIONAL] = None


@dataclass(frozen=True)
class Page:
    """A page of the entries of a person."""

    keys: list[str]
    recipients: list[str]
    """Hashes: of each form, with each key."""
    entries: dict[str, list[Entry]]
    """By workflow: several forms may lead to one."""
    cursor: str | None
    """None on the last page."""


@dataclass(frozen=True)
class Seen:
    """A workflow as it is now."""

    id: str
    workflow: Workflow | None
    """None: its record is gone, or not `readable`."""
    content: Content | None
    readable: bool

    @property
    def shown(self) -> Answer:
        return proof.shown(self.id, self.workflow, readable=self.readable)

    @property
    def nothing(self) -> bool:
        """Neither record nor content: an entry that outlived both, or whose workflow was never stored."""
        return self.workflow is None and self.content is None and self.readable


def find(outside: Outside, command: OfRecipient) -> Answer:
    """A page of the workflows that had the recipient, those of one hash after each other."""
    found = page(outside, command)
    rows = [_row(outside, one, found.entries[one.id]) for one in seen_all(outside, found.entries)]
    logger.info("recipient looked up", recipients=found.recipients, workflows=len(rows))
    return {"recipients": found.recipients, "workflows": rows, "cursor": found.cursor}


def page(outside: Outside, command: OfRecipient) -> Page:
    """Raises CommandRefused for a cursor of other recipients, and `aws.Unavailable` if the keys may be outdated."""
    known = keys(outside)
    hashes = list(dict.fromkeys(one for form in command.recipient for one in recipients.hashes(known, form)))
    recipient, _, workflow_id = (command.cursor or "").partition(".")
    if command.cursor is not None and (recipient not in hashes or not ids.is_id(workflow_id)):
        raise CommandRefused("cursor: Should be the one of the last answer for the same recipients")
    entries, last = outside.recipients.page(hashes, command.limit, (recipient, workflow_id) if command.cursor else None)
    by_workflow: dict[str, list[Entry]] = {}
    for entry in entries:
        by_workflow.setdefault(entry.workflow_id, []).append(entry)
    return Page(known, hashes, by_workflow, ".".join(last) if last else None)


def seen_all(outside: Outside, workflows: dict[str, list[Entry]]) -> Iterator[Seen]:
    """Each workflow, unless nothing of it is left and no erasure has a verdict on it."""
    for workflow_id, entries in workflows.items():
        one = seen(outside, workflow_id)
        if not one.nothing or recorded(entries):
            yield one


def seen(outside: Outside, workflow_id: str) -> Seen:
    content, readable = outside.recipients.content(workflow_id), True
    try:
        workflow = outside.store.read(workflow_id)
    except UnreadableItem as error:
        unexpected(error)
        workflow, readable = None, False
    return Seen(workflow_id, workflow, content, readable)


def recorded(entries: list[Entry]) -> Verdict | None:
    """Return what an erasure did to the workflow of these entries, or None if there was none."""
    return next((entry.verdict for entry in entries if entry.verdict), None)


def _row(outside: Outside, one: Seen, entries: list[Entry]) -> Answer:
    verdict = recorded(entries)
    until = _kept_until(one)
    kept = until is not None and until > outside.now() // 1000
    erased_at = None if verdict is None else iso(verdict["at"])
    return {**one.shown, "content_kept": kept, "erased_at": erased_at}


def _kept_until(one: Seen) -> int | None:
    """When the content expires (seconds), even if its item does not yet say so."""
    if one.content is None:
        return None
    if one.workflow is None:
        return one.content.expires_at
    return min(one.content.expires_at, retention.content_expires_at(one.workflow, one.content.retention))


def list_erasures(outside: Outside, command: ListErasures) -> Answer:
    """A page of the recipients that were erased, ordered by hash."""
    items, cursor = outside.recipients.erasures(command.limit, command.cursor)
    rows = [
        {"recipient": item["sk"], "first_at": iso(item["first_at"]), "last_at": iso(item["last_at"])} for item in items
    ]
    return {"erasures": rows, "cursor": cursor}
