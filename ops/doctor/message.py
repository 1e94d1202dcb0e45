"""One real message to a recipient of the operator's own, from the request to its webhooks.

It is sent for an account that exists only for this: it is created before, and deleted at the end. Each run has its own,
so that several can run at once, and a run whose account is left is found by a later one.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from failover.rules.channels.channel_table import CHANNELS
from ops import accounts
from ops.deployed import Deployed, InvocationFailed
from ops.http import call, document
from ops.report import Finding, failure, ok, warning

TEXT = "Test message of the Workflows API."
_NAME = re.compile(r"doctor-[0-9a-f]{8}")
"""Of the account of a run."""
_LONGEST_RUN = timedelta(days=1)
_PAUSE = 1.0
"""Seconds between two looks."""


@dataclass(frozen=True)
class Wanted:
    channel: str
    sender: str
    recipient: str = field(repr=False)
    webhook_url: str | None = None
    """None: the API's own page `docs`, which answers every POST 405."""
    seconds: int = 120
    """How long to wait for the end, and then for the webhooks."""

    @property
    def masked(self) -> str:
        """The recipient, for the report."""
        return f"…{self.recipient[-2:]}"

    def masks(self, text: str) -> str:
        """A text of the API or of the vendor, which may quote the recipient."""
        return text.replace(self.recipient, self.masked)

    def request(self, url: str) -> dict[str, Any]:
        """The body of `POST /workflows`."""
        channel = CHANNELS[self.channel]
        step = {
            "from": {"type": channel.name, channel.sender: self.sender},
            "to": {"type": channel.name, channel.recipient: self.recipient},
            "message": {"content": {"type": "text", "text": TEXT}},
        }
        return {"template": "failover", "workflow": [step], "webhook_url": self.webhook_url or f"{url}/docs"}


@dataclass(frozen=True)
class _Client:
    url: str
    auth: tuple[str, str] = field(repr=False)

    def get(self, path: str) -> dict[str, Any]:
        return document(call("GET", f"{self.url}{path}", auth=self.auth))

    def until(self, path: str, done: Callable[[dict[str, Any]], bool], seconds: int) -> dict[str, Any]:
        """Look until it is done, or the time is over. Returns what was seen last."""
        ends = time.monotonic() + seconds
        while not done(seen := self.get(path)) and time.monotonic() < ends:
            time.sleep(_PAUSE)
        return seen


def message(stack: Deployed, url: str, wanted: Wanted) -> Iterator[Finding]:
    """Send it, follow it, and remove the account, also if this is interrupted."""
    name, api_key = f"doctor-{secrets.token_hex(4)}", None
    try:
        made = accounts.created(stack, name)
        api_key = made["api_key"]
        yield from sent(_Client(url, (api_key, made["api_secret"])), wanted)
    except InvocationFailed as error:
        yield failure("message", f"no account could be created: {error}; see the logs of accounts")
    except requests.RequestException as error:
        yield failure("message", f"the API does not answer ({type(error).__name__}); a message may have been sent")
    except KeyboardInterrupt:
        yield failure("message", "interrupted; a message may have been sent")
    finally:
        found = removed(stack, name, api_key)  # nothing is yielded here: what prints the findings may be gone
    yield from found


def sent(client: _Client, wanted: Wanted) -> Iterator[Finding]:
    answer = call("POST", f"{client.url}/workflows", json=wanted.request(client.url), auth=client.auth)
    if answer.status_code != 202:
        faults = "; ".join(one["reason"] for one in document(answer).get("invalid_parameters", []))
        yield failure("message", f"the request is answered {answer.status_code} {wanted.masks(faults)}".rstrip())
        return
    workflow_id = document(answer).get("workflow_uuid")
    if workflow_id is None:
        yield failure("message", "the request is answered 202, but not by the API: what stands in front of it?")
        return
    path = f"/workflows/{workflow_id}"
    workflow = client.until(path, lambda seen: seen.get("status") not in (None, "running"), wanted.seconds)
    yield of_workflow(workflow, wanted)
    if workflow.get("status") in (None, "running"):
        call("POST", f"{client.url}{path}/cancel", auth=client.auth)
    webhooks = client.until(f"{path}/webhooks", attempted, wanted.seconds)
    yield of_webhooks(webhooks.get("webhooks", []), wanted)


def attempted(seen: dict[str, Any]) -> bool:
    """Whether the last webhook, the final report, has been attempted."""
    reports = [one for one in seen.get("webhooks", []) if one["kind"] == "final_report"]
    return bool(reports) and bool(reports[-1]["attempts"])


def of_workflow(workflow: dict[str, Any], wanted: Wanted) -> Finding:
    if "status" not in workflow:
        return failure("message", "the API took the request, and does not show its workflow: see its logs")
    (step,) = workflow["steps"]
    status = step.get("status", "no status")
    to = f"{wanted.channel} to {wanted.masked}"
    if workflow["status"] == "completed":
        return ok("message", f"{to}: {status}")
    if workflow["status"] == "running" and "message_uuid" in step:
        text = f"{to}: the Messages API took it, and within {wanted.seconds} s reported {status}"
        return warning("message", text) if "status" in step else failure("message", f"{text}: see receipts-missing")
    if workflow["status"] == "running":
        return failure("message", f"{to}: not sent within {wanted.seconds} s; see the logs of send_{wanted.channel}")
    return failure("message", f"{to}: {wanted.masks(workflow.get('reason', workflow['status']))}")


def of_webhooks(webhooks: list[dict[str, Any]], wanted: Wanted) -> Finding:
    attempts = [one["attempts"][-1] for one in webhooks if one["attempts"]]
    if not attempts:
        return failure("webhooks", "none was attempted: see the logs of publish_events and deliver_webhook")
    if errors := [one["error"] for one in attempts if "error" in one]:
        return failure("webhooks", f"{len(errors)} of {len(attempts)} got no answer: {errors[0]}")
    answers = sorted({one["answer"] for one in attempts})
    if wanted.webhook_url is None:
        if answers == [405]:
            return ok("webhooks", f"{len(attempts)} sent, to the API itself, which answers 405")
        return warning("webhooks", f"{len(attempts)} sent, to the API itself, which answered {answers}, not 405")
    if all(200 <= answer < 300 for answer in answers):
        return ok("webhooks", f"{len(attempts)} delivered to your address")
    return warning("webhooks", f"your address answered {answers}")


def removed(stack: Deployed, name: str, api_key: str | None) -> list[Finding]:
    """Delete the account of this run; name those of runs that died.

    `api_key` is None if its creation was not answered. It may be there nevertheless, and is then found by its name.
    """
    try:
        if api_key is not None:
            accounts.deleted(stack, api_key)
        found = [one for one in accounts.listed(stack) if _NAME.fullmatch(one["name"])]
        for one in found:
            if one["name"] == name:
                accounts.deleted(stack, one["api_key"])
    except InvocationFailed as error:
        text = f"the account {name} of this test may be left ({error}): if list_accounts has it, disable and delete it"
        return [warning("account", text)]
    over = datetime.now(UTC) - _LONGEST_RUN
    left = [one["api_key"] for one in found if datetime.fromisoformat(one["created_at"]) < over]
    if left:
        return [warning("account", f"{', '.join(left)} are left of earlier tests: disable and delete them")]
    return [ok("account", "the account of this test is deleted")]
