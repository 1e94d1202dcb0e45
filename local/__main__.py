"""`python -m local up | down | demo | inbox | load | burst | sam-local`: what the Makefile's verbs run."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn

from local import credentials, engines, events, stack
from local.demo import demo
from local.inbox import show_inbox
from local.lambda_runtime import docker
from local.lambda_runtime.sam_local import sam_local
from local.load import Wanted, burst, load
from local.load.faults import BROKEN, SLOW, Faults, Kills, Proxies
from local.place import LocalFailure, Place, default_place


def up(place: Place) -> None:
    """Engines, build, deploy, an account; nothing, if that is all there."""
    if engines.running(place) and credentials.written(place):
        print(f"already up, as it was deployed then: {_addresses(place)}")
        return
    bring_up(place, _said)
    print(f"up: {_addresses(place)}")


def _addresses(place: Place) -> str:
    credentials_file = credentials.shown_path(place)
    return f"{place.api_url}/workflows\ncredentials: {credentials_file}\nreference: {place.api_url}/docs"


def bring_up(place: Place, said: Callable[[str], None]) -> None:
    """The whole stack, from nothing; on failure nothing is left running."""
    engines.stop(place)
    stack.wipe(place)
    said("engines: MiniStack (AWS) and moto (Step Functions)")
    engines.start(place)
    try:
        said("sam build")
        stack.build(place)
        said("sam deploy")
        stack.deploy(place)
        said("an account with an application, and live events")
        credentials.create(place)
        events.write(place)
    except BaseException:
        engines.stop(place)
        raise


def down(place: Place) -> None:
    stopped = engines.stop(place)
    credentials.remove(place)
    stack.wipe(place)
    print("down" if stopped else "nothing was up")


def run_demo(place: Place) -> None:
    with _for_a_while(place):
        demo(place)


def run_load(place: Place) -> None:
    wanted, faults = Wanted.of_environment(), Faults()
    if asked := os.environ.get("FAULTS"):
        place = replace(place, proxy_ports=(place.api_port + 1, place.stepfunctions_port + 1))
        match asked:
            case "kill":
                faults = Kills(place, int(os.environ.get("SEED") or 1))
            case "aws":
                faults = Proxies(place, BROKEN)
            case "slow":
                faults = Proxies(place, SLOW)
            case _:
                raise LocalFailure(f"FAULTS={asked}: there are `kill`, `aws` and `slow`")
    with _for_a_while(place):
        _said(f"{wanted.workflows} workflows, {wanted.rate:g} a second")
        load(place, wanted, faults)


def run_burst(place: Place) -> None:
    with _for_a_while(place):
        _said("a burst of requests")
        burst.run(place, burst.Burst())


@contextmanager
def _for_a_while(place: Place) -> Iterator[None]:
    """A stack of its own, which is gone afterwards."""
    if engines.running(place):
        raise LocalFailure("a local stack is up already: `make down` first, or set API_PORT and STEPFUNCTIONS_PORT")
    try:
        bring_up(place, _said)
        yield
    finally:
        engines.stop(place)
        credentials.remove(place)
        stack.wipe(place)


def run_sam_local(place: Place) -> None:
    """On the stack that is up, else on one that is brought up for it."""
    docker.require()
    if engines.running(place) and credentials.written(place):
        sam_local(place, _said)
        return
    try:
        bring_up(place, _said)
        sam_local(place, _said)
    finally:
        engines.stop(place)
        credentials.remove(place)
        stack.wipe(place)


_UNAVAILABLE = 69
"""Exit code where a verb cannot run on this machine: EX_UNAVAILABLE of sysexits.h."""
_STARTED = time.monotonic()


def _said(what: str) -> None:
    print(f"[{time.monotonic() - _STARTED:5.1f} s] {what}", flush=True)


def _terminated(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def main() -> int:
    verbs = {
        "up": up,
        "down": down,
        "demo": run_demo,
        "inbox": show_inbox,
        "load": run_load,
        "burst": run_burst,
        "sam-local": run_sam_local,
    }
    if len(sys.argv) != 2 or sys.argv[1] not in verbs:
        print(__doc__)
        return 2
    signal.signal(signal.SIGTERM, _terminated)
    try:
        verbs[sys.argv[1]](default_place())
    except LocalFailure as failure:
        print(f"{sys.argv[1]}: {failure}", file=sys.stderr)
        return _UNAVAILABLE if isinstance(failure, docker.NoContainers) else 1
    except KeyboardInterrupt:
        print(f"{sys.argv[1]}: interrupted, nothing is left running", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
