"""What breaks while a load is on: Lambda workers are killed, and AWS throttles, dawdles and loses answers."""

import os
import random
import signal
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

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


class Kills(Faults):
    """Kills a Lambda worker of the engine every few seconds, in whatever it is doing: its answer is lost."""

    def __init__(self, place: Place, seed: int) -> None:
        self._workers = str(place.folder / "engines" / "ministack-lambda")
        self._random = random.Random(seed)
        self._seed = seed
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._kill, daemon=True)
        self._killed: list[str] = []

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def told(self) -> str:
        return f"faults      {len(self._killed)} workers killed (seed {self._seed})"

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
