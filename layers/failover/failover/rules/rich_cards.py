"""RCS cards, carousels and suggestions, as the Messages API v1 defines them (definition 1.20.0)."""

from failover.rules.addresses import Dialled
from failover.rules.kinds import Flag, Matching, Text, Url, Word
from failover.rules.objects import Case, Field, Many, Object, Tagged

_LABEL = Field("text", Text(25), required=True, about="what the chip says")
_POSTBACK = Field(
    "postback_data", Text(2048), required=True, about="comes back in the inbound message when it is tapped"
)
_FALLBACK = Field("fallback_url", Url(), about="opened by a device that cannot do it")
_DESCRIPTION = Field("description", Text(500), required=True)
_TIME = Matching(
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$",
    "an ISO 8601 time with seconds and an offset, such as 2026-01-31T12:00:00Z",
)


def _suggestion(word: str, *fields: Field) -> Case:
    return Case(word, Object((_LABEL, _POSTBACK, *fields)))


SUGGESTION = Tagged(
    "type",
    (
        _suggestion("reply"),
        _suggestion("dial", Field("phone_number", Dialled(), required=True), _FALLBACK),
        _suggestion(
            "view_location",
            Field("latitude", Text(30), required=True),
            Field("longitude", Text(30), required=True),
            Field("pin_label", Text(500), required=True),
            _FALLBACK,
        ),
        _suggestion("share_location"),
        _suggestion("open_url", Field("url", Url(), required=True), _DESCRIPTION),
        _suggestion(
            "open_url_in_webview",
            Field("url", Url(), required=True),
            _DESCRIPTION,
            Field("view_mode", Word(("FULL", "TALL", "HALF"))),
        ),
        _suggestion(
            "create_calendar_event",
            Field("start_time", _TIME, required=True),
            Field("end_time", _TIME, required=True),
            Field("title", Text(100), required=True),
            _DESCRIPTION,
            _FALLBACK,
        ),
    ),
    name="RcsSuggestion",
)

SUGGESTIONS = Many(SUGGESTION, "suggestions", 1, 11)

CARD = Object(
    (
        Field("title", Text(200), required=True),
        Field("text", Text(2000), required=True),
        Field("media_url", Url(), required=True),
        Field("media_description", Text(2000), about="for screen readers"),
        Field("media_height", Word(("SHORT", "MEDIUM", "TALL"))),
        Field("thumbnail_url", Url()),
        Field("media_force_refresh", Flag(), about="fetch the media again instead of from the platform's cache"),
        Field("suggestions", Many(SUGGESTION, "suggestions", 1, 4)),
    ),
    name="RcsCard",
)

CAROUSEL = Object((Field("cards", Many(CARD, "cards", 2, 10), required=True),), name="RcsCarousel")
