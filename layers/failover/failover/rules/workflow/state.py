"""A workflow and its steps as plain, frozen data, as in the state item of the table.

It has no texts and no addresses: those are the workflow's content, which is stored separately.

An item may have been written by a later release. Fields and words that this one does not know are carried along where
that is safe (docs/upgrade.md, "What a release does with items of a later one").
"""

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, Literal, get_args

from failover.rules.channels.statuses import CONDITIONS
from failover.rules.formats.ids import is_api_key, is_id
from failover.rules.formats.stored import NOTHING, UnreadableItem, carried, checked, instant, one_of, whole

type Entry = dict[str, Any]
"""One entry of the timeline: `sequence` (1, 2, …), `at` (ms), `event`, and the details of that event.

An event of a later release is not in EVENTS. It is stored and shown, and no rule looks at its details.
"""

type End = Literal["completed", "error", "cancelled"]
type Event = Literal[
    "accepted",
    "waiting",
    "sending",
    "postponed",
    "sent",
    "unsent",
    "unknown",
    "restored",
    "status",
    "left",
    "completed",
    "error",
    "cancelled",
    "amended",
]
EVENTS: tuple[Event, ...] = get_args(Event.__value__)
FINAL_REPORTS = frozenset({"completed", "error", "cancelled", "amended"})
"""The events that end a workflow, or report its end again."""
STATES = ("running", "completed", "error", "cancelled")
PHASES = ("pending", "claimed", "sent", "unknown", "unsent")
OUTCOMES = ("met", "rejected", "undeliverable", "refused", "unsendable", "expired", "advanced", "unconfirmed")
"""Why a step ended: `met` is success, all others are failures.

A step whose phase is of a later release counts as begun, and one whose outcome is of a later release as over: neither
is sent.
"""


@dataclass(frozen=True)
class Step:
    channel: str
    condition_status: str | None = None
    """None for the last step, which has no failover."""
    expiry_time: int | None = None
    """Seconds after `answered_at`; None for the last step."""
    phase: str = "pending"
    """pending, claimed (its send may be under way), sent, unknown (it may have been sent), unsent."""
    outcome: str | None = None
    """One of OUTCOMES; None while the step is open."""
    status: str | None = None
    """The message's status, by rank."""
    statuses: tuple[str, ...] = ()
    """All recorded statuses in the order of arrival, each once."""
    message_uuid: str | None = None
    claimed_at: int | None = None
    answered_at: int | None = None
    """When the Messages API answered the send, or failed to. The expiry counts from here."""
    waiting_since: int | None = None
    """When the step first had no turn, or its message was not taken."""
    turn_at: int | None = None
    """Its turn in the lane of its account and channel (`rules.pacing`)."""
    turn_shift: int | None = None
    """That lane's shift (ms) when the turn was reserved."""
    releases: int = 0
    """How often its claim was released, because the message was not taken."""
    carried: Mapping[str, Any] = field(default=NOTHING, hash=False)
    """The step's fields that this release does not know."""

    @property
    def begun(self) -> bool:
        """It was claimed, and the claim has not been released."""
        return self.phase != "pending"

    @property
    def state(self) -> str:
        """The state that the customer sees."""
        return self.outcome or self.phase


@dataclass(frozen=True)
class Workflow:
    id: str
    account: str
    word: str
    """`workflow` or `dispatch`, as in the endpoint that created it (docs/api.md, "Decisions")."""
    base_url: str
    """Scheme, host and stage of this API as its client used them, without a slash at the end."""
    created_at: int
    receipt_window: int
    """Seconds the last step waits for a receipt that decides it."""
    record_retention: int
    """Seconds this item is kept after the end."""
    steps: tuple[Step, ...]
    status: str = "running"
    """running, completed, error, cancelled."""
    reason: str | None = None
    ended_at: int | None = None
    timeline: tuple[Entry, ...] = ()
    application: str | None = None
    """The application whose token created it; None if it was the account's secret."""
    client_ref: str | None = None
    """The customer's reference for the whole workflow."""
    webhook_url: str | None = None
    """Where its webhooks go instead of the caller's `status_url`."""
    table_id: str | None = None
    """The table in which it was created, or was last marked as restored (`origin`)."""
    version: int = 1
    writes: tuple[str, ...] = field(default=(), compare=False)
    """Ids of the last writes of this item, oldest first (`adapters.table`); not part of the workflow's state."""
    attempt: int = 1
    """Number of the current execution of the state machine, which is named `<id>-<attempt>`."""
    task_token: str | None = None
    """Token of the current race. Written by the state machine, removed by the next claim."""
    due_at: int | None = None
    """When it becomes overdue (see `overdue`). None once it is over and its webhooks are recorded as queued."""
    published: int = 0
    """Every webhook up to this sequence is recorded as queued. Set only after the workflow has ended."""
    expires_at: int | None = None
    """The TTL of this item, in seconds since the epoch."""
    carried: Mapping[str, Any] = field(default=NOTHING, hash=False)
    """The item's fields that this release does not know."""

    @property
    def running(self) -> bool:
        return self.status == "running"

    def is_last(self, number: int) -> bool:
        return number == len(self.steps) - 1

    def with_step(self, number: int, **changes: Any) -> "Workflow":
        """Return the workflow with changes of step `number`."""
        steps = list(self.steps)
        steps[number] = replace(steps[number], **changes)
        return replace(self, steps=tuple(steps))

    def with_entry(self, now: int, event: Event, **details: Any) -> "Workflow":
        """Return the workflow with one more entry in its timeline."""
        entry = {"sequence": len(self.timeline) + 1, "at": now, "event": event, **details}
        return replace(self, timeline=(*self.timeline, entry))


