"""Read all that AWS knows about one workflow of a stack, except its content, which has the texts and addresses."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from failover.adapters.table import Table
from failover.adapters.webhooks.deliveries import Deliveries
from failover.adapters.workflow.listing import Listing
from failover.adapters.workflow.store import Store
from failover.errors import Failure, Temporary
from failover.rules.formats.stored import UnreadableItem
from failover.rules.timing.instants import from_iso
from failover.rules.workflow.listing import Filters
from failover.rules.workflow.state import Workflow
from ops.clients import client
from ops.explain.account import of_history, of_log_line
from ops.explain.story import Attempt, Execution, Moment, Story, Webhook

BEFORE = 60
"""Seconds before the request from which log lines are searched: clocks differ."""
AFTER = 26 * 3600
"""Seconds after the end: webhooks are tried for a day."""
MOST_LINES = 10_000
"""What one query of Logs Insights returns at most."""
PATIENCE = 120
"""Seconds for that query."""


class NotFound(Exception):
    """The stack or the workflow does not exist. The message is for the operator."""


@dataclass(frozen=True)
class Stack:
    """The resources of a deployed stack that hold something about a workflow."""

    region: str
    table: Table
    machine: str
    """The ARN of the state machine."""
    log_groups: tuple[str, ...]
    """Of the functions."""
    sleep: Callable[[float], None] = time.sleep

    def by_message(self, message_uuid: str) -> str:
        """The id of the workflow with this message. Raises NotFound."""
        place = Store(self.table).find_message(message_uuid)
        if place is None:
            raise NotFound("no message of this stack has this id, or its record has expired")
        return place[0]

    def by_client_ref(self, account: str, client_ref: str) -> str:
        """The id of the newest workflow of an account with this client_ref. Raises NotFound."""
        page = Listing(self.table).page(account, Filters(limit=1, client_ref=client_ref))
        if not page.items:
            raise NotFound("this account has no workflow with this client_ref, or its record has expired")
        return str(page.items[0]["pk"]).removeprefix("workflow#")

    def story(self, workflow_id: str, *, logs: bool = True) -> Story:
        """All that is known about a workflow. What cannot be read is a gap of the story. Raises NotFound."""
        try:
            flow = Store(self.table).read(workflow_id)
        except UnreadableItem as error:
            raise NotFound(f"the workflow's item cannot be read: {error}") from None
        if flow is None:
            raise NotFound("this stack has no such workflow, or its record has expired")
        gaps: list[str] = []
        now = self.table.now()
        return Story(
            workflow=flow,
            now=now,
            webhooks=_or_gap(gaps, "the attempts to deliver webhooks", lambda: self._webhooks(workflow_id)),
            executions=_or_gap(gaps, "the executions", lambda: tuple(self._executions(flow, gaps))),
            logs=_or_gap(gaps, "the logs", lambda: tuple(self._logs(flow, now, gaps))) if logs else (),
            gaps=tuple(gaps),
        )

    def _webhooks(self, workflow_id: str) -> tuple[Webhook, ...]:
        recorded = Deliveries(self.table).of(workflow_id)
        return tuple(
            Webhook(sequence, item["state"], tuple(map(_attempt, item["attempts"])))
            for sequence, item in sorted(recorded.items())
        )

    def _executions(self, flow: Workflow, gaps: list[str]) -> Iterator[Execution]:
        for number in range(1, flow.attempt + 1):
            arn = f"{self.machine.replace(':stateMachine:', ':execution:')}:{flow.id}-{number}"
            try:
                yield self._execution(arn, number)
            except ClientError as error:
                if _code(error) != "ExecutionDoesNotExist":
                    raise
                gaps.append(f"execution {number}: it was never started, or ended over 90 days ago")

    def _execution(self, arn: str, number: int) -> Execution:
        states = client("stepfunctions", self.region)
        described = states.describe_execution(executionArn=arn)
        pages = states.get_paginator("get_execution_history").paginate(executionArn=arn, includeExecutionData=False)
        found = [
            Moment(_milliseconds(event["timestamp"]), "execution", f"execution {number}: {text}")
            for page in pages
            for event in page["events"]
            if (text := of_history(event))
        ]
        ended = described.get("stopDate")
        return Execution(
            number,
            described["status"],
            _milliseconds(described["startDate"]),
            None if ended is None else _milliseconds(ended),
            tuple(found),
        )

    def _logs(self, flow: Workflow, now: int, gaps: list[str]) -> Iterator[Moment]:
        """Every line about a workflow in the logs of all functions, by one query."""
        logs = client("logs", self.region)
        until = now if flow.ended_at is None else min(now, flow.ended_at + AFTER * 1000)
        query = logs.start_query(
            logGroupNames=list(self.log_groups),
            startTime=flow.created_at // 1000 - BEFORE,
            endTime=until // 1000 + 1,
            queryString=query_of(flow.id),
            limit=MOST_LINES,
        )["queryId"]
        answer = self._answer(logs, query)
        if answer["status"] != "Complete":
            gaps.append(f"the logs: the query is {answer['status'].lower()} after {PATIENCE} s")
        for row in answer["results"]:
            line = {cell["field"]: cell["value"] for cell in row}
            if text := of_log_line(line["@message"]):
                yield Moment(_of_query(line["@timestamp"]), "log", text)

    def _answer(self, logs: Any, query: str) -> dict[str, Any]:
        waited = 0.0
        while True:
            answer: dict[str, Any] = logs.get_query_results(queryId=query)
            if answer["status"] not in ("Scheduled", "Running") or waited >= PATIENCE:
                return answer
            self.sleep(1)
            waited += 1


def deployed(name: str, region: str) -> Stack:
    """The stack of this name. Raises NotFound."""
    found = _resources(name, region)
    if "Table" not in found or "StateMachine" not in found:
        raise NotFound(f"the stack {name} in {region} is not one of this product")
    table = Table(found["Table"], client("dynamodb", region))
    groups = tuple(sorted(one for one in found.values() if one.startswith("/aws/lambda/")))
    return Stack(region, table, found["StateMachine"], groups)


def query_of(workflow_id: str) -> str:
    """The query of Logs Insights for all lines about a workflow, oldest first."""
    return f"fields @timestamp, @message | filter @message like /{workflow_id}/ | sort @timestamp asc"


def _or_gap[T](gaps: list[str], what: str, read: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
    """What `read` returns; nothing, and a gap, if AWS refuses it."""
    try:
        return read()
    except ClientError as error:
        gaps.append(f"{what}: {error.operation_name} was answered {_code(error)}")
    except (BotoCoreError, Failure, Temporary) as error:
        gaps.append(f"{what}: {type(error).__name__}")
    return ()


def _resources(name: str, region: str) -> dict[str, str]:
    """Logical id → physical id. Raises NotFound."""
    pages = client("cloudformation", region).get_paginator("list_stack_resources").paginate(StackName=name)
    try:
        return {
            one["LogicalResourceId"]: one.get("PhysicalResourceId", "")
            for page in pages
            for one in page["StackResourceSummaries"]
        }
    except ClientError as error:
        if _code(error) == "ValidationError":
            raise NotFound(f"there is no stack {name} in {region}") from None
        raise


def _attempt(recorded: dict[str, Any]) -> Attempt:
    return Attempt(
        recorded["number"], recorded["at"], recorded["milliseconds"], recorded.get("answer"), recorded.get("error")
    )


def _milliseconds(at: Any) -> int:
    return int(at.timestamp() * 1000)


def _of_query(text: str) -> int:
    """The milliseconds of `2026-01-31 12:00:00.000`, as a query returns a time in UTC, or of milliseconds."""
    return int(text) if text.isdigit() else from_iso(text)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
