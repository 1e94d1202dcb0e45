"""What each channel can send: content types and options, at their bounds, in both versions of the Messages API."""

import contextlib

import pytest
import simplejson

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.formats import strict_json
from failover.rules.formats.faults import InvalidRequest
from failover.rules.requests.request import posted, validated
from failover.rules.sending import outgoing
from tests import examples, variations
from tests.examples import DELETE, MESSENGER, WHATSAPP, changed, request

MESSAGES = examples.messages()
SUGGESTIONS = MESSAGES["rcs-text"]["message"]["rcs"]["suggestions"]


def faults(step, version="v1"):
    with pytest.raises(InvalidRequest) as caught:
        validated(request(step), version)
    return {fault["name"].removeprefix("workflow[0]."): fault["reason"] for fault in caught.value.faults}


def accepted(step, version="v1"):
    (read,) = validated(request(step), version).steps
    return read


def sent(step):
    return outgoing.v1(accepted(step), f"{examples.ID}.0", "https://api.test/webhooks")


@pytest.mark.parametrize("name", MESSAGES)
def test_taken_as_it_is(name):
    """A message of every content type with all its options comes out as it went in."""
    assert accepted(MESSAGES[name]) == MESSAGES[name]


def test_every_bound():
    """Every field of the table accepts its smallest and its largest value."""
    for label, step in variations.steps():
        assert accepted(step)["message"] == step["message"], label


def test_posted_again():
    """The body made of a request with any value of any field, written and read as JSON, makes the same request."""
    for label, step in variations.steps():
        for version in ("v1", "v0.1"):
            with contextlib.suppress(InvalidRequest):
                asked = validated({**request(step), "client_ref": "table-12"}, version)
                text = simplejson.dumps(posted(asked), use_decimal=True)
                assert validated(strict_json.parse(text.encode()), version) == asked, label


def test_beyond_every_bound():
    """Every field of the table refuses values beyond its bounds, of another type, or with missing or unknown parts."""
    for label, where, step in variations.broken_steps():
        found = faults(step)
        assert all(name.startswith(where) for name in found), label


@pytest.mark.parametrize("name", MESSAGES)
def test_every_content_type_of_another_channel(name):
    """A channel refuses content types it does not have."""
    content = MESSAGES[name]["message"]["content"]
    for channel in CHANNELS.values():
        if content["type"] not in {one.name for one in channel.contents}:
            step = changed(examples.EVERY_CHANNEL[channel.name], "message", {"content": content})
            assert set(faults(step)) == {"message.content.type"}


V1_ONLY = sorted(
    (f"{row.name}-{kind.name}", f"message.{row.name}.{one.name}")
    for row in CHANNELS.values()
    for one in row.options
    if one.versions == ("v1",) and "v0.1" in row.versions
    for kind in row.contents
    if f"{row.name}-{kind.name}" in MESSAGES
    and one.name in MESSAGES[f"{row.name}-{kind.name}"]["message"].get(row.name, {})
)


@pytest.mark.decision("What one version of the Messages API lacks")
@pytest.mark.parametrize(("name", "where"), V1_ONLY)
def test_options_that_v0_1_lacks(name, where):
    """With Messages API v0.1 an option of v1 is refused by name, and the reason names the version it needs."""
    option = where.rpartition(".")[2]
    reason = f"{option} needs Messages API v1, but this service uses v0.1"
    assert faults(MESSAGES[name], "v0.1")[where] == reason


@pytest.mark.parametrize(
    ("name", "where", "needed"),
    [
        ("mms-text", "message.content.type", "text"),
        ("mms-vcard", "message.content.type", "vcard"),
        ("mms-content", "message.content.type", "content"),
        ("viber_service_msg-video", "message.content.type", "video"),
        ("viber_service_msg-file", "message.content.type", "file"),
        ("viber_service_msg-image", "message.content.image.caption", "caption"),
        ("whatsapp-sticker", "message.content.type", "sticker"),
        ("whatsapp-reaction", "message.content.type", "reaction"),
        ("whatsapp-video", "message.content.video.caption", "caption"),
        ("whatsapp-file", "message.content.file.name", "name"),
        ("rcs-text", "to.type", "rcs"),
    ],
)
def test_contents_that_v0_1_lacks(name, where, needed):
    """With v0.1 a channel, a content type or a content field that only v1 has is refused."""
    assert faults(MESSAGES[name], "v0.1")[where] == f"{needed} needs Messages API v1, but this service uses v0.1"


