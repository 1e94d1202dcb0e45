"""`make demo`: a Messenger message to each of two people, and an SMS to the one who does not read it."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from local import credentials, stack
from local.inbox import Inbox, Webhook
from local.load.verdict import identity
from local.place import LocalFailure, Place

EXPIRY = 15
_PATIENCE = EXPIRY + 30
_TEXTS = ("Your table is ready.", "Your table is ready. We hold it for 10 minutes.")
"""Of the Messenger message and of the SMS."""

type _Happened = tuple[str, int | None, str | None]
"""(event, step, status or reason) of an entry of a timeline."""

_START: list[_Happened] = [
    ("accepted", None, None),
    ("sending", 0, None),
    ("sent", 0, None),
    ("status", 0, "submitted"),
    ("status", 0, "delivered"),
]
_READ: list[_Happened] = [*_START, ("status", 0, "read"), ("completed", 0, None)]
_NOT_READ: list[_Happened] = [
    *_START,
    ("left", 0, f"expired after {EXPIRY} s: last status delivered, wanted read"),
    ("sending", 1, None),
    ("sent", 1, None),
    ("status", 1, "submitted"),
    ("status", 1, "delivered"),
    ("completed", 1, None),
]


@dataclass
class _Person:
    """A recipient, what must happen, and the last answer about the workflow."""

    name: str
    messenger_id: str
    expected: list[_Happened]
    price: str
    workflow: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        workflow_id: str = self.workflow["workflow_uuid"]
        return workflow_id

    @property
    def timeline(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.workflow["timeline"]
        return entries


def demo(place: Place) -> None:
    """Run both workflows and print what happens. Raises LocalFailure if anything but the expected happens."""
    written = credentials.read_all(place)
    inbox = Inbox(written["SIGNATURE_SECRET"])
    session = requests.Session()
    session.trust_env = False
    session.auth = (written["API_KEY"], written["API_SECRET"])
    people = [_Person("Ann", "sim-read", _READ, "0.0333"), _Person("Ben", "sim-unread", _NOT_READ, "0.0666")]
    try:
        _demo(place, session, inbox, people)
    finally:
        inbox.close()


def _demo(place: Place, session: requests.Session, inbox: Inbox, people: list[_Person]) -> None:
    url = f"{place.api_url}/workflows"
    _warm_up(session, url)
    print(f"\nAnn and Ben each get a Messenger message, and an SMS if they have not read it after {EXPIRY} s.")
    print("Ann reads it. Ben does not.\n")
    print(f"As long as this runs, {place.api_url}/console shows them in a browser. Sign in with the key and the secret")
    print(f"in {credentials.shown_path(place)}.\n")
    for person in people:
        person.workflow = _posted(session, url, _workflow(person.messenger_id) | {"webhook_url": inbox.url})
        print(f"  {person.name}  POST {url} → 202 {json.dumps(person.workflow)}", flush=True)
    print()
    _follow(session, url, people)
    for person in people:
        _check(place, session, person)
    print(f"\nSigned webhooks that arrived at {inbox.url}:\n")
    for person in people:
        _show_webhooks(inbox, person)
    print("\nAnn read the Messenger message in time: no SMS, and the price of one message.")
    print("Ben did not read it in time: the SMS went out, once, and was delivered.")


def _warm_up(session: requests.Session, url: str) -> None:
    """Start the functions' workers, so that statuses do not overtake each other while workers start."""
    started = [_posted(session, url, _workflow("sim-read"))["workflow_uuid"] for _ in range(2)]
    deadline = time.monotonic() + _PATIENCE
    while any(_get(session, f"{url}/{workflow_id}")["status"] == "running" for workflow_id in started):
        if time.monotonic() > deadline:
            raise LocalFailure(f"the first workflows were still running after {_PATIENCE} s")
        time.sleep(0.3)


def _workflow(messenger_id: str) -> dict[str, Any]:
    messenger, sms = ({"content": {"type": "text", "text": text}} for text in _TEXTS)
    steps = [
        {
            "from": {"type": "messenger", "id": "sim-page"},
            "to": {"type": "messenger", "id": messenger_id},
            "message": messenger,
            "failover": {"expiry_time": EXPIRY, "condition_status": "read"},
        },
        {
            "from": {"type": "sms", "number": "ACME"},
            "to": {"type": "sms", "number": "447700900000"},
            "message": sms,
        },
    ]
    return {"template": "failover", "workflow": steps}


