"""What breaks while a load is on: Lambda workers are killed, answers get lost, AWS throttles and dawdles."""

import os
import random
import re
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
    """None of them; what is asked for is added by subclasses."""

    def __enter__(self) -> None:
        """Begin to break things."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Break nothing more."""

    def told(self) -> str:
        return "faults      none"


_THROTTLES = {
    "dynamodb": "ProvisionedThroughputExceededException",
    "sqs": "RequestThrottled",
    "secretsmanager": "ThrottlingException",
}
_AWS_RULES = [
    *({"service": service, "probability": 0.03, "error": {"code": code}} for service, code in _THROTTLES.items()),
    {"service": "*", "probability": 0.02, "latency": 200},
    {"service": "*", "probability": 0.01, "reset": True},
    {"service": "*", "probability": 0.01, "response": {"abort_bytes": 0}},
]
"""Throttled, slow, never arrived, and done with its answer lost."""
_STEP_FUNCTIONS_RULES = [
    {"service": "*", "probability": 0.1, "error": {"code": "ThrottlingException"}},
    {"service": "*", "probability": 0.02, "response": {"abort_bytes": 0}},
]
_HTTP_RULES = [
    {"service": "*", "headers": {"User-Agent": "python-requests"}, "probability": 0.1, "response": {"abort_bytes": 0}},
]
"""Answers of the message-status webhook to its caller, and of the Messages API to the sends: done, and lost."""
_FIRED = re.compile(r"^microburst_faults_total\{(.*)\} (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


class Proxies(Faults):
    """Has the proxies in front of AWS lose answers of this stack's own API; and, `of_aws`, break AWS."""

    def __init__(self, place: Place, *, of_aws: bool) -> None:
        self._rules: tuple[list[Any], list[Any]] = (_HTTP_RULES, [])
        if of_aws:
            self._rules = ([*_HTTP_RULES, *_AWS_RULES], _STEP_FUNCTIONS_RULES)
        self._urls = [f"http://{place.host}:{port}/_microburst" for port in place.proxy_ports or ()]
        self._fired: Counter[str] = Counter()

    def __enter__(self) -> None:
        for url, rules in zip(self._urls, self._rules, strict=True):
            requests.post(f"{url}/rules", json=rules, timeout=10).raise_for_status()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for url in self._urls:
            for labels, many in _FIRED.findall(requests.get(f"{url}/metrics", timeout=30).text):
                named = dict(_LABEL.findall(labels))
                self._fired[f"{named['service']} {named['action']}"] += int(float(many))
            requests.post(f"{url}/rules", json=[], timeout=10).raise_for_status()

    def told(self) -> str:
        return "\n".join(["faults", *(f"  {many:5} {what}" for what, many in sorted(self._fired.items()))])


class Kills(Proxies):
    """Kills a Lambda worker of the engine every few seconds, in whatever it is doing; and answers get lost, too."""

    def __init__(self, place: Place, seed: int) -> None:
        super().__init__(place, of_aws=False)
        self._workers = str(place.folder / "engines" / "ministack-lambda")
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

    def told(self) -> str:
        return f"{super().told()}\n  {len(self._killed):5} workers killed (seed {self._seed})"

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
            return self._workers.encode() in (process / "cmdline").read_bytes()
        except OSError:
            return False
