"""The overview page's own example, told as it happens: a Messenger message nobody reads, then an SMS."""

import time
from typing import Any

import requests

from local import credentials
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


def demo(place: Place) -> None:
    """Post the example and print its timeline live. Raises LocalFailure unless exactly the expected happens."""
    account = credentials.read(place)
    session = requests.Session()
    session.trust_env = False
    session.auth = (account.api_key, account.api_secret)
    posted = session.post(f"{place.api_url}/workflows", json=_WORKFLOW, timeout=30)
    print(f"\nPOST {place.api_url}/workflows → {posted.status_code} {posted.text}\n", flush=True)
    if posted.status_code != 202:
        raise LocalFailure("the workflow was not accepted")
    workflow = _followed(session, f"{place.api_url}/workflows/{posted.json()['workflow_uuid']}")
    happened = [(e["event"], e.get("step"), e.get("reason") or e.get("status")) for e in workflow["timeline"]]
    if sorted(happened, key=str) != sorted(_EXPECTED, key=str) or workflow["status"] != "completed":
        raise LocalFailure("this is not what should have happened")
    print("\nNobody read the Messenger message in time, so the SMS went out, once, and was delivered.")


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
