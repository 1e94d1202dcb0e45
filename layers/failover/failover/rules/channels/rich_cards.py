"""RCS cards, carousels and suggestions, as the Messages API v1 defines them (definition 1.20.0)."""

from datetime import datetime

from failover.rules.channels.addresses import Dialled
from failover.rules.channels.kinds import Flag, Matching, Text, Url, Word
from failover.rules.channels.objects import Case, Field, Many, Object, Tagged

_LABEL = Field("text", Text(25), required=True, about="what the chip says")
_POSTBACK = Field(
    "postback_data", Text(2048), required=True, about="comes back in the inbound message when it is tapped"
)
_FALLBACK = Field("fallback_url", Url(), about="opened by a device that cannot do it")
_DESCRIPTION = Field("description", Text(500), required=True)


def _is_a_time(text: str) -> bool:
    """Return True if the day exists: a pattern knows no leap years."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_DAY = "((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-9])|(0[13-9]|1[0-2])-30|(0[13578]|1[02])-31)"
_TIME = Matching(
    rf"^[1-9][0-9]{{3}}-{_DAY}T{_CLOCK}:[0-5][0-9](\.[0-9]{{1,9}})?(Z|[+-]{_CLOCK})$",
    "an ISO 8601 time with seconds and an offset, such as 2026-01-31T12:00:00Z",
    _is_a_time,
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
