"""`make load`: posts workflows of every outcome at a fixed rate, then checks that none was lost or sent twice.

load
├── mixture   the workflows
├── posting   posts them at the rate without waiting for answers (an open loop)
├── burst     requests as fast as possible (`make burst`)
├── faults    faults during the load, if FAULTS is set
├── pacing    what a limit at the vendor does to the load, if LIMIT is set
└── verdict   the invariants to check afterwards
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
from local.load import pacing, verdict
from local.load.faults import Faults
from local.load.posting import Posted, post_all
from local.place import LocalFailure, Place

_WITHOUT_PROGRESS = 900
"""Seconds: the longest expiry is 600 s, and `reconcile` repairs overdue workflows four minutes later."""


@dataclass(frozen=True)
class Wanted:
    workflows: int
    rate: float
    """Workflows per second."""
    limit: float = 0
    """Requests per second that the sandbox takes, 0 for all."""
    paced: bool = True
    """Whether the stack knows the limit and keeps to it."""

    @staticmethod
    def of_environment() -> "Wanted":
        """Read WORKFLOWS, RATE, LIMIT and PACED. With a limit, WORKFLOWS is what comes in a minute."""
        rate, limit = float(os.environ.get("RATE") or 2), float(os.environ.get("LIMIT") or 0)
        workflows = int(os.environ.get("WORKFLOWS") or (60 * rate if limit else 2000))
        return Wanted(workflows, rate, limit, os.environ.get("PACED") != "0")

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the stack to load."""
        if not self.limit:
            return {}
        return {"SandboxLimit": f"{self.limit:g}", "MessagesPerSecond": f"{self.limit if self.paced else 0:g}"}


def load(place: Place, wanted: Wanted, faults: Faults) -> None:
    """Load a running stack and print figures and violations. Raises LocalFailure if an invariant is violated."""
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
        if wanted.limit:
            counted = pacing.Requests.logged(_logged(place, "sandbox: request"))
            print("\n".join(pacing.report(flows.values(), counted, wanted.limit)))
        print(faults.summary())
    finally:
        inbox.close()
    if violations:
        raise LocalFailure(f"{len(violations)} violations, the first: {violations[0]}")


def _settled(place: Place, inbox: Inbox, since: int) -> dict[str, Workflow]:
    """Wait until all workflows are over and their webhooks have arrived, or nothing has happened for too long.

    Returns the workflows created `since` (ms). Those of the live events are older: they never end by themselves.
    """
    progress, moved = (0, 0), time.monotonic()
    while True:
        flows = {name: flow for name, flow in _flows(place).items() if flow.created_at >= since}
        now = int(time.time() * 1000)
        waiting = [flow for flow in flows.values() if verdict.silent(flow) and not verdict.sending(flow, now)]
        over = len(waiting) + sum(not flow.running for flow in flows.values())
        arrived = {verdict.identity(webhook.body) for webhook in inbox.received()}
        due = {(flow.id, entry["sequence"]) for flow in flows.values() for entry in webhooks(flow)}
        if over == len(flows) and due <= arrived:
            return flows
        if (over, len(arrived)) != progress:
            progress, moved = (over, len(arrived)), time.monotonic()
            print(f"  {over} of {len(flows)} workflows are over, {len(arrived)} webhooks have arrived", flush=True)
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
    arrived = inbox.received()
    for webhook in arrived:
        first.setdefault(verdict.identity(webhook.body), webhook.at)
    violations = verdict.broken({one.workflow_id for one in posted}, flows, requests, set(first))
    ends = Counter("waiting for a receipt" if verdict.silent(flow) else flow.status for flow in flows.values())
    print(f"\n{len(posted)} workflows posted, {rate:g} per second")
    print(f"            the last one accepted after {posting:.0f} s, the last webhook arrived after {whole:.0f} s")
    print(f"states      {', '.join(f'{many} {end}' for end, many in sorted(ends.items()))}")
    print(f"POST        {verdict.quantiles([one.seconds for one in posted])}, from due time to 202")
    print(f"            refused and repeated {sum(one.refusals for one in posted)} times")
    print(
        f"failover    {verdict.quantiles(verdict.next_after_failure(flows.values()))}, from a failure to the next step"
    )
    print(f"expiry      {verdict.quantiles(verdict.lateness(flows.values()))}, from expiry to next step")
    print(f"webhook     {verdict.quantiles(verdict.webhook_lags(flows, first))}, from event to arrival")
    print(f"callback    {verdict.quantiles(callbacks)}, until answered")
    twice = sum(many > 1 for many in requests.values())
    print(f"messages    {sum(requests.values())} requested, {twice} of them more than once")
    print(f"webhooks    {len(first)} arrived, and {len(arrived) - len(first)} repeats")
    print(f"invariants  {'I1 to I5 and I10 hold' if not violations else f'{len(violations)} violations'}")
    for violation in violations[:20]:
        print(f"  {violation}")
    return violations


def _flows(place: Place) -> dict[str, Workflow]:
    states = (item for item in _scanned(place, "Table") if item["sk"] == "state")
    return {flow.id: flow for flow in map(from_plain, states) if flow.webhook_url is not None}


def _requests(place: Place) -> Counter[str]:
    """Count the requests that the sandbox has accepted, or may have accepted, by message."""
    return Counter(item["client_ref"] for item in _scanned(place, "SandboxTable") if "body" in item)


def _callbacks(place: Place) -> list[float]:
    """Return the seconds until each of the sandbox's callbacks was answered, from its log."""
    lines = "\n".join(_logged(place, "sandbox: callback sent"))
    return [int(milliseconds) / 1000 for milliseconds in re.findall(r'"milliseconds":(\d+)', lines)]


def _logged(place: Place, message: str) -> Iterator[str]:
    """Yield the lines of the sandbox's log with this message."""
    pages = stack.client(place, "logs").get_paginator("filter_log_events")
    group = stack.resources(place)["SandboxLogs"]
    for page in pages.paginate(logGroupName=group, filterPattern=f'"{message}"'):
        yield from (event["message"] for event in page["events"])


def _scanned(place: Place, table: str) -> Iterator[Item]:
    pages = stack.client(place, "dynamodb").get_paginator("scan")
    for page in pages.paginate(TableName=stack.resources(place)[table], ConsistentRead=True):
        yield from map(plain, page["Items"])
