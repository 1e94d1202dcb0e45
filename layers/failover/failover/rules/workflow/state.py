"""A workflow and its steps as plain, frozen data: what the state item of the table holds.

No text and no address of a person is in here; those are the workflow's content, kept apart.
"""

import re
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.statuses import CONDITIONS
from failover.rules.formats.ids import is_api_key, is_id
from failover.rules.formats.stored import UnreadableItem, checked, instant, one_of, whole

type Entry = dict[str, Any]
"""One line of the timeline: `sequence` (1, 2, …), `at` (ms), `event`, and what that event tells."""


FINAL_REPORTS = frozenset({"completed", "error", "cancelled", "amended"})
"""The events of a timeline that end a workflow, or report its end again."""
STATES = ("running", "completed", "error", "cancelled")
PHASES = ("pending", "claimed", "sent", "unknown", "unsent")
OUTCOMES = ("met", "rejected", "undeliverable", "refused", "unsendable", "expired", "unconfirmed")
"""What a step can come to: `met` is success, everything else has left it."""


@dataclass(frozen=True)
class Step:
    channel: str
    condition_status: str | None = None
    """None on the last step, which has no failover."""
    expiry_time: int | None = None
    """Seconds, from the end of the send; None on the last step."""
    phase: str = "pending"
    """pending, claimed (its send may be under way), sent, unknown (sent or not: nobody can tell), unsent."""
    outcome: str | None = None
    """One of OUTCOMES; None: the step is not closed."""
    status: str | None = None
    """The status the message has, by rank."""
    statuses: tuple[str, ...] = ()
    """Every status recorded, in the order of arrival; each at most once."""
    message_uuid: str | None = None
    claimed_at: int | None = None
    answered_at: int | None = None
    """When the Messages API had answered the send, or failed to: the expiry clock starts here."""

    @property
    def state(self) -> str:
        """The one word a customer sees."""
        return self.outcome or self.phase


@dataclass(frozen=True)
class Workflow:
    id: str
    account: str
    word: str
    """`workflow` or `dispatch`: the word of the endpoint it came by (contract, section 0)."""
    base_url: str
    """Scheme, host and stage of this API as its client saw it; no slash at the end."""
    created_at: int
    receipt_window: int
    """Seconds the last step may go without a receipt."""
    record_retention: int
    """Seconds this item is kept after the end."""
    steps: tuple[Step, ...]
    status: str = "running"
    """running, completed, error, cancelled."""
    reason: str | None = None
    ended_at: int | None = None
    timeline: tuple[Entry, ...] = ()
    application: str | None = None
    """The application whose token posted it; None: it was the account's own secret."""
    client_ref: str | None = None
    """The customer's own reference to the whole workflow."""
    webhook_url: str | None = None
    """Where this workflow's webhooks go instead of the caller's own URL."""
    version: int = 1
    writes: tuple[str, ...] = field(default=(), compare=False)
    """The ids of the last writes of this item, oldest first (`adapters.table`): they say nothing of the workflow."""
    attempt: int = 1
    """Which execution of the state machine is at work: it is named `<id>-<attempt>`."""
    task_token: str | None = None
    """Answers the race that is on; written by the state machine, removed by the next claim."""
    due_at: int | None = None
    """When somebody ought to look whether this workflow is still moving, and, once it is over, whether its webhooks
    have been queued; None: it is over, and they have."""
    published: int = 0
    """Up to which sequence every webhook is known to have been queued; not written before the workflow is over."""
    expires_at: int | None = None
    """When the table may forget this item."""

    @property
    def running(self) -> bool:
        return self.status == "running"

    def is_last(self, number: int) -> bool:
        return number == len(self.steps) - 1


def to_plain(workflow: Workflow) -> dict[str, Any]:
    """The workflow as dicts, lists, strings and whole numbers, without its empty fields."""
    plain = _without_none(asdict(workflow))
    plain["steps"] = [_without_none(step) for step in plain["steps"]]
    return plain


