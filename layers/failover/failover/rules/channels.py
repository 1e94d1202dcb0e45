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
    otherwise: str | None = None
    """What is sent when the request does not have it; None: nothing."""


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
    sender_characters: str = ""
    """What may stand in `from`, as the inside of a regular expression's brackets; empty: whatever is printable."""
    text_limit: int = 0
    """Characters (Unicode code points) of a text; 0: no bare text."""
    media: tuple[str, ...] = ()
    """Content types that are a URL."""
    captions: tuple[str, ...] = ()
    """Those of `media` that may carry a caption."""
    template: bool = False
    """Content may be a template the provider knows, with parameters."""
    custom: bool = False
    """Content may be an object of the provider's own, passed through as it is."""
    conditions: tuple[str, ...] = CONDITIONS
    """Statuses this channel can report and a step can wait for."""
    options: tuple[tuple[str, Option], ...] = ()
    options_on: tuple[str, ...] = ()
    """Content types the options are sent with; empty: all."""
    versions: tuple[str, ...] = ("v1", "v0.1")
    """Versions of the Messages API that have this channel."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every content type, in the order of the documentation."""
        return (
            *(("text",) if self.text_limit else ()),
            *self.media,
            *(("template",) if self.template else ()),
            *(("custom",) if self.custom else ()),
        )


_ROWS = (
    Channel(
        name="messenger",
        function="messenger",
        v1_name="messenger",
        sender="id",
        recipient="id",
        text_limit=640,
        media=("image", "audio", "video", "file"),
        custom=True,
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
    Channel(
        name="mms",
        function="mms",
        v1_name="mms",
        sender="number",
        recipient="number",
        media=("image",),
        captions=("image",),
        conditions=("delivered",),
    ),
    Channel(
        name="whatsapp",
        function="whatsapp",
        v1_name="whatsapp",
        sender="number",
        recipient="number",
        text_limit=4096,
        media=("image", "audio", "video", "file"),
        captions=("image", "file"),
        template=True,
        custom=True,
        options=(
            ("policy", Option(choices=("deterministic",))),
            ("locale", Option(otherwise="en_US")),  # a template without one is refused
        ),
        options_on=("template",),
    ),
    Channel(
        name="rcs",
        function="rcs",
        v1_name="rcs",
        sender="id",
        recipient="number",
        sender_characters="A-Za-z0-9_&-",
        text_limit=3072,
        media=("image", "video", "file"),
        custom=True,
        versions=("v1",),
    ),
)

CHANNELS = {row.name: row for row in _ROWS}
