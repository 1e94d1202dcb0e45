"""A workflow and its steps as plain, frozen data: what the state item of the table holds.

No text and no address of a person is in here; those are the workflow's content, kept apart.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any

type Entry = dict[str, Any]
"""One line of the timeline: `sequence` (1, 2, …), `at` (ms), `event`, and what that event tells."""


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


def from_plain(plain: dict[str, Any]) -> Workflow:
    """The reverse of `to_plain`; fields it does not know (keys of the table, a later version's) are passed over."""
    known = _known(Workflow, plain)
    known["steps"] = tuple(
        Step(**{**_known(Step, step), "statuses": tuple(step.get("statuses", ()))}) for step in plain["steps"]
    )
    known["timeline"] = tuple(plain.get("timeline", ()))
    return Workflow(**known)


def _known(kind: type[Workflow | Step], plain: dict[str, Any]) -> dict[str, Any]:
    return {f.name: plain[f.name] for f in fields(kind) if f.name in plain}


def _without_none(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value is not None}
