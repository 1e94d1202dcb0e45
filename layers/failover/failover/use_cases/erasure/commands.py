"""The commands of the function `erasure` (docs/erasure.md, "Commands")."""

from failover.use_cases.callers.commands import Commands, Entry
from failover.use_cases.erasure.erase import erase
from failover.use_cases.erasure.find import ListErasures, OfRecipient, find, list_erasures
from failover.use_cases.erasure.index import Index, index
from failover.use_cases.erasure.verify import Verify, verify

COMMANDS = Commands(
    {
        "find": Entry(OfRecipient, find),
        "erase": Entry(OfRecipient, erase),
        "verify": Entry(Verify, verify),
        "list_erasures": Entry(ListErasures, list_erasures),
        "index": Entry(Index, index),
    }
)
