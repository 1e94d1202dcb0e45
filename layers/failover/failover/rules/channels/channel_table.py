"""The channel table: the one place for what differs between channels.

It follows the Messages API: v1 as in its definition 1.20.0, v0.1 as in its last one. A new field or content type is one
more line here; validation, the bodies we send, the OpenAPI document, docs/api.md's tables and the sandbox follow.
"""

from failover.rules.channels.addresses import Agent, Id, Recipient
from failover.rules.channels.channel import Channel, Need, Option
from failover.rules.channels.kinds import VERSIONS, AnyObject, Flag, Kind, Parameter, Text, Url, Whole, Word
from failover.rules.channels.objects import Case, Field, Many, Object, OneOf, Tagged
from failover.rules.channels.rich_cards import CARD, CAROUSEL, SUGGESTIONS

_V1 = ("v1",)
_HOUR = 3600
_DAY = 24 * _HOUR


def _content(name: str, kind: Kind, versions: tuple[str, ...] = VERSIONS, in_v0_1: Kind | None = None) -> Field:
    return Field(name, kind, required=True, versions=versions, in_v0_1=in_v0_1)


def _media(name: str, *more: Field, versions: tuple[str, ...] = VERSIONS) -> Field:
    """A content type with a URL, and `more` fields."""
    return _content(name, Object((Field("url", Url(), required=True), *more)), versions)


_CAPTION = Field("caption", Text(3000))
_CAPTION_V1 = Field("caption", Text(3000), versions=_V1)
_VIBER_CAPTION = Field("caption", Text(1000), versions=_V1)
_CUSTOM = AnyObject()
_ATTACHMENT = Object(
    (
        Field("type", Word(("image", "audio", "video", "vcard", "file")), required=True),
        Field("url", Url(), required=True),
        _CAPTION,
    ),
    name="MmsAttachment",
)
_TTL = "how long delivery is tried"
_TRUSTED = "true: Fraud Defender does not hold this message back"


def _trusted() -> Option:
    return Option("trusted_recipient", Flag(), about=_TRUSTED, versions=_V1, top_level=True)