MOST_ATTEMPTS = 5
"""Executions a workflow may use up."""
_LONGEST = 400_000_000
"""Seconds, a dozen years: longer than any span of time of a workflow."""


def from_plain(plain: dict[str, Any]) -> Workflow:
    """The reverse of `to_plain`; it passes over fields it does not know (keys of the table, a later version's).

    Raises UnreadableItem where an item cannot be one that `to_plain` made.
    """
    known = _known(Workflow, plain)
    steps = [_step(step) for step in checked(plain, "steps", list | tuple)]
    if not steps:
        raise UnreadableItem("steps")
    known["steps"] = tuple(steps)
    entries = checked(plain, "timeline", list | tuple, [])
    known["timeline"] = tuple(_entry(entry, sequence, len(steps)) for sequence, entry in enumerate(entries, start=1))
    known["writes"] = _texts(plain, "writes")
    one_of(plain, "status", STATES)
    one_of(plain, "word", ("workflow", "dispatch"))
    if plain.get("pk", f"workflow#{known['id']}") != f"workflow#{known['id']}" or not is_id(known["id"]):
        raise UnreadableItem("id")
    if not is_api_key(known["account"]):
        raise UnreadableItem("account")
    if not is_id(known.get("application", known["id"])):
        raise UnreadableItem("application")
    for name in ("created_at", "ended_at", "due_at"):
        instant(plain, name, None)
    for name in ("receipt_window", "record_retention"):
        whole(plain, name, 0, _LONGEST)
    whole(plain, "attempt", 1, MOST_ATTEMPTS)
    return Workflow(**known)


def _step(plain: Any) -> Step:
    known = _known(Step, plain)
    one_of(plain, "channel", tuple(CHANNELS))
    one_of(plain, "condition_status", CONDITIONS, None)
    one_of(plain, "phase", PHASES)
    one_of(plain, "outcome", OUTCOMES, None)
    for name in ("claimed_at", "answered_at"):
        instant(plain, name, None)
    whole(plain, "expiry_time", 0, _LONGEST)
    return Step(**{**known, "statuses": _texts(plain, "statuses")})


_OF_A_STEP = frozenset({"sending", "sent", "unsent", "unknown", "status", "left"})
"""The events of a timeline that are about one step."""
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def _entry(entry: Any, sequence: int, steps: int) -> Entry:
    if checked(entry, "sequence", int) != sequence:
        raise UnreadableItem("timeline: sequence")
    instant(entry, "at")
    instant(entry, "timestamp", None)
    event = checked(entry, "event", str)
    for name in ("message_uuid", "outcome", "reason"):
        checked(entry, name, str, None)
    step = checked(entry, "step", int) if event in _OF_A_STEP else checked(entry, "step", int, 0)
    if step >= steps:
        raise UnreadableItem("timeline: step")
    if event == "status":
        checked(entry, "status", str)
        if error := checked(entry, "error", dict, None):
            checked(error, "code", int, None)
            checked(error, "reason", str, None)
        if "usage" in entry:
            usage = checked(entry, "usage", dict)
            checked(usage, "currency", str)
            if not _DECIMAL.fullmatch(checked(usage, "price", str)):
                raise UnreadableItem("timeline: price")
    return dict(entry)


def _texts(plain: Any, name: str) -> tuple[str, ...]:
    values = checked(plain, name, list | tuple, [])
    if not all(isinstance(value, str) for value in values):
        raise UnreadableItem(name)
    return tuple(values)


_LISTS = frozenset({"steps", "statuses", "timeline", "writes"})


def _known(kind: type[Workflow | Step], plain: Any) -> dict[str, Any]:
    """The fields of `kind` that are in `plain`, without the lists. Raises UnreadableItem."""
    known: dict[str, Any] = {}
    for one in fields(kind):
        if one.name not in _LISTS and (one.default is MISSING or one.name in plain):
            known[one.name] = checked(plain, one.name, one.type)  # type: ignore[arg-type]
    return known


def _without_none(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value is not None}
