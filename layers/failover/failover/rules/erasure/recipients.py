"""Recipients as the table knows them: by a keyed hash, never by their address.

There are so few telephone numbers that a hash without a key would be as good as the number.
"""

import hashlib
import hmac
from typing import Any

from failover.rules.channels.addresses import Recipient
from failover.rules.channels.channel import Channel
from failover.rules.channels.channel_table import CHANNELS
from failover.rules.channels.kinds import Matching
from failover.rules.channels.objects import Case, Field, Many, Object, Tagged
from failover.rules.formats.stored import UnreadableItem
from failover.rules.requests import steps

_HASH = Matching(r"^[0-9a-f]{64}$", "64 hexadecimal digits", lambda text: len(text) == 64)
FORMS = Tagged(
    "type",
    (
        *(
            Case(row.name, Object((Field(row.recipient, steps.recipient(row), required=True),)))
            for row in CHANNELS.values()
        ),
        Case("hash", Object((Field("hash", _HASH, required=True),))),
    ),
)
"""A recipient in a command: as `to` in a request, or by the hash that an earlier answer named."""


def address(to: dict[str, Any]) -> str:
    """Return the address in a `to`, in the form that is hashed. A telephone number is one address on all channels."""
    channel = CHANNELS[to["type"]]
    return f"number:{to['number']}" if channel.recipient == "number" else f"{channel.name}:{to['id']}"


def addresses(content: list[dict[str, Any]]) -> list[str]:
    """Return every address that the steps (`Request.steps`) send to, each once, in the form that is hashed.

    Raises UnreadableItem if these are no steps.
    """
    try:
        found = [one for step in content for one in _of_step(step)]
    except (KeyError, TypeError, AttributeError):
        raise UnreadableItem("content") from None
    return list(dict.fromkeys(found))


def _of_step(step: dict[str, Any]) -> list[str]:
    channel = CHANNELS[step["to"]["type"]]
    given = step["message"].get(channel.name, {})
    others = [f"number:{number}" for name in _lists_of_recipients(channel) for number in given.get(name, [])]
    return [address(step["to"]), *others]


def _lists_of_recipients(channel: Channel) -> list[str]:
    """The options that name more recipients: the members of a group conversation."""
    return [one.name for one in channel.options if isinstance(one.kind, Many) and isinstance(one.kind.of, Recipient)]


def keyed_hash(key: str, of_address: str) -> str:
    """Return the hash by which the table knows an address."""
    return hmac.new(key.encode(), f"recipient\0{of_address}".encode(), hashlib.sha256).hexdigest()


def hashes(keys: list[str], form: dict[str, Any]) -> list[str]:
    """Return the hashes of a recipient in one of the FORMS: one for each key."""
    if form["type"] == "hash":
        return [form["hash"]]
    return [keyed_hash(key, address(form)) for key in keys]
