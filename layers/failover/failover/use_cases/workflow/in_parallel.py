"""Do many pieces of work in threads, begun in order and at a pace."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextvars import copy_context
from dataclasses import dataclass

from failover.outside import Outside
from failover.rules.timing.pace import Pace

_MOST_REFUSALS = 10
"""Refusals in a row, each of them at a slower pace, after which the rest is left to the next run."""
_MOST_TRIES = 3
"""Of one piece of work, so that one that is refused every time does not slow down the others."""


@dataclass(frozen=True)
class Done[T]:
    """How a piece of work ended."""

    number: int = 0
    """What it counts for."""
    refused: bool = False
    """AWS refused a call for now."""
    rest: T | None = None
    """What remains of it, to be done before all that is new."""


@dataclass(frozen=True)
class _Begun[T]:
    at: int
    tries: int
    work: T


def in_parallel[T](
    outside: Outside,
    work: Iterable[T],
    act: Callable[[T], Done[T]],
    pace: Pace,
    workers: int,
    time_left: Callable[[], bool] = lambda: True,
) -> int:
    """Call `act` with each piece of `work` in one of `workers` threads, while there is time. Returns their sum.

    `work` is drawn and the pace kept by this thread. Each piece has its own context, so that log keys do not mix. What
    `act` raises ends the run, once what has begun is over. Make the adapters that `act` uses before: boto3 may not
    make two clients at once.
    """
    return _Run(outside, act, pace).of(iter(work), workers, time_left)


class _Run[T]:
    def __init__(self, outside: Outside, act: Callable[[T], Done[T]], pace: Pace) -> None:
        self._outside, self._act, self._pace = outside, act, pace
        self._running: dict[Future[Done[T]], _Begun[T]] = {}
        self._again: deque[tuple[T, int]] = deque()
        self._sum = self._refusals = 0

    def of(self, work: Iterable[T], workers: int, time_left: Callable[[], bool]) -> int:
        new = iter(work)
        with self._outside.pool(workers) as pool:
            while True:
                self._collect(at_most=workers - 1)
                if self._refusals >= _MOST_REFUSALS:
                    break
                following = self._again.popleft() if self._again else None
                if following is None and (one := next(new, None)) is not None:
                    following = one, 0
                if following is None and self._running:
                    self._collect(at_most=len(self._running) - 1)
                    continue
                if following is None or not time_left():
                    break
                now = self._turn()
                future = pool.submit(copy_context().run, self._act, following[0])
                self._running[future] = _Begun(now, following[1] + 1, following[0])
            self._collect(at_most=0)
        return self._sum

    def _turn(self) -> int:
        """Wait for the next turn, and take it. Returns when that was (ms)."""
        now = self._outside.now()
        if (pause := self._pace.turn(now) - now) > 0:
            self._outside.sleep(pause / 1000)
            now = self._outside.now()
        self._pace = self._pace.taken(now)
        return now

    def _collect(self, at_most: int) -> None:
        """Take in what has ended, and wait until `at_most` pieces are still at work."""
        while True:
            for future in [one for one in self._running if one.done()]:
                self._take_in(future.result(), self._running.pop(future))
            if len(self._running) <= at_most:
                return
            wait(self._running, return_when=FIRST_COMPLETED)

    def _take_in(self, done: Done[T], begun: _Begun[T]) -> None:
        self._sum += done.number
        if done.refused:
            slowed = self._pace.refused(self._outside.now(), begun.at)
            self._refusals += slowed != self._pace
            self._pace = slowed
        else:
            self._refusals = 0
        if done.rest is not None and begun.tries < _MOST_TRIES:
            self._again.append((done.rest, begun.tries if done.refused else 0))