def _posted(session: requests.Session, url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Post a workflow and return the answer. Raises LocalFailure if it is not accepted."""
    answer = session.post(url, json=body, timeout=30)
    if answer.status_code != 202:
        raise LocalFailure(f"the workflow was not accepted: {answer.status_code} {answer.text}")
    accepted: dict[str, Any] = answer.json()
    return accepted


def _get(session: requests.Session, url: str) -> dict[str, Any]:
    answer = session.get(url, timeout=30)
    answer.raise_for_status()
    workflow: dict[str, Any] = answer.json()
    return workflow


def _follow(session: requests.Session, url: str, people: list[_Person]) -> None:
    """Print each timeline entry when it appears, until both workflows are over. Raises LocalFailure on a timeout."""
    shown = dict.fromkeys((person.name for person in people), 0)
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        fresh = []
        for person in people:
            person.workflow = _get(session, f"{url}/{person.id}")
            fresh += [(person, number) for number in range(shown[person.name], len(person.timeline))]
            shown[person.name] = len(person.timeline)
        for person, number in sorted(fresh, key=lambda one: str(one[0].timeline[one[1]]["at"])):
            print(_line(person, number), flush=True)
        if all(person.workflow["status"] != "running" for person in people):
            return
        time.sleep(0.3)
    raise LocalFailure(f"a workflow was still running after {_PATIENCE} s")


def _line(person: _Person, number: int) -> str:
    """An entry of the timeline, in words."""
    entry = person.timeline[number]
    step = entry.get("step")
    match entry["event"]:
        case "sending":
            words = f'sending "{_TEXTS[step or 0]}"'
        case "status":
            words = entry["status"]
            if not any(before["event"] == "sent" and before["step"] == step for before in person.timeline[:number]):
                words += " (the status came before the answer to the send)"
        case "left":
            words = f"given up after {EXPIRY} s: delivered, but not read"
        case "amended":
            words = "final report amended: the last status has changed it"
        case event:
            words = event
    channel = "" if step is None else person.workflow["steps"][step]["channel"]
    return f"  {entry['at'][11:23]}  {person.name}  {channel:<9}  {words}"


def _check(place: Place, session: requests.Session, person: _Person) -> None:
    """Raises LocalFailure if the timeline or the messages are not the expected ones."""
    entries = [entry for entry in person.timeline if entry["event"] != "amended"]  # if `read` overtook `delivered`
    happened = [(entry["event"], entry.get("step"), entry.get("reason") or entry.get("status")) for entry in entries]
    if sorted(happened, key=str) != sorted(person.expected, key=str):
        raise LocalFailure(f"this should not have happened to {person.name}'s workflow")
    steps = [step for event, step, _ in person.expected if event == "sending"]
    if _sent(place, session, person) != [_TEXTS[step or 0] for step in steps]:
        raise LocalFailure(f"{person.name} was sent other messages than these")


def _sent(place: Place, session: requests.Session, person: _Person) -> list[str]:
    """The texts that the sandbox has received, step by step."""
    secret = stack.secret(place, "MessagesSecret")
    texts = []
    for step in range(2):
        answer = session.get(
            f"{place.api_url}/sandbox/messages",
            params={"client_ref": f"{person.id}.{step}"},
            auth=(secret["api_key"], secret["api_secret"]),
            timeout=30,
        )
        answer.raise_for_status()
        texts += [message["body"]["text"] for message in answer.json()["messages"]]
    return texts


def _show_webhooks(inbox: Inbox, person: _Person) -> None:
    """Print the person's webhooks in order of their `sequence`, each once. Raises LocalFailure if one is wrong."""
    reported = [entry for entry in person.timeline if entry["event"] in ("status", "completed", "amended")]
    expected = [entry.get("status", "completed") for entry in reported]

    def by_sequence(webhooks: list[Webhook]) -> dict[int, dict[str, Any]]:
        bodies = (webhook.body for webhook in webhooks)
        return {body["sequence"]: body for body in bodies if identity(body)[0] == person.id}

    received = by_sequence(inbox.received(lambda so_far: len(by_sequence(so_far)) >= len(expected), _PATIENCE))
    webhooks = [received[sequence] for sequence in sorted(received)]
    for body in webhooks:
        words = f"{body['to']['type']:<9}  {body['status']}" if "to" in body else f"final report: {_report(body)}"
        print(f"  {person.name}  webhook {body['sequence']:<3} {words}")
    if [body["status"] for body in webhooks] != expected or _report(webhooks[-1]) != f"completed, {person.price} EUR":
        raise LocalFailure(f"these are not the webhooks of {person.name}'s workflow")


def _report(body: dict[str, Any]) -> str:
    """The status and, once it is known, the price of a final report."""
    usage = body.get("usage")
    return f"{body['status']}, {usage['price']} {usage['currency']}" if usage else str(body["status"])
