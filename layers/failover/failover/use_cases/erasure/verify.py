"""Check that a proof is one of this stack's, unchanged."""

from typing import Annotated, Any

from failover.outside import Outside
from failover.rules.channels.kinds import AnyObject
from failover.rules.erasure import proof
from failover.rules.requests.models import Of
from failover.use_cases.callers.commands import Answer, Command
from failover.use_cases.workflow.recipients import keys


class Verify(Command):
    proof: Annotated[dict[str, Any], Of(AnyObject())]
    """An answer of `erase`."""


def verify(outside: Outside, command: Verify) -> Answer:
    """Say whether this stack has signed `erasure` with `signature`, with the key in use or the one before."""
    signed, offered = command.proof.get("erasure"), command.proof.get("signature")
    if not isinstance(offered, str) or not offered.isascii():
        return {"genuine": False}
    return {"genuine": proof.genuine(keys(outside), signed, offered)}
