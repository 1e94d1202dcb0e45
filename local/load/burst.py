"""`make burst`: what clients in a hurry ask of a stack that has just started, and whether all of it is answered."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from local import credentials
from local.load import verdict
from local.load.mixture import MIXTURE
from local.place import LocalFailure, Place

_PATIENCE = 600
"""Seconds until all workflows must be over."""


@dataclass(frozen=True)
class Burst:
    """How much is asked for, one phase after the other."""

    serial: int = 200
    """POSTs of one client, each as soon as the one before is answered."""
    clients: int = 20
    each: int = 10
    """POSTs of each of these clients, which start together."""
    reads: int = 50
    """GETs at the same time."""


@dataclass
class Answers:
    """What came back. No request is repeated, so each refusal shows."""

    statuses: Counter[str] = field(default_factory=Counter)
    """By method and status: "POST 202"."""
    posts: list[float] = field(default_factory=list)
    """Seconds of each POST."""
    reads: list[float] = field(default_factory=list)
    """Seconds of each GET."""
    workflows: list[str] = field(default_factory=list)
    """The ids of what was accepted."""

    @property
    def refused(self) -> dict[str, int]:
        """The statuses that are not 2xx."""
        return {status: many for status, many in self.statuses.items() if not status.split()[1].startswith("2")}


class Client:
    """Asks a stack, and keeps what it answers."""

    def __init__(self, place: Place, answers: Answers) -> None:
        self._url = f"{place.api_url}/workflows"
        self._answers = answers
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = credentials.read(place).basic

    def post(self) -> None:
        body = {"template": "failover", "workflow": MIXTURE["rejected"]}
        answer, seconds = self._ask("POST", self._url, json=body)
        self._answers.posts.append(seconds)
        if answer.status_code == 202:
            self._answers.workflows.append(answer.json()["workflow_uuid"])

    def read(self, workflow_id: str) -> None:
        self._answers.reads.append(self._ask("GET", f"{self._url}/{workflow_id}")[1])

    def workflow(self, workflow_id: str) -> dict[str, Any]:
        answer, _ = self._ask("GET", f"{self._url}/{workflow_id}")
        workflow: dict[str, Any] = answer.json()
        return workflow

    def _ask(self, method: str, url: str, **more: Any) -> tuple[requests.Response, float]:
        began = time.monotonic()
        answer = self._session.request(method, url, timeout=60, **more)
        self._answers.statuses[f"{method} {answer.status_code}"] += 1
        return answer, time.monotonic() - began


def ask(place: Place, burst: Burst, said: Callable[[str], None] = lambda _: None) -> Answers:
    """Make the requests of a burst."""
    answers = Answers()
    began = Client(place, answers)
    for _ in range(burst.serial):
        began.post()
    said(f"one client    {verdict.quantiles(answers.posts)}")
    with ThreadPoolExecutor(burst.clients) as pool:
        _all(pool.map(_posting(place, answers, burst.each), range(burst.clients)))
    said(f"{burst.clients:2} clients    {verdict.quantiles(answers.posts[burst.serial :])}")
    some = answers.workflows[-burst.reads :]
    with ThreadPoolExecutor(burst.reads) as pool:
        _all(pool.map(lambda workflow_id: Client(place, answers).read(workflow_id), some))
    said(f"{len(some)} reads      {verdict.quantiles(answers.reads)}")
    return answers


def _posting(place: Place, answers: Answers, many: int) -> Callable[[int], None]:
    def post(_: int) -> None:
        client = Client(place, answers)
        for _ in range(many):
            client.post()

    return post


def _all(results: Iterable[None]) -> None:
    """Wait for them, and raise what one of them has raised."""
    for _ in results:
        pass


def ended_otherwise(place: Place, answers: Answers) -> list[str]:
    """The workflows that did not end as they should: the first message rejected, the second one delivered."""
    client = Client(place, Answers())
    deadline = time.monotonic() + _PATIENCE
    wrong = []
    for workflow_id in answers.workflows:
        while (workflow := client.workflow(workflow_id))["status"] == "running" and time.monotonic() < deadline:
            time.sleep(0.5)
        steps = [step.get("status") for step in workflow["steps"]]
        if (workflow["status"], steps) != ("completed", ["rejected", "delivered"]):
            wrong.append(f"{workflow_id}: {workflow['status']}, {steps}")
    return wrong


def run(place: Place, burst: Burst) -> None:
    """Print the figures of a burst. Raises LocalFailure if a request was refused, or a workflow ended otherwise."""
    began = time.monotonic()
    answers = ask(place, burst, lambda line: print(line, flush=True))
    asked = time.monotonic() - began
    wrong = ended_otherwise(place, answers)
    print(f"all POSTs     {verdict.quantiles(answers.posts)}")
    print(f"answers       {', '.join(f'{many} {status}' for status, many in sorted(answers.statuses.items()))}")
    print(f"workflows     {len(answers.workflows)} accepted in {asked:.0f} s, ", end="")
    print(f"all over after {time.monotonic() - began:.0f} s, {len(wrong)} not as they should")
    if answers.refused or wrong:
        raise LocalFailure(f"refused: {answers.refused}; ended otherwise: {wrong[:5]}")