def to_plain(workflow: Workflow) -> dict[str, Any]:
    """Return the workflow as dicts, lists, strings and integers: the fields that are not None, and those carried."""
    plain = _plain(workflow, _OF_WORKFLOW)
    plain["steps"] = [_plain(step, _OF_STEP) for step in workflow.steps]
    return plain


def _plain(one: Workflow | Step, names: frozenset[str]) -> dict[str, Any]:
    return {**one.carried, **{name: value for name, value in vars(one).items() if name in names and value is not None}}


MOST_ATTEMPTS = 5
"""Executions per workflow."""
_LONGEST = 400_000_000
"""Seconds: a dozen years, longer than any period of a workflow."""


def from_plain(plain: dict[str, Any]) -> Workflow:
    """The reverse of `to_plain`, for an item of this release or a later one.

    The COMPUTED fields are left out, since each write computes them. Raises UnreadableItem if no release can have made
    this item, or if it needs a later release: its status, or the condition of a step, decides whether the next message
    is sent, and is not known.
    """
    values = _scalars(_SCALARS_OF_WORKFLOW, plain)
    values["carried"] = carried(plain, _OF_WORKFLOW | COMPUTED)
    steps = [_step(step) for step in checked(plain, "steps", list | tuple)]
    if not steps:
        raise UnreadableItem("steps")
    values["steps"] = tuple(steps)
    entries = checked(plain, "timeline", list | tuple, [])
    values["timeline"] = tuple(_entry(entry, sequence, len(steps)) for sequence, entry in enumerate(entries, start=1))
    values["writes"] = _texts(plain, "writes")
    one_of(plain, "status", STATES)
    one_of(plain, "word", ("workflow", "dispatch"))
    if plain.get("pk", f"workflow#{values['id']}") != f"workflow#{values['id']}" or not is_id(values["id"]):
        raise UnreadableItem("id")
    if not is_api_key(values["account"]):
        raise UnreadableItem("account")
    if not is_id(values.get("application", values["id"])):
        raise UnreadableItem("application")
    for name in ("created_at", "ended_at", "due_at"):
        instant(plain, name, None)
    for name in ("receipt_window", "record_retention"):
        whole(plain, name, 0, _LONGEST)
    whole(plain, "attempt", 1, MOST_ATTEMPTS)
    return Workflow(**values)


def _step(plain: Any) -> Step:
    values = _scalars(_SCALARS_OF_STEP, plain)
    one_of(plain, "condition_status", CONDITIONS, None)
    for name in ("claimed_at", "answered_at", "waiting_since", "turn_at"):
        instant(plain, name, None)
    whole(plain, "expiry_time", 0, _LONGEST)
    return Step(**values, statuses=_texts(plain, "statuses"), carried=carried(plain, _OF_STEP))


_OF_A_STEP = frozenset({"waiting", "sending", "postponed", "sent", "unsent", "unknown", "status", "left"})
"""The events that are about one step."""
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def _entry(entry: Any, sequence: int, steps: int) -> Entry:
    if checked(entry, "sequence", int) != sequence:
        raise UnreadableItem("timeline: sequence")
    instant(entry, "at")
    event = checked(entry, "event", str)
    if event not in EVENTS:
        return dict(entry)
    instant(entry, "timestamp", None)
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


COMPUTED = frozenset({"pk", "sk", "write_id", "listed", "referred", "channels", "due"})
"""The fields of the item that are no field of a workflow: its keys, and what `adapters.workflow.store` computes."""


def _names(kind: type[Workflow | Step]) -> frozenset[str]:
    return frozenset(one.name for one in fields(kind)) - {"carried"}


_OF_WORKFLOW, _OF_STEP = _names(Workflow), _names(Step)
_LISTS = frozenset({"steps", "statuses", "timeline", "writes"})

type _Scalar = tuple[str, Any, bool]
"""The name of a field, its type, and whether it is required."""


def _scalars_of(kind: type[Workflow | Step]) -> tuple[_Scalar, ...]:
    names = _names(kind) - _LISTS
    return tuple((one.name, one.type, one.default is MISSING) for one in fields(kind) if one.name in names)


_SCALARS_OF_WORKFLOW, _SCALARS_OF_STEP = _scalars_of(Workflow), _scalars_of(Step)


def _scalars(known: tuple[_Scalar, ...], plain: Any) -> dict[str, Any]:
    """Return the fields `known` of `plain`. Raises UnreadableItem."""
    return {name: checked(plain, name, kind) for name, kind, required in known if required or name in plain}
