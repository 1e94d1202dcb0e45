"""Run one of the Makefile's verbs: `python -m local VERB`.

VERB is up, down, demo, inbox, load, burst, capacity, costs, sam-local or release.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn

from local import credentials, engines, events, release, stack
from local.capacity import cost_tables, tables
from local.demo import demo
from local.inbox import show_inbox
from local.lambda_runtime import docker
from local.lambda_runtime.sam_local import sam_local
from local.load import Wanted, burst, load
from local.load.faults import BROKEN, SLOW, Faults, Kills, Proxies
from local.place import LocalFailure, Place, default_place


def up(place: Place) -> None:
    """Start the stack and print where it is; only print, if it is up already."""
    if engines.running(place) and credentials.written(place):
        print("already up. It was not deployed again: after a change, run `make down` and `make up`.")
    else:
        bring_up(place, _report)
        print("up")
    file = credentials.shown_path(place)
    print(f"""
  API            {place.api_url}
  console        {place.api_url}/console
  documentation  {place.api_url}/docs
  credentials    {file}
  webhooks       {place.inbox_url}, printed by `make inbox`
  workflows      an example for each event in {file.replace("credentials.env", "events")} that needs one

next: open the console, paste the whole of {file} into it, press "Sign in" and then "Play the example"; or
      source {file} && curl -u "$API_KEY:$API_SECRET" $API_URL/beta/workflows""")


def bring_up(place: Place, report: Callable[[str], None], **parameters: str) -> None:
    """Start the whole stack from nothing. If that fails, nothing is left running.

    `parameters`: values of the template's parameters, instead of their defaults.
    """
    engines.stop(place)
    stack.wipe(place)
    report("starting a simulated AWS on this machine")
    engines.start(place)
    try:
        report("building the application (sam build)")
        stack.build(place)
        report("deploying it to the simulated AWS (sam deploy)")
        stack.deploy(place, **parameters)
        report("creating an account")
        credentials.create(place)
        events.write(place)
    except BaseException:
        engines.stop(place)
        raise


def down(place: Place) -> None:
    print("down" if _take_down(place) else "nothing was up")


def _take_down(place: Place) -> bool:
    """Stop the engines and remove what they held. Returns False if none were running."""
    stopped = engines.stop(place)
    credentials.remove(place)
    stack.wipe(place)
    return stopped


def run_demo(place: Place) -> None:
    with _temporary_stack(place):
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
                raise LocalFailure(f"FAULTS={asked} is none of kill, aws and slow")
    with _temporary_stack(place, **wanted.parameters):
        _report(f"posting {wanted.workflows} workflows, {wanted.rate:g} a second")
        load(place, wanted, faults)


def run_burst(place: Place) -> None:
    with _temporary_stack(place):
        _report("sending a burst of requests")
        burst.run(place, burst.Burst())


def print_capacity(_: Place) -> None:
    print(tables.text())


def print_costs(_: Place) -> None:
    print(cost_tables.text())


@contextmanager
def _temporary_stack(place: Place, **parameters: str) -> Iterator[None]:
    """A stack that is removed afterwards. Raises LocalFailure if one is up already."""
    if engines.running(place):
        raise LocalFailure("a local stack is up already: run `make down` first")
    try:
        bring_up(place, _report, **parameters)
        yield
    finally:
        _take_down(place)


def run_sam_local(place: Place) -> None:
    """Use the stack that is up, or a temporary one."""
    docker.require()
    if engines.running(place) and credentials.written(place):
        sam_local(place, _report)
    else:
        with _temporary_stack(place):
            sam_local(place, _report)


def _place() -> Place:
    """Return the place of the Makefile's verbs: with the ports of the stack that is up, else with those asked for."""
    place = default_place()
    return credentials.as_written(place) if engines.running(place) and credentials.written(place) else place


_UNAVAILABLE = 69
"""Exit code if this machine cannot run a verb: EX_UNAVAILABLE of sysexits.h."""
_STARTED = time.monotonic()


def _report(progress: str) -> None:
    print(f"[{time.monotonic() - _STARTED:5.1f} s] {progress}", flush=True)


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
        "capacity": print_capacity,
        "costs": print_costs,
        "sam-local": run_sam_local,
        "release": release.write_archive,
    }
    if len(sys.argv) != 2 or sys.argv[1] not in verbs:
        print(__doc__)
        return 2
    signal.signal(signal.SIGTERM, _terminated)
    try:
        verbs[sys.argv[1]](_place())
    except LocalFailure as failure:
        print(f"{sys.argv[1]}: {failure}", file=sys.stderr)
        return _UNAVAILABLE if isinstance(failure, docker.NoContainers) else 1
    except KeyboardInterrupt:
        print(f"{sys.argv[1]}: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
