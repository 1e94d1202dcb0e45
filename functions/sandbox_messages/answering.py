"""Report a status of a message on a phone, by hand."""

from typing import Any

from failover import problems
from failover.adapters.table import ConditionFailed, new_write_id
from failover.outside import Outside
from failover.rules.channels.kinds import Word
from failover.rules.channels.objects import Field, Object
from failover.rules.requests.models import read
from keeping import Kept, Message, Report
from phones import STATUSES, answers_to
from scheduling import Schedule

_BODY = Object((Field("status", Word(STATUSES), required=True),))


def status_of(body: Any) -> str:
    """The status in a request's body. Raises Problem (400)."""
    value, faults = read(_BODY, body)
    if faults:
        raise problems.invalid_parameters(faults)
    status: str = value["status"]
    return status


def answer(outside: Outside, kept: Kept, schedule: Schedule, account: str, message_uuid: str, status: str) -> None:
    """Record the status, and have its callback sent. Raises Problem: 404, or 409 with what may be reported instead.

    The callback is queued first, and is sent only if the report is recorded. If the process dies in between, nothing
    has been reported, and a repeat reports the status. Of two requests at once, one is recorded.
    """
    message = _answerable(kept.on_phone(account, message_uuid, outside.now()), status)
    report = Report(status, outside.now(), new_write_id())
    schedule.at_once(message.key, report)
    while True:  # each round finds one more status, and a message has at most three
        try:
            return kept.record(message, report)
        except ConditionFailed:
            current = kept.find(message.key, outside.now())
        if current is not None and report in current.reports:
            return None  # an earlier try of this write took effect
        message = _answerable(current, status)


def _answerable(message: Message | None, status: str) -> Message:
    """Return the message, if the status may be reported next. Raises Problem (404, 409)."""
    if message is None:
        raise problems.Problem(problems.NOT_FOUND, "There is no such message.")
    if status not in (answers := answers_to(message)):
        detail = f"This message cannot be reported as {status} now."
        raise problems.Problem(problems.CONFLICT, detail, more={"answers": answers})
    return message
