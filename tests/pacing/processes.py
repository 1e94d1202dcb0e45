"""Processes in virtual time: each one is a thread, and only one of them runs at any moment.

A process runs until it sleeps or ends; then time moves on to the next one that is due. Of those due at one instant the
one that was scheduled first runs first, so the same program gives the same run every time.
"""

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

_STACK_BYTES = 512 * 1024
"""Thousands of threads may sleep at once."""


class _Ended(BaseException):
    """The simulation is over, so a process that still sleeps ends."""


@dataclass(eq=False)
class Processes:
    """`now` is the time in ms; `run` moves it on."""

    now: int
    _due: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    """(time, number, what happens then), as a heap."""
    _scheduled: int = 0
    _idle: list["_Thread"] = field(default_factory=list)
    _all: list["_Thread"] = field(default_factory=list)
    _running: "_Thread | None" = None
    _failure: BaseException | None = None
    ended: bool = False

    def __post_init__(self) -> None:
        self._back = threading.Lock()
        self._back.acquire()

    def start(self, seconds: float, act: Callable[[], None]) -> None:
        """Start a process that does `act`, in so many seconds."""
        self.do(seconds, lambda: self._begin(act))

    def do(self, seconds: float, act: Callable[[], None]) -> None:
        """Do `act` in so many seconds. It cannot sleep, which makes it cheaper than a process."""
        self._scheduled += 1
        heapq.heappush(self._due, (self.now + max(0, round(seconds * 1000)), self._scheduled, act))

    def sleep(self, seconds: float) -> None:
        """Let the others go on until so many seconds have passed. Only a process can sleep."""
        if self.ended:
            raise _Ended
        thread = self._running
        assert thread is not None, "only a process sleeps"
        self.do(seconds, lambda: self._resume(thread))
        self._back.release()
        thread.wait()
        if self.ended:
            raise _Ended

    def run(self, until: int) -> None:
        """Run everything that is due until `until` (ms). Raises what a process raised."""
        while self._due and self._due[0][0] <= until:
            self.now, _, act = heapq.heappop(self._due)
            act()
            if self._failure:
                raise self._failure
        self.now = max(self.now, until)

    def end(self) -> None:
        """End every process and every thread."""
        self.ended = True
        for thread in self._all:
            thread.end()

    def _begin(self, act: Callable[[], None]) -> None:
        thread = self._idle.pop() if self._idle else self._new_thread()
        thread.act = act
        self._resume(thread)

    def _resume(self, thread: "_Thread") -> None:
        self._running = thread
        thread.go_on()
        self._back.acquire()
        self._running = None

    def _new_thread(self) -> "_Thread":
        before = threading.stack_size(_STACK_BYTES)
        try:
            self._all.append(thread := _Thread(self._over))
        finally:
            threading.stack_size(before)
        return thread

    def _over(self, thread: "_Thread", failure: BaseException | None) -> None:
        """The process of this thread has ended."""
        self._failure = self._failure or failure
        self._idle.append(thread)
        self._back.release()


class _Thread:
    """Runs processes in turn, each at its own virtual time."""

    def __init__(self, over: Callable[["_Thread", BaseException | None], None]) -> None:
        self.act: Callable[[], None] | None = None
        self._over = over
        self._go = threading.Lock()
        self._go.acquire()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def go_on(self) -> None:
        self._go.release()

    def wait(self) -> None:
        self._go.acquire()

    def end(self) -> None:
        self._go.release()
        self._thread.join()

    def _work(self) -> None:
        while True:
            self.wait()
            if self.act is None:
                return
            failure: BaseException | None = None
            try:
                self.act()
            except _Ended:
                return
            except BaseException as error:  # noqa: BLE001 - `run` raises it
                failure = error
            self.act = None
            self._over(self, failure)
