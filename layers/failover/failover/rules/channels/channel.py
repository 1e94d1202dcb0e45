"""The types of a row of the channel table (`channel_table`)."""

from dataclasses import dataclass

from failover.rules.channels.kinds import VERSIONS, Kind
from failover.rules.channels.objects import Field
from failover.rules.channels.statuses import CONDITIONS


@dataclass(frozen=True)
class Option(Field):
    """A field of the object in `message` that is named after the channel."""

    with_content: tuple[str, ...] = ()
    """Content types that it goes with, all if empty. With others it is refused."""
    ignored_elsewhere: bool = False
    """With other content it is dropped instead of refused, because older clients always send it."""
    required_with: tuple[str, ...] = ()
    """Content types that require it."""
    otherwise: str | None = None
    """The value sent if the request has none; if this is None, nothing is sent."""
    top_level: bool = False
    """v1 has it beside `to` and `from`, not in the object named after the channel."""

    def sent_with(self, content: str) -> bool:
        return not self.with_content or content in self.with_content


@dataclass(frozen=True)
class Need:
    """A field of the content that an option makes required."""

    content: str
    field: str
    option: str
    word: str | None = None
    """The option's value, or None for any value."""


@dataclass(frozen=True)
class Channel:
    name: str
    """As in a request's `type`, and in webhooks."""
    function: str
    """The send function is `functions/send_<function>`, deployed as `<stack>-send-<function>`."""
    v1_name: str
    """As in `channel` of the Messages API v1."""
    sender: str
    """The field of `from`: `id` or `number`."""
    recipient: str
    """The field of `to`: `id` or `number`."""
    receipt_window: int
    """Seconds after the send in which the vendor may report a status of the message."""
    contents: tuple[Field, ...]
    """The content types, each with the kind of the field of the same name."""
    sender_kind: Kind | None = None
    """The kind of the sender, if not any id or number."""
    options: tuple[Option, ...] = ()
    needs: tuple[Need, ...] = ()
    conditions: tuple[str, ...] = CONDITIONS
    """Condition statuses that this channel reports."""
    versions: tuple[str, ...] = VERSIONS
    """Versions of the Messages API that have this channel."""

    def options_with(self, content: str) -> tuple[Option, ...]:
        """Return the options that a request may have with a content type."""
        return tuple(one for one in self.options if one.ignored_elsewhere or one.sent_with(content))