@pytest.mark.decision("What one version of the Messages API lacks")
def test_texts_of_v0_1():
    """An SMS has up to 3200 characters with v1 and up to 1000 with v0.1; the reason names the version in use."""
    longest = changed(examples.SMS, "message.content.text", "x" * 1000)
    assert accepted(longest, "v0.1")
    longer = changed(longest, "message.content.text", "x" * 1001)
    assert accepted(longer)
    (reason,) = faults(longer, "v0.1").values()
    assert reason == (
        "Should be a string of 1 to 1000 characters; more needs Messages API v1, but this service uses v0.1"
    )


@pytest.mark.decision("What one version of the Messages API lacks")
def test_custom_of_messenger():
    """Messages API v1 has no custom object for Messenger; v0.1 has one."""
    step = changed(MESSENGER, "message.content", {"type": "custom", "custom": {"attachment": {"type": "template"}}})
    assert faults(step) == {
        "message.content.type": "custom needs Messages API v0.1, but this service uses v1",
    }
    assert accepted(step, "v0.1")["message"] == step["message"]


@pytest.mark.decision("Templates")
def test_template_parameters_are_strings():
    """Template parameters of any type are sent as strings in both versions of the Messages API."""
    step = changed(WHATSAPP, "message.content.template.parameters", [{"default": "Jo"}, "4711"])
    read = accepted(step, "v0.1")
    assert sent(step)["template"]["parameters"] == ["Jo", "4711"]
    assert outgoing.v0_1(read, "x.0")["message"]["content"]["template"]["parameters"] == ["Jo", "4711"]


@pytest.mark.decision("`webhook_version`")
@pytest.mark.parametrize("name", MESSAGES)
def test_webhook_version(name):
    """Every message of v1 asks for callbacks in the form of v1, RCS included."""
    assert sent(MESSAGES[name])["webhook_version"] == "v1"


def test_where_options_go():
    """v1 gets each option where it expects it: beside `to`, or in the object named after the channel."""
    body = sent(MESSAGES["rcs-text"])
    assert body["ttl"] == 20
    assert body["trusted_recipient"] is True
    assert body["suggestions"] == SUGGESTIONS
    assert body["rcs"] == {"category": "acknowledgement"}
    assert sent(MESSAGES["whatsapp-reaction"])["context"] == {"message_uuid": "message_uuid-4711"}
    assert sent(MESSAGES["viber_service_msg-video"])["viber_service"]["duration"] == "1"
    assert "sms" not in sent(changed(examples.SMS, "message.sms", {"ttl": 30}))


@pytest.mark.parametrize(
    ("name", "path", "value", "where"),
    [
        ("viber_service_msg-video", "message.viber_service_msg", DELETE, "message.viber_service_msg"),
        (
            "viber_service_msg-video",
            "message.viber_service_msg.duration",
            None,
            "message.viber_service_msg.duration",
        ),
        ("viber_service_msg-image", "message.content.image.caption", DELETE, "message.content.image.caption"),
        ("viber_service_msg-file", "message.viber_service_msg.action", {}, "message.viber_service_msg.action"),
        ("viber_service_msg-text", "message.viber_service_msg.duration", "3", "message.viber_service_msg.duration"),
        ("whatsapp-reaction", "message.whatsapp.context", DELETE, "message.whatsapp.context"),
        ("whatsapp-reaction", "message.whatsapp", DELETE, "message.whatsapp"),
        ("whatsapp-text", "message.whatsapp.category", "marketing", "message.whatsapp.category"),
        ("rcs-card", "message.rcs.image_alignment", DELETE, "message.rcs.image_alignment"),
        ("rcs-card", "message.rcs.suggestions", SUGGESTIONS, "message.rcs.suggestions"),
        ("rcs-text", "message.rcs.card_width", "SMALL", "message.rcs.card_width"),
        ("rcs-text", "message.suggestions", SUGGESTIONS, "message.suggestions"),
        ("sms-text", "message.ttl", 600, "message.ttl"),
    ],
)
def test_fields_that_belong_together(name, path, value, where):
    """A field that needs or excludes another field is refused under its own name."""
    assert list(faults(changed(MESSAGES[name], path, value))) == [where]


@pytest.mark.parametrize("name", MESSAGES)
def test_unknown_content_types(name):
    """A misspelt or missing content type is reported alone, because its options cannot be judged without it."""
    step = changed(MESSAGES[name], "message.content.type", "vidoe")
    assert list(faults(step)) == ["message.content.type"]
    assert list(faults(changed(step, "message.content.type", DELETE))) == ["message.content.type"]


