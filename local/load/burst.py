"""`make burst`: requests as fast as possible on a stack that has just started, none of which may be refused."""

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
"""Seconds after which all workflows must be over."""


@dataclass(frozen=True)
class Burst:
    """The number of requests in each of the three phases."""

    serial: int = 200
    """POSTs of one client, one after the other."""
    clients: int = 20
    each: int = 10
    """POSTs of each of these concurrent clients."""
    reads: int = 50
    """Concurrent GETs."""
    repeats: bool = False
    """Repeat a request once that was answered 503, as clients do."""


@dataclass
class Answers:
    """The answers. A repeated request counts as `repeated`, and by its last answer."""

    statuses: Counter[str] = field(default_factory=Counter)
    """Counts by method and status, such as "POST 202"."""
    repeated: list[str] = field(default_factory=list)
    """The problems for which requests were repeated."""
    posts: list[float] = field(default_factory=list)
    """The duration of each POST in seconds."""
    reads: list[float] = field(default_factory=list)
    """The duration of each GET in seconds."""
    workflows: list[str] = field(default_factory=list)
    """The ids of the accepted workflows."""

    @property
    def refused(self) -> dict[str, int]:
        """The counts of answers that are not 2xx."""
        return {status: many for status, many in self.statuses.items() if not status.split()[1].startswith("2")}


class Client:
    """Sends requests to a stack and records the answers."""

    def __init__(self, place: Place, answers: Answers, repeats: bool = False) -> None:
        """`repeats`: repeat a request once that was answered 503, after `Retry-After`."""
        self._repeats = repeats
        self._url = f"{place.api_url}/workflows"
        self._answers = answers
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = credentials.read(place).basic

    def post(self) -> None:
        body = {"template": "failover", "workflow": MIXTURE["rejected"]}
        answer, seconds = self._request("POST", self._url, json=body)
        self._answers.posts.append(seconds)
        if answer.status_code == 202:
            self._answers.workflows.append(answer.json()["workflow_uuid"])

    def read(self, workflow_id: str) -> None:
        self._answers.reads.append(self._request("GET", f"{self._url}/{workflow_id}")[1])

    def workflow(self, workflow_id: str) -> dict[str, Any]:
        answer, _ = self._request("GET", f"{self._url}/{workflow_id}")
        workflow: dict[str, Any] = answer.json()
        return workflow

    def _request(self, method: str, url: str, **more: Any) -> tuple[requests.Response, float]:
        began = time.monotonic()
        answer = self._session.request(method, url, timeout=60, **more)
        if self._repeats and answer.status_code == 503:
            self._answers.repeated.append(answer.text)
            time.sleep(int(answer.headers["Retry-After"]))
            answer = self._session.request(method, url, timeout=60, **more)
        self._answers.statuses[f"{method} {answer.status_code}"] += 1
        return answer, time.monotonic() - began


def send(place: Place, burst: Burst, report: Callable[[str], None] = lambda _: None) -> Answers:
    """Send the requests of a burst."""
    answers = Answers()
    client = Client(place, answers, burst.repeats)
    for _ in range(burst.serial):
        client.post()
    report(f"one client    {verdict.quantiles(answers.posts)}")
    with ThreadPoolExecutor(burst.clients) as pool:
        _all(pool.map(_posting(place, answers, burst), range(burst.clients)))
    report(f"{burst.clients:2} clients    {verdict.quantiles(answers.posts[burst.serial :])}")
    some = answers.workflows[-burst.reads :]
    with ThreadPoolExecutor(burst.reads) as pool:
        _all(pool.map(lambda workflow_id: Client(place, answers, burst.repeats).read(workflow_id), some))
    report(f"{len(some)} reads      {verdict.quantiles(answers.reads)}")
    return answers


def _posting(place: Place, answers: Answers, burst: Burst) -> Callable[[int], None]:
    def post(_: int) -> None:
        client = Client(place, answers, burst.repeats)
        for _ in range(burst.each):
            client.post()

    return post


def _all(results: Iterable[None]) -> None:
    """Wait for all results, and raise the first error."""
    for _ in results:
        pass


def wrong_ends(place: Place, answers: Answers) -> list[str]:
    """Wait for the workflows, and describe those that did not end with one rejected and one delivered message."""
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
    """Send a burst and print the figures. Raises LocalFailure if a request was refused or a workflow ended wrongly."""
    began = time.monotonic()
    answers = send(place, burst, lambda line: print(line, flush=True))
    sent = time.monotonic() - began
    wrong = wrong_ends(place, answers)
    print(f"all POSTs     {verdict.quantiles(answers.posts)}")
    print(f"answers       {', '.join(f'{many} {status}' for status, many in sorted(answers.statuses.items()))}")
    print(f"workflows     {len(answers.workflows)} accepted in {sent:.0f} s, ", end="")
    print(f"all over after {time.monotonic() - began:.0f} s, {len(wrong)} with a wrong end")
    if answers.refused or wrong:
        raise LocalFailure(f"refused: {answers.refused}; wrong ends: {wrong[:5]}")
