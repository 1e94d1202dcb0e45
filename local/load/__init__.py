"""`make load`: workflows of every outcome at a rate that holds, and then the question what was lost or came twice.

load
├── mixture   what is posted
├── posting   the open loop
├── burst     what clients in a hurry ask (`make burst`)
├── faults    what breaks meanwhile, if it is asked for
└── verdict   what must hold afterwards
"""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from failover.adapters.table import Item, plain
from failover.rules.workflow.publication import webhooks
from failover.rules.workflow.state import Workflow, from_plain
from local import credentials, stack
from local.inbox import Inbox
from local.load import verdict
from local.load.faults import Faults
from local.load.posting import Posted, post_all
from local.place import LocalFailure, Place

_WITHOUT_PROGRESS = 900
"""Seconds: the longest expiry is 600 s, and reconcile looks after what was left behind four minutes later."""


@dataclass(frozen=True)
class Wanted:
    workflows: int
    rate: float
    """Workflows posted a second."""

    @staticmethod
    def of_environment() -> "Wanted":
        """WORKFLOWS and RATE."""
        return Wanted(int(os.environ.get("WORKFLOWS") or 2000), float(os.environ.get("RATE") or 2))


def load(place: Place, wanted: Wanted, faults: Faults) -> None:
    """Load a stack that is up, and print figures and verdict. Raises LocalFailure if an invariant is broken."""
    written = credentials.read_all(place)
    inbox = Inbox(written["SIGNATURE_SECRET"])
    began, since = time.monotonic(), int(time.time() * 1000)
    try:
        with faults:
            posted = post_all(place, written, inbox.url, wanted.workflows, wanted.rate)
            posting = time.monotonic() - began
        flows = _settled(place, inbox, since)
        whole = time.monotonic() - began
        violations = _report(posted, flows, _requests(place), _callbacks(place), inbox, wanted.rate, posting, whole)
        print(faults.told())
    finally:
        inbox.close()
    if violations:
        raise LocalFailure(f"{len(violations)} violations, the first: {violations[0]}")


def _settled(place: Place, inbox: Inbox, since: int) -> dict[str, Workflow]:
    """The workflows created `since` (ms), once all are over and told, or nothing has happened for too long.

    Those of the live events are older, and wait for their events to be sent.
    """
    progress, moved = (0, 0), time.monotonic()
    while True:
        flows = {name: flow for name, flow in _flows(place).items() if flow.created_at >= since}
        over = sum(not flow.running or verdict.silent(flow) for flow in flows.values())
        came = {verdict.identity(webhook.body) for webhook in inbox.received()}
        if over == len(flows) and all((f.id, e["sequence"]) in came for f in flows.values() for e in webhooks(f)):
            return flows
        if (over, len(came)) != progress:
            progress, moved = (over, len(came)), time.monotonic()
            print(f"  {over} of {len(flows)} over, {len(came)} webhooks came", flush=True)
        if time.monotonic() - moved > _WITHOUT_PROGRESS:
            return flows
        time.sleep(5)


def _report(
    posted: list[Posted],
    flows: dict[str, Workflow],
    requests: Counter[str],
    callbacks: list[float],
    inbox: Inbox,
    rate: float,
    posting: float,
    whole: float,
) -> list[str]:
    first: dict[tuple[str, int], float] = {}
    came = inbox.received()
    for webhook in came:
        first.setdefault(verdict.identity(webhook.body), webhook.at)
    violations = verdict.broken({one.workflow_id for one in posted}, flows, requests, set(first))
    ends = Counter("waiting for a receipt" if verdict.silent(flow) else flow.status for flow in flows.values())
    print(f"\n{len(posted)} workflows posted in {posting:.0f} s, at {rate:g} a second", end="")
    print(f"; all over and told after {whole:.0f} s")
    print(f"ends        {', '.join(f'{many} {end}' for end, many in sorted(ends.items()))}")
    print(f"accepted    {verdict.quantiles([one.seconds for one in posted])}")
    print(f"refused     {sum(one.refusals for one in posted)} times, and then accepted")
    print(f"next step   {verdict.quantiles(verdict.next_after_failure(flows.values()))}, after a failure")
    print(f"expiry      {verdict.quantiles(verdict.lateness(flows.values()))}, later than due")
    print(f"webhooks    {verdict.quantiles(verdict.webhook_lags(flows, first))}, after the fact")
    print(f"callbacks   {verdict.quantiles(callbacks)}, until they were answered")
    print(
        f"messages    {sum(requests.values())} requested, {sum(many > 1 for many in requests.values())} of them twice"
    )
    print(f"webhooks    {len(first)} came, {len(came) - len(first)} repeats")
    print(f"invariants  {'I1 to I5 and I10 hold' if not violations else f'{len(violations)} violations'}")
    for violation in violations[:20]:
        print(f"  {violation}")
    return violations


def _flows(place: Place) -> dict[str, Workflow]:
    states = (item for item in _scanned(place, "Table") if item["sk"] == "state")
    return {flow.id: flow for flow in map(from_plain, states) if flow.webhook_url is not None}


def _requests(place: Place) -> Counter[str]:
    """The requests of each message that were taken, or may have been; the sandbox keeps no others of this mixture."""
    return Counter(item["client_ref"] for item in _scanned(place, "SandboxTable"))


def _callbacks(place: Place) -> list[float]:
    """Seconds in which each status callback of the sandbox that was answered had its answer."""
    pages = stack.client(place, "logs").get_paginator("filter_log_events")
    group = stack.resources(place)["SandboxLogs"]
    told = pages.paginate(logGroupName=group, filterPattern='"sandbox: callback sent"')
    lines = "\n".join(event["message"] for page in told for event in page["events"])
    return [int(milliseconds) / 1000 for milliseconds in re.findall(r'"milliseconds":(\d+)', lines)]


def _scanned(place: Place, table: str) -> Iterator[Item]:
    pages = stack.client(place, "dynamodb").get_paginator("scan")
    for page in pages.paginate(TableName=stack.resources(place)[table], ConsistentRead=True):
        yield from map(plain, page["Items"])
