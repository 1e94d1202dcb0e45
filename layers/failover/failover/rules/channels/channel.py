"""What a row of the channel table says (rules/channels)."""

from dataclasses import dataclass

from failover.rules.channels.kinds import VERSIONS, Kind
from failover.rules.channels.objects import Field
from failover.rules.channels.statuses import CONDITIONS


@dataclass(frozen=True)
class Option(Field):
    """A field of the object named like the channel inside `message`."""

    with_content: tuple[str, ...] = ()
    """Content types it belongs to; empty: all. With others it is refused."""
    ignored_elsewhere: bool = False
    """With other content it is not refused but left out, because older clients always send it."""
    required_with: tuple[str, ...] = ()
    """Content types that need it."""
    otherwise: str | None = None
    """What is sent when the request does not have it; None: nothing."""
    top_level: bool = False
    """v1 has it beside `to` and `from`, not in the object named like the channel."""

    def sent_with(self, content: str) -> bool:
        return not self.with_content or content in self.with_content


@dataclass(frozen=True)
class Need:
    """A field of the content that is required with a certain option."""

    content: str
    field: str
    option: str
    word: str | None = None
    """The option's value; None: any."""


@dataclass(frozen=True)
class Channel:
    name: str
    """The word of a request's `type`, and of our reports."""
    function: str
    """The send function is `functions/send_<function>`, deployed as `<stack>-send-<function>`."""
    v1_name: str
    """The word of the Messages API v1's `channel`."""
    sender: str
    """The field of `from`: `id` or `number`."""
    recipient: str
    """The field of `to`: `id` or `number`."""
    receipt_window: int
    """Seconds after the send in which the vendor may still send a status of the message."""
    contents: tuple[Field, ...]
    """Every content type, and what stands under its name."""
    sender_kind: Kind | None = None
    """What a sender is, where that is not just any id or number."""
    options: tuple[Option, ...] = ()
    needs: tuple[Need, ...] = ()
    conditions: tuple[str, ...] = CONDITIONS
    """Statuses this channel can report and a step can wait for."""
    versions: tuple[str, ...] = VERSIONS
    """Versions of the Messages API that have this channel."""

    def options_with(self, content: str) -> tuple[Option, ...]:
        """What may be said with a content type."""
        return tuple(one for one in self.options if one.ignored_elsewhere or one.sent_with(content))