def test_height_of_a_vertical_card():
    """A vertical card needs the height of its media."""
    step = changed(MESSAGES["rcs-card"], "message.rcs", {"card_orientation": "VERTICAL"})
    assert accepted(step)
    assert faults(changed(step, "message.content.card.media_height", DELETE)) == {
        "message.content.card.media_height": "media_height is required when card_orientation is 'VERTICAL'"
    }


@pytest.mark.decision("Templates")
def test_category_of_whatsapp():
    """The category of a marketing template is passed on, although the vendor now ignores it."""
    assert sent(MESSAGES["whatsapp-template"])["whatsapp"]["category"] == "marketing"


def test_options_that_are_ignored():
    """Any WhatsApp content accepts policy and locale, as older clients send them; only templates send them on."""
    step = changed(WHATSAPP, "message.content", {"type": "text", "text": "x"})
    assert accepted(step)["message"] == {"content": step["message"]["content"]}
    assert "whatsapp" not in sent(step)


@pytest.mark.parametrize("name", MESSAGES)
def test_null_options(name):
    """A null means the option is absent, with every content type."""
    step = MESSAGES[name]
    channel = CHANNELS[step["to"]["type"]]
    given = step["message"].get(channel.name, {})
    nulls = {one.name: None for one in channel.options if one.name not in given}
    options = {channel.name: {**nulls, **given}} if channel.options else {}
    assert accepted({**step, "message": {**step["message"], **options}}) == step


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("rcs-text", "message.suggestions"),
        ("sms-text", "failover"),
    ],
)
def test_null_of_what_belongs_elsewhere(name, path):
    """A null in a field that does not belong there counts as absent too."""
    assert accepted(changed(MESSAGES[name], path, None)) == MESSAGES[name]


def test_numbers_as_numbers():
    """A video's duration and size may be numbers; the Messages API gets them as strings."""
    options = {"duration": 30, "file_size": "01"}
    step = changed(MESSAGES["viber_service_msg-video"], "message.viber_service_msg", options)
    assert sent(step)["viber_service"] == {"duration": "30", "file_size": "1"}


@pytest.mark.parametrize(
    ("time", "real"),
    [("2028-02-29T23:59:59-12:00", True), ("2026-02-29T12:00:00Z", False), ("0000-01-01T12:00:00Z", False)],
)
def test_days_that_there_are(time, real):
    """An event's date must exist in the calendar."""
    where = "message.rcs.suggestions"
    event = next(one for one in SUGGESTIONS if one["type"] == "create_calendar_event") | {"start_time": time}
    step = changed(MESSAGES["rcs-text"], where, [event])
    if real:
        assert accepted(step)
    else:
        assert list(faults(step)) == [f"{where}[0].start_time"]


@pytest.mark.parametrize("char", ["\U000e0020", "\U000e0100", "\U0001d173"], ids=ascii)
def test_urls_with_characters_that_the_document_cannot_describe(char):
    """A URL with an invisible character is refused, even one the OpenAPI pattern does not exclude."""
    step = changed(MESSAGES["rcs-image"], "message.content.image.url", f"https://x.test/a{char}b")
    assert list(faults(step)) == ["message.content.image.url"]


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        *(("14155550100", "14155550100"), ("+14155550100", "+14155550100"), ("12", "12")),
        *((14155550100, "14155550100"), ("\u202a+1 415 555 0100\u202c", "+14155550100"), (" 12\n", "12")),
    ],
)
def test_numbers_to_dial(number, dialled):
    """The number that a suggestion dials is cleaned up and keeps its +; the vendor documents both forms."""
    step = changed(MESSAGES["rcs-text"], "message.rcs.suggestions", [{**SUGGESTIONS[1], "phone_number": number}])
    assert sent(step)["suggestions"][0]["phone_number"] == dialled


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("sms-text", "message.sms.content_id"),
        ("sms-text", "message.sms.entity_id"),
        ("sms-text", "message.sms.pool_id"),
        ("whatsapp-sticker", "message.content.sticker.id"),
        ("whatsapp-text", "message.whatsapp.context.message_uuid"),
    ],
)
@pytest.mark.parametrize("pasted", [1107158078772563946, "\u200b1107158078772563946\t", "1107158078772563946\ufe0f"])
def test_ids_as_they_are_pasted(name, path, pasted):
    """Ids in options and contents are cleaned up like sender ids, and may be JSON integers."""
    whole, _, last = path.rpartition(".")
    value = accepted(changed(MESSAGES[name], whole, {last: pasted}))
    for part in path.split("."):
        value = value[part]
    assert value == "1107158078772563946"
