"""The attempts to deliver each webhook, and everything a delivery needs to know.

The item of a webhook: `last_attempt`, the highest number claimed so far; `claim`, {id, at} while that attempt is being
made; `made`, the attempts by their number, each with the time of the retry that follows it (commits before 0.1.0 kept
them in a list, `attempts`, without that time); `state`; and, while that is `failed`, what the index `failed` has of it.
"""

from dataclasses import dataclass
from typing import Any

from failover.adapters.table import ConditionFailed, Item, Table, calls, key, marshalled, new_write_id
from failover.adapters.workflow.store import whole
from failover.rules.formats.stored import checked, instant
from failover.rules.webhooks import delivery, failed
from failover.rules.webhooks.delivery import Task
from failover.rules.workflow import retention
from failover.rules.workflow.state import Workflow


@dataclass(frozen=True)
class Known:
    """What a delivery knows before it begins."""

    workflow: Workflow
    content: list[dict[str, Any]] | None
    account: Item
    application: Item | None
    last_attempt: int
    """The number of the last attempt that was claimed; 0: none."""
    claimed_at: int | None
    """When it was claimed (ms), if it has not been recorded; None: it has been."""
    state: str | None = None
    """After the last attempt that was recorded."""

    @property
    def url(self) -> str | None:
        """The request's own, else its application's, else its account's (docs/api.md, "Where they go")."""
        caller = self.account if self.workflow.application is None else self.application or {}
        return self.workflow.webhook_url or caller.get("status_url")


class Deliveries:
    """Every method raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def known(self, task: Task) -> Known | None:
        """Everything about a task in one read; None: the workflow, or its account, is gone, or it is not theirs."""
        pk = f"workflow#{task.workflow_id}"
        account = (f"account#{task.account}", "account")
        log = (pk, _sk(task.sequence))
        keys = [(pk, "state"), (pk, "content"), log, account]
        application = (f"application#{task.application}", "application")
        if task.application is not None:
            keys.append(application)
        items = self._table.get_all(*keys)
        found = whole({sk: item for (_, sk), item in items.items()}, self._table.now())
        if found is None or account not in items:
            return None
        if (found[0].account, found[0].application) != (task.account, task.application):
            return None
        item = items.get(log, {})
        claim = checked(item, "claim", dict, None)
        return Known(
            *found,
            account=items[account],
            application=items.get(application),
            last_attempt=checked(item, "last_attempt", int, 0),
            claimed_at=None if claim is None else instant(claim, "at"),
            state=checked(item, "state", str, None),
        )

    def claim(self, workflow: Workflow, sequence: int, number: int, now: int) -> str | None:
        """Claim an attempt, by the id of its claim; None: another delivery is making it, or has made it.

        A claim that is older than a delivery can live is taken over.
        """
        claim_id = new_write_id()
        values = {
            ":number": number,
            ":claim": {"id": claim_id, "at": now},
            ":id": claim_id,
            ":dead": now - delivery.CLAIM_SECONDS * 1000,
            ":none": {},
            ":pending": "pending",
            ":expires_at": workflow.expires_at or retention.pointers_expire_at(workflow, now),
        }
        update = (
            "SET last_attempt = :number, #claim = :claim, expires_at = :expires_at, "
            "#made = if_not_exists(#made, :none), #state = if_not_exists(#state, :pending)"
        )
        condition = (
            "attribute_not_exists(last_attempt) OR last_attempt < :number OR #claim.#id = :id "
            "OR (last_attempt = :number AND #claim.#at <= :dead)"
        )
        names = {"#claim": "claim", "#made": "made", "#state": "state", "#id": "id", "#at": "at"}
        return claim_id if self._update(workflow.id, sequence, update, condition, names, values) else None

    def record(self, workflow: Workflow, sequence: int, claim_id: str, attempt: Item, state: str) -> None:
        """Record a claimed attempt, {number, at, milliseconds, …}, and the state the webhook has after it.

        The same write puts the webhook into the index `failed`, or takes it out. Repeated it changes nothing. Where a
        later attempt has been claimed meanwhile, state and index are that one's.
        """
        listed = failed.kept(workflow, sequence, attempt) if state == failed.STATE else {}
        sets = "".join(f", #{name} = :{name}" for name in listed)
        removes = "".join(f", #{name}" for name in failed.ATTRIBUTES if name not in listed)
        names = {"#made": "made", "#number": str(attempt["number"])}
        values: Item = {":attempt": {name: value for name, value in attempt.items() if name != "number"}}
        made = "SET #made.#number = :attempt"
        if not self._update(
            workflow.id,
            sequence,
            f"{made}, #state = :state{sets} REMOVE #claim{removes}",
            "#claim.#id = :id",
            names | {f"#{name}": name for name in ("claim", "state", "id", *failed.ATTRIBUTES)},
            values | {":state": state, ":id": claim_id} | {f":{name}": value for name, value in listed.items()},
        ):
            self._update(workflow.id, sequence, made, "attribute_exists(#made)", names, values)

    def of(self, workflow_id: str) -> dict[int, Item]:
        """What was recorded of a workflow's webhooks, by sequence: {state, attempts: [{number, at, …}]}."""
        query = {
            "TableName": self._table.name,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :webhook)",
            "ExpressionAttributeValues": marshalled({":pk": f"workflow#{workflow_id}", ":webhook": "webhook#"}),
        }
        found: list[Item] = []
        with calls():
            for answer in self._table.client.get_paginator("query").paginate(**query):
                found += self._table.present(answer["Items"])
        sequences = [item["sk"].removeprefix("webhook#") for item in found]
        return {
            int(sequence): _recorded(item)
            for sequence, item in zip(sequences, found, strict=True)
            if sequence.isascii() and sequence.isdigit()
        }

    def _update(
        self, workflow_id: str, sequence: int, update: str, condition: str, names: dict[str, str], values: Item
    ) -> bool:
        """False: the condition was not met."""
        try:
            with calls():
                self._table.client.update_item(
                    TableName=self._table.name,
                    Key=marshalled(key(f"workflow#{workflow_id}", _sk(sequence))),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=marshalled(values),
                )
        except ConditionFailed:
            return False
        return True


def _recorded(item: Item) -> Item:
    made = {int(number): attempt for number, attempt in checked(item, "made", dict, {}).items() if number.isdecimal()}
    attempts = [{"number": number, **attempt} for number, attempt in sorted(made.items())]
    return {
        "state": checked(item, "state", str, "pending"),
        "last_attempt": checked(item, "last_attempt", int, 0),
        "attempts": [*checked(item, "attempts", list, []), *attempts],
    }


def _sk(sequence: int) -> str:
    return f"webhook#{sequence:05d}"
