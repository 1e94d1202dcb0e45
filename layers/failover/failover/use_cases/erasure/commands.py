"""The commands of the function `erasure` (docs/erasure.md, "Commands")."""

from typing import Any

from failover.outside import Outside
from failover.use_cases.callers.commands import Answer, Commands, Entry
from failover.use_cases.erasure.erase import erase
from failover.use_cases.erasure.find import ListErasures, OfRecipient, find, list_erasures
from failover.use_cases.erasure.index import Index, index
from failover.use_cases.erasure.verify import Verify, verify

COMMANDS: dict[str, Entry[Any]] = {
    "find": Entry(OfRecipient, find),
    "erase": Entry(OfRecipient, erase),
    "verify": Entry(Verify, verify),
    "list_erasures": Entry(ListErasures, list_erasures),
    "index": Entry(Index, index),
}
"""By `action`."""
_COMMANDS = Commands(COMMANDS)


def carry_out(outside: Outside, event: Any) -> Answer:
    """Carry out one command. Raises CommandRefused with every fault."""
    return _COMMANDS.carry_out(outside, event)
