"""Test a deployed stack from outside. With a recipient it sends one real message; without, it changes nothing.

It reads the stack's secrets to sign a callback and to ask the Messages API, and prints none of them.
"""

import argparse
import sys
from collections.abc import Iterator

from failover.rules.channels.channel_table import CHANNELS
from ops.deployed import Deployed, NotDeployed, deployed
from ops.doctor import api, callbacks, message, resources, secrets
from ops.doctor.message import Wanted
from ops.report import Finding, failure, findings, show


def main(argv: list[str]) -> int:
    """Print the findings. Returns 1 if something is broken, 2 if there is no such stack."""
    parser = argparse.ArgumentParser(prog="ops doctor", description=__doc__)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--url", help="base URL of the API with its base path, if not the stack's output ApiUrl")
    parser.add_argument("--recipient", help="a number or id of your own, to which one message is sent")
    parser.add_argument("--channel", choices=list(CHANNELS), default="sms", help="default: %(default)s")
    parser.add_argument("--sender", help="who sends it; needed with --recipient")
    parser.add_argument("--webhook-url", help="where its webhooks go; default: the API itself, which answers 405")
    parser.add_argument("--seconds", type=int, default=120, help="to wait for it; default: %(default)s")
    asked = parser.parse_args(argv)
    if asked.recipient and not asked.sender:
        parser.error("--recipient needs --sender")
    try:
        stack = deployed(asked.stack)
    except NotDeployed as error:
        print(f"doctor: {error}", file=sys.stderr)
        return 2
    url = (asked.url or stack.api_url).rstrip("/")
    wanted = None
    if asked.recipient:
        wanted = Wanted(asked.channel, asked.sender, asked.recipient, asked.webhook_url, asked.seconds)
    return show(doctor(stack, url, wanted))


def doctor(stack: Deployed, url: str, wanted: Wanted | None = None) -> Iterator[Finding]:
    """All findings. `url`: the API's base URL. `wanted`: the message to send, if one may be sent."""
    yield from resources.stack(stack)
    if missing := stack.missing_outputs:
        yield failure("outputs", f"there is no {', '.join(missing)}: is this a stack of this template?")
        return
    yield from findings(
        [
            ("functions", lambda: resources.functions(stack)),
            ("aliases", lambda: resources.aliases(stack)),
            ("state machine", lambda: resources.state_machine(stack)),
            ("table", lambda: resources.table(stack)),
            ("logs", lambda: resources.logs(stack)),
            ("alarms", lambda: resources.alarms(stack)),
            ("dead letters", lambda: resources.dead_letters(stack)),
            ("API", lambda: api.reachable(url)),
            ("version", lambda: api.version(url)),
            ("strangers", lambda: api.strangers(stack, url)),
            ("secrets", lambda: secrets.secrets(stack)),
            ("Messages API", lambda: secrets.vendor(stack, url)),
            ("callbacks", lambda: callbacks.callbacks(stack, url)),
        ]
    )
    if wanted:
        yield from findings([("message", lambda: message.message(stack, url, wanted))])
