"""Faults during a load: killed Lambda workers, lost answers, and AWS calls that are throttled, slow or reset."""

import os
import random
import signal
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from local.place import Place

_SECONDS_BETWEEN_KILLS = 2.0


class Faults:
    """No faults. Subclasses add some."""

    def __enter__(self) -> None:
        """Start the faults."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the faults."""

    def summary(self) -> str:
        return "faults      none"


type _Rules = dict[str, dict[str, Any]]
"""A proxy's rules by their description."""


def _rule(probability: float, service: str = "*", **what: Any) -> dict[str, Any]:
    return {"service": service, "probability": probability, **what}


_ANSWER_LOST: dict[str, Any] = {"response": {"abort_bytes": 0}}
_OF_AWS: _Rules = {
    "calls of DynamoDB throttled": _rule(0.03, "dynamodb", error={"code": "ProvisionedThroughputExceededException"}),
    "calls of SQS throttled": _rule(0.03, "sqs", error={"code": "RequestThrottled"}),
    "calls of Secrets Manager throttled": _rule(0.03, "secretsmanager", error={"code": "ThrottlingException"}),
    "calls 200 ms late": _rule(0.02, latency=200),
    "calls that never arrived": _rule(0.01, reset=True),
    "answers of AWS lost": _rule(0.01, **_ANSWER_LOST),
}
_OF_STEP_FUNCTIONS: _Rules = {
    "calls of Step Functions throttled": _rule(0.1, error={"code": "ThrottlingException"}),
    "answers of Step Functions lost": _rule(0.02, **_ANSWER_LOST),
}
_OF_HTTP: _Rules = {
    "answers to callbacks and sends lost": _rule(0.1, headers={"User-Agent": "python-requests"}, **_ANSWER_LOST),
}
"""Losses after the request has had its effect: of our answers to callbacks, and of the Messages API's answers."""
BROKEN = (_OF_HTTP | _OF_AWS, _OF_STEP_FUNCTIONS)
SLOW: tuple[_Rules, _Rules] = ({"calls of DynamoDB 200 ms late": _rule(1, "dynamodb", latency=200)}, {})


class Proxies(Faults):
    """Faults that the proxies in front of AWS and Step Functions inject, by rules."""

    def __init__(self, place: Place, rules: tuple[_Rules, _Rules]) -> None:
        urls = (f"http://{place.host}:{port}/_microburst/rules" for port in place.proxy_ports or ())
        self._rules = dict(zip(urls, rules, strict=True))
        self._fired: Counter[str] = Counter()

    def __enter__(self) -> None:
        for url, rules in self._rules.items():
            requests.post(url, json=list(rules.values()), timeout=10).raise_for_status()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for url, rules in self._rules.items():
            answer = requests.get(url, timeout=30)
            answer.raise_for_status()
            for what, rule in zip(rules, answer.json(), strict=True):
                self._fired[what] += rule["fired_count"]
            requests.post(url, json=[], timeout=10).raise_for_status()

    def summary(self) -> str:
        return "\n".join(["faults", *(f"  {many:5} {what}" for what, many in self._fired.items())])


class Kills(Proxies):
    """Lost answers, and a Lambda worker killed every few seconds in the middle of its work."""

    def __init__(self, place: Place, seed: int) -> None:
        super().__init__(place, (_OF_HTTP, {}))
        self._workers = str(place.folder / "engines" / "ministack-lambda-")
        self._random = random.Random(seed)
        self._seed = seed
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._kill, daemon=True)
        self._killed: list[str] = []

    def __enter__(self) -> None:
        super().__enter__()
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        super().__exit__(kind, error, trace)

    def summary(self) -> str:
        return f"{super().summary()}\n  {len(self._killed):5} workers killed (seed {self._seed})"

    def _kill(self) -> None:
        while not self._over.wait(_SECONDS_BETWEEN_KILLS):
            if workers := self._alive():
                with suppress(ProcessLookupError):
                    pid = self._random.choice(workers)
                    os.kill(pid, signal.SIGKILL)
                    self._killed.append(str(pid))

    def _alive(self) -> list[int]:
        return sorted(
            int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and self._is_worker(entry)
        )

    def _is_worker(self, process: Path) -> bool:
        try:
            return str((process / "cwd").readlink()).startswith(self._workers)
        except OSError:
            return False
