"""The overview page's own example, told as it happens: a Messenger message nobody reads, then an SMS."""

import time
from typing import Any

import requests

from local import credentials
from local.inbox import Inbox, Webhook
from local.place import LocalFailure, Place

EXPIRY = 15
_PATIENCE = EXPIRY + 30
_WORKFLOW = {
    "template": "failover",
    "workflow": [
        {
            "from": {"type": "messenger", "id": "sim-page"},
            "to": {"type": "messenger", "id": "sim-unread"},
            "message": {
                "content": {"type": "text", "text": "This is a Facebook Messenger Message sent from the Workflows API"}
            },
            "failover": {"expiry_time": EXPIRY, "condition_status": "read"},
        },
        {
            "from": {"type": "sms", "number": "ACME"},
            "to": {"type": "sms", "number": "447700900000"},
            "message": {"content": {"type": "text", "text": "This is an SMS sent from the Workflows API"}},
        },
    ],
}
_EXPECTED = [
    ("accepted", None, None),
    ("sending", 0, None),
    ("sent", 0, None),
    ("status", 0, "submitted"),
    ("status", 0, "delivered"),
    ("left", 0, f"expired after {EXPIRY} s: last status delivered, wanted read"),
    ("sending", 1, None),
    ("sent", 1, None),
    ("status", 1, "submitted"),
    ("status", 1, "delivered"),
    ("completed", 1, None),
]
_WEBHOOKS = ["submitted", "delivered", "submitted", "delivered", "completed"]


def demo(place: Place) -> None:
    """Post the example and print its timeline live. Raises LocalFailure unless exactly the expected happens."""
    written = credentials.read_all(place)
    inbox = Inbox(written["SIGNATURE_SECRET"])
    try:
        _demo(place, written, inbox)
    finally:
        inbox.close()


def _demo(place: Place, written: dict[str, str], inbox: Inbox) -> None:
    session = requests.Session()
    session.trust_env = False
    session.auth = (written["API_KEY"], written["API_SECRET"])
    posted = session.post(f"{place.api_url}/workflows", json=_WORKFLOW | {"webhook_url": inbox.url}, timeout=30)
    print(f"\nPOST {place.api_url}/workflows → {posted.status_code} {posted.text}\n", flush=True)
    if posted.status_code != 202:
        raise LocalFailure("the workflow was not accepted")
    workflow = _followed(session, f"{place.api_url}/workflows/{posted.json()['workflow_uuid']}")
    happened = [(e["event"], e.get("step"), e.get("reason") or e.get("status")) for e in workflow["timeline"]]
    if sorted(happened, key=str) != sorted(_EXPECTED, key=str) or workflow["status"] != "completed":
        raise LocalFailure("this is not what should have happened")
    webhooks = _received(inbox)
    print(f"\n{inbox.url} was told, signed:\n")
    for webhook in webhooks:
        print(_told(webhook))
    if [webhook["status"] for webhook in webhooks] != _WEBHOOKS:
        raise LocalFailure("these are not the webhooks that should have come")
    print("\nNobody read the Messenger message in time, so the SMS went out, once, and was delivered.")


def _received(inbox: Inbox) -> list[dict[str, Any]]:
    """The webhooks in the order of their `sequence`, which need not be the one they came in; each once."""

    def by_sequence(webhooks: list[Webhook]) -> dict[int, dict[str, Any]]:
        return {webhook.body["sequence"]: webhook.body for webhook in webhooks}

    received = by_sequence(inbox.received(lambda so_far: len(by_sequence(so_far)) >= len(_WEBHOOKS), _PATIENCE))
    return [received[sequence] for sequence in sorted(received)]


def _followed(session: requests.Session, url: str) -> dict[str, Any]:
    """The workflow once it is over; prints each entry of its timeline when it appears."""
    shown = 0
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        answer = session.get(url, timeout=30)
        answer.raise_for_status()
        workflow: dict[str, Any] = answer.json()
        for entry in workflow["timeline"][shown:]:
            print(_line(entry, workflow["steps"]), flush=True)
        shown = len(workflow["timeline"])
        if workflow["status"] != "running":
            return workflow
        time.sleep(0.3)
    raise LocalFailure(f"the workflow was not over after {_PATIENCE} s")


def _line(entry: dict[str, Any], steps: list[dict[str, Any]]) -> str:
    channel = steps[entry["step"]]["channel"] if "step" in entry else ""
    told = entry.get("status") or entry.get("reason") or ""
    return f"  {entry['at'][11:23]}  {channel:<10} {entry['event']:<10} {told}".rstrip()


def _told(webhook: dict[str, Any]) -> str:
    if "template" in webhook:
        costs = ", ".join(f"{usage['price']} {usage['currency']}" for usage in [webhook.get("usage")] if usage)
        return f"  sequence {webhook['sequence']:<3} final report   {webhook['status']}, {costs}"
    return f"  sequence {webhook['sequence']:<3} message status {webhook['status']:<10} {webhook['to']['type']}"
