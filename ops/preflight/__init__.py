"""Before the first deployment: what would fail or be too small in this AWS account, and what to do about it.

It changes nothing. It needs read access only, and says what it could not check.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping

from ops.planned import CONFIG, NotPlanned, Planned, planned
from ops.preflight import account, machine, names, permissions, quotas, settings
from ops.report import Finding, findings, show


def main(argv: list[str]) -> int:
    """Print the findings. Returns 1 if a deployment would fail, 2 if samconfig.toml has no such environment."""
    parser = argparse.ArgumentParser(prog="ops preflight", description=__doc__)
    parser.add_argument("--config", default=CONFIG, help="environment of samconfig.toml (default: %(default)s)")
    parser.add_argument("--stack", help="name of the stack, if it is not the environment's")
    asked = parser.parse_args(argv)
    try:
        plan = planned(asked.config, asked.stack)
    except NotPlanned as error:
        print(f"preflight: {error}", file=sys.stderr)
        return 2
    return show(preflight(plan, os.environ))


def preflight(plan: Planned, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Everything that can be checked; without Region or credentials, nothing that needs them."""
    yield from machine.machine(plan, environment)
    yield from names.stack_name(plan)
    yield from settings.settings(plan)
    region, found = account.region(plan, environment)
    yield from found
    if region is None:
        return
    caller, found = account.caller(region, environment)
    yield from found
    if caller is None:
        return
    yield from findings(
        [
            ("stack", lambda: names.state(plan, region)),
            ("leftovers", lambda: names.leftovers(plan, region)),
            ("certificate", lambda: settings.certificate(plan, region)),
            ("access log", lambda: settings.access_log(plan, region)),
            ("Lambda concurrency", lambda: quotas.concurrency(plan, region)),
            ("quotas", lambda: quotas.rates(plan, region)),
            ("permissions", lambda: permissions.permissions(plan, region, caller)),
        ]
    )