_ROWS = (
    Channel(
        name="messenger",
        function="messenger",
        v1_name="messenger",
        sender="id",
        recipient="id",
        receipt_window=30 * _DAY,
        contents=(
            _content("text", Text(640)),
            _media("image"),
            _media("audio"),
            _media("video"),
            _media("file"),
            _content("custom", _CUSTOM, versions=("v0.1",)),
        ),
        options=(
            Option("category", Word(("response", "update", "message_tag"))),
            Option("tag", Text(100), required_when=("category", "message_tag")),
        ),
    ),
    Channel(
        name="viber_service_msg",
        function="viber",
        v1_name="viber_service",
        sender="id",
        recipient="number",
        receipt_window=14 * _DAY,
        contents=(
            _content("text", Text(1000)),
            _media("image", _VIBER_CAPTION),
            _media("video", Field("thumb_url", Url(1000), required=True), _VIBER_CAPTION, versions=_V1),
            _media("file", Field("name", Text(25)), versions=_V1),
        ),
        options=(
            Option("category", Word(("transaction", "promotion"))),
            Option("ttl", Whole(30, 259200), about=_TTL),
            Option("type", Text(100), about="'template', where the vendor has set one up"),
            Option(
                "action",
                Object(
                    (Field("url", Url(), required=True), Field("text", Text(30), required=True)), name="ViberButton"
                ),
                about="a button below the message",
                versions=_V1,
                with_content=("text", "image"),
            ),
            Option(
                "duration",
                Whole(1, 600, as_text=True),
                about="how long the video is",
                versions=_V1,
                with_content=("video",),
                required_with=("video",),
            ),
            Option(
                "file_size",
                Whole(1, 200, "MB", as_text=True),
                about="how large the video is",
                versions=_V1,
                with_content=("video",),
                required_with=("video",),
            ),
        ),
        needs=(Need("image", "caption", option="action"),),
    ),
    Channel(
        name="sms",
        function="sms",
        v1_name="sms",
        sender="number",
        recipient="number",
        receipt_window=72 * _HOUR,
        contents=(_content("text", Text(3200), in_v0_1=Text(1000)),),
        options=(
            Option("encoding_type", Word(("text", "unicode", "auto")), versions=_V1),
            Option("content_id", Id(100), about="demanded by some countries, such as India", versions=_V1),
            Option("entity_id", Id(100), about="demanded by some countries, such as India", versions=_V1),
            Option("pool_id", Id(100), about="the number pool to send from; `from` is the fallback", versions=_V1),
            Option("ttl", Whole(20, 604800), about=_TTL, versions=_V1, top_level=True),
            _trusted(),
        ),
        conditions=("delivered",),
    ),
    Channel(
        name="mms",
        function="mms",
        v1_name="mms",
        sender="number",
        recipient="number",
        receipt_window=72 * _HOUR,
        contents=(
            _content("text", Text(3000), _V1),
            _media("image", _CAPTION),
            _media("audio", _CAPTION, versions=_V1),
            _media("video", _CAPTION, versions=_V1),
            _media("vcard", _CAPTION, versions=_V1),
            _media("file", _CAPTION, versions=_V1),
            _content("content", Many(_ATTACHMENT, "attachments", least=1), _V1),
        ),
        options=(
            Option(
                "participants",
                Many(Recipient(), "telephone numbers", least=1),
                about="the other members of a group conversation",
                versions=_V1,
            ),
            Option("ttl", Whole(300, 259200), about=_TTL, versions=_V1, top_level=True),
            _trusted(),
        ),
        conditions=("delivered",),
    ),
    Channel(
        name="whatsapp",
        function="whatsapp",
        v1_name="whatsapp",
        sender="number",
        recipient="number",
        receipt_window=30 * _DAY,
        contents=(
            _content("text", Text(4096)),
            _media("image", _CAPTION),
            _media("audio"),
            _media("video", _CAPTION_V1),
            _media("file", _CAPTION, Field("name", Text(255), versions=_V1)),
            _content(
                "template",
                Object((Field("name", Text(512), required=True), Field("parameters", Many(Parameter(), "parameters")))),
            ),
            _content("sticker", OneOf((Field("url", Url()), Field("id", Id(100))), name="WhatsappSticker"), _V1),
            _content(
                "reaction",
                Tagged(
                    "action",
                    (
                        Case("react", Object((Field("emoji", Text(50), required=True),))),
                        Case("unreact", Object(())),
                    ),
                    name="WhatsappReaction",
                ),
                _V1,
            ),
            _content("custom", _CUSTOM),
        ),
        options=(
            Option("policy", Word(("deterministic",)), with_content=("template",), ignored_elsewhere=True),
            Option(
                "locale",
                Text(100),
                about="the template's language, as BCP 47",
                with_content=("template",),
                ignored_elsewhere=True,
                otherwise="en_US",  # the Messages API refuses a template without one
            ),
            Option(
                "category",
                Word(("marketing",)),
                about="of a template; the vendor ignores it by now",
                versions=_V1,
                with_content=("template",),
            ),
            Option(
                "context",
                Object((Field("message_uuid", Id(100), required=True),), name="WhatsappContext"),
                about="the message that is replied or reacted to",
                versions=_V1,
                required_with=("reaction",),
                top_level=True,
            ),
        ),
    ),
    Channel(
        name="rcs",
        function="rcs",
        v1_name="rcs",
        sender="id",
        sender_kind=Agent(),
        recipient="number",
        receipt_window=30 * _DAY,
        contents=(
            _content("text", Text(3072)),
            _media("image"),
            _media("video"),
            _media("file"),
            _content("card", CARD),
            _content("carousel", CAROUSEL),
            _content("custom", _CUSTOM),
        ),
        options=(
            Option(
                "category",
                Word(("authentication", "transaction", "promotion", "service-request", "acknowledgement")),
                about="demanded by some countries, such as France",
            ),
            Option("ttl", Whole(20, 259200), about=_TTL, top_level=True),
            _trusted(),
            Option(
                "suggestions",
                SUGGESTIONS,
                about="chips below the message",
                with_content=("text", "carousel"),
                top_level=True,
            ),
            Option("card_orientation", Word(("VERTICAL", "HORIZONTAL")), with_content=("card",)),
            Option(
                "image_alignment",
                Word(("LEFT", "RIGHT")),
                with_content=("card",),
                required_when=("card_orientation", "HORIZONTAL"),
            ),
            Option("card_width", Word(("SMALL", "MEDIUM")), with_content=("carousel",)),
        ),
        needs=(Need("card", "media_height", option="card_orientation", word="VERTICAL"),),
        versions=_V1,
    ),
)

CHANNELS = {row.name: row for row in _ROWS}
