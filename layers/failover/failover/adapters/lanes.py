"""The lanes in the table: a small item each, changed by one conditional write (`rules.pacing.lane`).

Its free time is in microseconds, since 300 turns a second are 3.3 ms apart.
"""

from typing import Any

from failover.adapters.table import ConditionFailed, Item, Table, calls, key, marshalled, plain
from failover.rules.formats.stored import checked
from failover.rules.pacing import turns
from failover.rules.pacing.lane import Lane, LaneState, Turn

_KEPT_SECONDS = 86_400
"""How long an unused lane is kept. A lane that is gone is free, as is one that was not used for a day."""
_FREE = "attribute_not_exists(free_at) OR free_at < :now OR expires_at <= :past"


class Lanes:
    """Every method raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._free_at: dict[str, int] = {}
        """The free time of each lane when it was seen last, which tells the write that will probably succeed."""

    def reserve(self, lane: Lane, now: int, latest: int) -> Turn | None:
        """Reserve the next free time, or now. Returns None if that is after `latest`; then nothing is reserved.

        `now` and `latest` are ms. If the answer gets lost and the write is repeated, one time stays unused.
        """
        if latest < now:
            return None
        last = latest * 1000 + lane.tolerance
        values = {":now": now * 1000, ":expires_at": now // 1000 + _KEPT_SECONDS}
        while True:  # the free time only grows, unless a lane is opened, so no more than a few writes fail
            if self._free_at.get(lane.name, 0) < now * 1000:
                free, condition = ":next", _FREE
                more = {":next": now * 1000 + lane.interval, ":past": now // 1000}
            else:
                free, condition = "free_at + :interval", "free_at BETWEEN :now AND :last"
                more = {":interval": lane.interval, ":last": last}
            item = self._update(lane.name, f"SET free_at = {free}, expires_at = :expires_at", condition, values | more)
            if item is not None:
                break
            self.state(lane.name)
            if self._free_at[lane.name] > last:
                return None
        state = _state(item)
        reserved = -(-(item["free_at"] - lane.interval - lane.tolerance) // 1000)
        return Turn(max(now, reserved, state.closed_until), state.shift)

    def close(self, name: str, now: int, until: int) -> LaneState:
        """Close a lane until then (ms), unless it is closed for longer. Returns its state.

        Of two that close it at the same time, the second one adds what the first one lacks.
        """
        state = self.state(name)
        while state.closed_until < until:
            moved = until - max(now, state.closed_until)
            values = {
                ":now": now * 1000,
                ":moved": moved,
                ":until": until,
                ":seen": state.closed_until,
                ":zero": 0,
                ":past": now // 1000,
                ":expires_at": until // 1000 + _KEPT_SECONDS,
            }
            seen = "attribute_not_exists(closed_until) OR closed_until = :seen OR expires_at <= :past"
            if self._free_at[name] < now * 1000:
                free, condition, more = ":free", _FREE, {":free": until * 1000}
            else:
                free, condition, more = "free_at + :free", "free_at >= :now", {":free": moved * 1000}
            item = self._update(
                name,
                f"SET free_at = {free}, shift = if_not_exists(shift, :zero) + :moved, closed_until = :until, "
                "expires_at = :expires_at",
                f"({condition}) AND ({seen})",
                values | more,
            )
            state = self.state(name) if item is None else _state(item)
        return state

    def open(self, name: str, now: int) -> LaneState:
        """Open a closed lane before its time, as if it had been closed until now. Returns its state.

        One that opens within `turns.SHORT` is left: its times from then on may have been handed out.
        """
        state = self.state(name)
        while state.closed_until > now + turns.SHORT:
            moved = state.closed_until - now
            values = {":moved": moved, ":free": moved * 1000, ":until": now, ":seen": state.closed_until}
            item = self._update(
                name,
                "SET free_at = free_at - :free, shift = shift - :moved, closed_until = :until",
                "closed_until = :seen",
                values,
            )
            state = self.state(name) if item is None else _state(item)
        return state

    def state(self, name: str) -> LaneState:
        """The lane as it is now (a consistent read)."""
        item = self._table.get(f"lane#{name}", "lane") or {}
        self._free_at[name] = checked(item, "free_at", int, 0)
        return _state(item)

    def _update(self, name: str, update: str, condition: str, values: dict[str, Any]) -> Item | None:
        """Returns the item as written, or None if the condition was not met."""
        try:
            with calls():
                answer = self._table.client.update_item(
                    TableName=self._table.name,
                    Key=marshalled(key(f"lane#{name}", "lane")),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=marshalled(values),
                    ReturnValues="ALL_NEW",
                )
        except ConditionFailed:
            return None
        item = plain(answer["Attributes"])
        self._free_at[name] = checked(item, "free_at", int)
        return item


def _state(item: Item) -> LaneState:
    return LaneState(
        -(-checked(item, "free_at", int, 0) // 1000),
        checked(item, "shift", int, 0),
        checked(item, "closed_until", int, 0),
    )
