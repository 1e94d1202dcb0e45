"""Every call that leaves the product, and the fate that one of them may meet.

The stand-ins make each of their calls through `Calls`, by a name that also counts for the budgets in promises.py.
`Calls.run` runs one process with a `Fate`: at its call number n the process dies, the call fails or is repeated, or
something else happens first. `Process` records what the process did.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from failover.adapters.aws import Unavailable

FAULTS = ("dies before", "dies after", "fails before", "fails after", "repeated")
"""A call kills its process or fails, before or after its effect; or its AWS client repeats it after a lost answer."""
MEANWHILES = (
    "a status",
    "a failure",
    "a cancel",
    "an advance",
    "a duplicate",
    "a run of reconcile",
    "a run of start_workflows",
    "an execution's death",
)
"""What may happen elsewhere just before a process makes a call."""


THEN = ", then "
INTERLEAVED = tuple(f"{fault}{THEN}{other}" for fault in ("fails after", "repeated") for other in MEANWHILES)
"""The answer of a call is lost, and something happens elsewhere before the client repeats it or gives up."""


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
    """The function that the process runs."""
    made: Counter[str] = field(default_factory=Counter)
    disturbed: bool = False
    claimed: bool = False
    """It has written the claim of a step."""
    answered: bool = False
    """It has written the answer of a send."""
    decided: bool = False
    """It has written an outcome that ends a race."""


@dataclass
class Calls:
    """`met` counts the fates that occurred, by kind."""

    met: Counter[str] = field(default_factory=Counter)
    process: Process | None = None
    denied: tuple[str, str] | None = None
    """(function, call): AWS throttles all such calls."""
    broken_promise: AssertionError | None = None
    """A promise broken inside a call. The product would handle it like any other failure, so `run` raises it."""

    def __call__(self, name: str, act: Callable[[], Any], on_lost: Callable[[bool], Any] | None = None) -> Any:
        """Make the call `name`. Without an answer it raises `Unavailable`, or returns `on_lost(had_effect)`.

        The client never repeats a call with `on_lost`.
        """
        process = self.process
        if process is None:
            return act()
        try:
            return self._made(process, name, act, on_lost)
        except AssertionError as error:
            self.broken_promise = error
            raise

    def _made(self, process: Process, name: str, act: Callable[[], Any], on_lost: Callable[[bool], Any] | None) -> Any:
        at, fate = process.made.total(), process.fate
        process.made[name] += 1
        if self.denied == (process.kind, name):
            process.disturbed = True
            raise Unavailable("throttled")
        kind, _, between = fate.kind.partition(THEN) if fate else ("", "", "")
        if fate is None or fate.call != at or (on_lost and kind == "repeated"):
            return act()
        self.met[fate.kind] += 1
        process.disturbed = True
        if kind in MEANWHILES:
            process.meanwhile(kind)
            return act()
        if kind.endswith("before"):
            return self._over(kind, on_lost, effect=False)
        act()
        if between:
            process.meanwhile(between)
        return act() if kind == "repeated" else self._over(kind, on_lost, effect=True)

    def _over(self, kind: str, on_lost: Callable[[bool], Any] | None, *, effect: bool) -> Any:
        if kind.startswith("dies"):
            raise Died
        if on_lost:
            return on_lost(effect)
        raise Unavailable("the call failed")

    def run(
        self,
        act: Callable[[], Any],
        fate: Fate | None = None,
        meanwhile: Callable[[str], None] = lambda _: None,
        kind: str = "",
    ) -> tuple[Any, Process]:
        """Run one process, even inside another one, and return (result, process).

        The result of a process that raised is its exception, and of one that died, Died.
        """
        outer, self.process = self.process, (process := Process(fate, meanwhile, kind))
        try:
            return act(), process
        except (Exception, Died) as error:  # noqa: BLE001 - the caller judges it
            return error, process
        finally:
            self.process = outer
            if self.broken_promise:
                raise self.broken_promise
