"""Every call of the outside, counted, and the fate that a process meets at one of them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from failover.adapters.aws import Unavailable

FAULTS = ("dies before", "dies after", "fails before", "fails after", "repeated")
"""Of a call: the process is gone, or is told of a failure, before or after the effect; or a client of AWS, whose answer
was lost, makes it twice."""
MEANWHILES = ("a status", "a failure", "a cancelling", "a twin", "a reconciling", "a death")
"""What may happen elsewhere while a process is about to make a call."""


THEN = ", then "
INTERLEAVED = tuple(f"{fault}{THEN}{other}" for fault in ("fails after", "repeated") for other in MEANWHILES)
"""The answer of a call gets lost, and something happens elsewhere before its client repeats it, or gives up."""


class Died(BaseException):
    """The process is gone."""


@dataclass(frozen=True)
class Fate:
    """What a process meets at its call number `call` (from 0)."""

    call: int
    kind: str
    """One of FAULTS, MEANWHILES or INTERLEAVED."""


@dataclass
class Process:
    fate: Fate | None
    meanwhile: Callable[[str], None]
    kind: str = ""
    """The function that it runs."""
    made: Counter[str] = field(default_factory=Counter)
    disturbed: bool = False
    claimed: bool = False
    """It has written the claim of a step."""
    answered: bool = False
    """It has written what came of a send."""
    decided: bool = False
    """It has written what ends a race."""


@dataclass
class Calls:
    """`met` counts the fates that were met, by kind."""

    met: Counter[str] = field(default_factory=Counter)
    process: Process | None = None
    denied: tuple[str, str] | None = None
    """(function, call): AWS throttles all of these."""
    broken: AssertionError | None = None
    """A promise that was seen broken inside a call; the product would answer for it as for any other failure."""

    def __call__(self, name: str, act: Callable[[], Any], broken: Callable[[bool], Any] | None = None) -> Any:
        """Make the call `name`. `broken` tells what one without an answer gives, instead of `Unavailable`.

        Its argument: the call has had its effect. Such a call is never repeated by its client.
        """
        process = self.process
        if process is None:
            return act()
        try:
            return self._made(process, name, act, broken)
        except AssertionError as error:
            self.broken = error
            raise

    def _made(self, process: Process, name: str, act: Callable[[], Any], broken: Callable[[bool], Any] | None) -> Any:
        at, fate = process.made.total(), process.fate
        process.made[name] += 1
        if self.denied == (process.kind, name):
            process.disturbed = True
            raise Unavailable("throttled")
        kind, _, between = fate.kind.partition(THEN) if fate else ("", "", "")
        if fate is None or fate.call != at or (broken and kind == "repeated"):
            return act()
        self.met[fate.kind] += 1
        process.disturbed = True
        if kind in MEANWHILES:
            process.meanwhile(kind)
            return act()
        if kind.endswith("before"):
            return self._over(kind, broken, effect=False)
        act()
        if between:
            process.meanwhile(between)
        return act() if kind == "repeated" else self._over(kind, broken, effect=True)

    def _over(self, kind: str, broken: Callable[[bool], Any] | None, *, effect: bool) -> Any:
        if kind.startswith("dies"):
            raise Died
        if broken:
            return broken(effect)
        raise Unavailable("the call failed")

    def run(
        self,
        act: Callable[[], Any],
        fate: Fate | None = None,
        meanwhile: Callable[[str], None] = lambda _: None,
        kind: str = "",
    ) -> tuple[Any, Process]:
        """Run one process, inside another one or not: (what came of it, what it did).

        What came of it is an exception where it raised one, and Died where it met its end.
        """
        outer, self.process = self.process, (process := Process(fate, meanwhile, kind))
        try:
            return act(), process
        except (Exception, Died) as error:  # noqa: BLE001 - whoever called it judges
            return error, process
        finally:
            self.process = outer
            if self.broken:
                raise self.broken
