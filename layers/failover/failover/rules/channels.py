"""The channel table: the one home of what differs between channels (contract, sections 3.3 to 3.5 and 8)."""

from dataclasses import dataclass

from failover.rules.statuses import CONDITIONS

URL_LIMIT = 2000
CAPTION_LIMIT = 3000


@dataclass(frozen=True)
class Option:
    """A field of the object named like the channel inside `message`."""

    choices: tuple[str, ...] = ()
    """The words allowed; empty: not a choice."""
    seconds: tuple[int, int] | None = None
    """Smallest and largest whole number of seconds; None: not a number."""
    required_when: tuple[str, str] | None = None
    """(other option, its value) that makes this one necessary."""


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
    text_limit: int
    """Characters (Unicode code points) of a text."""
    media: tuple[str, ...] = ()
    """Content types besides `text`."""
    captions: tuple[str, ...] = ()
    """Those of `media` that may carry a caption."""
    conditions: tuple[str, ...] = CONDITIONS
    """Statuses this channel can report and a step can wait for."""
    options: tuple[tuple[str, Option], ...] = ()


_ROWS = (
    Channel(
        name="messenger",
        function="messenger",
        v1_name="messenger",
        sender="id",
        recipient="id",
        text_limit=640,
        media=("image", "audio", "video", "file"),
        options=(
            ("category", Option(choices=("response", "update", "message_tag"))),
            ("tag", Option(required_when=("category", "message_tag"))),
        ),
    ),
    Channel(
        name="viber_service_msg",
        function="viber",
        v1_name="viber_service",
        sender="id",
        recipient="number",
        text_limit=1000,
        media=("image",),
        options=(
            ("category", Option(choices=("transaction", "promotion"))),
            ("ttl", Option(seconds=(30, 86400))),
        ),
    ),
    Channel(
        name="sms",
        function="sms",
        v1_name="sms",
        sender="number",
        recipient="number",
        text_limit=1000,
        conditions=("delivered",),
    ),
)

CHANNELS = {row.name: row for row in _ROWS}
