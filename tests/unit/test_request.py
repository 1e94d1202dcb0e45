import pytest

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.formats.faults import InvalidRequest
from failover.rules.requests.request import validated
from tests.examples import DELETE, EVERY_CHANNEL, MESSENGER, RCS, SMS, VIBER, changed, request


def faults(body):
    with pytest.raises(InvalidRequest) as caught:
        validated(body)
    return {fault["name"]: fault["reason"] for fault in caught.value.faults}


def first_messenger(path, value):
    return request(changed(MESSENGER, path, value), SMS)


def test_valid():
    """The three channels of the overview page in sequence are valid and come out as they went in."""
    body = request(MESSENGER, VIBER, SMS)
    assert validated(body).steps == body["workflow"]


@pytest.mark.decision("Tolerated input")
@pytest.mark.parametrize(
    ("path", "value", "normalized"),
    [
        ("to.id", 23037543461244470, "23037543461244470"),
        ("to.id", "  sim-read\t", "sim-read"),
        ("failover.expiry_time", "600", 600),
        ("failover.expiry_time", 15, 15),
        ("failover.expiry_time", 86400, 86400),
    ],
)
def test_tolerated_in_messenger(path, value, normalized):
    """What published clients and samples send is accepted and normalized exactly."""
    step = validated(first_messenger(path, value)).steps[0]
    outer, inner = path.split(".")
    assert step[outer][inner] == normalized


@pytest.mark.decision("Tolerated input")
@pytest.mark.parametrize("number", [447700900000, "447700900000", "+447700900000", "00447700900000", " 447700900000\t"])
def test_tolerated_numbers(number):
    """A number may be an integer, and may have white space, a + or 00."""
    assert validated(request(changed(SMS, "to.number", number))).steps[0]["to"]["number"] == "447700900000"


@pytest.mark.decision("Tolerated input")
def test_trailing_null():
    """The null that a callback inside the array becomes is ignored."""
    body = request(MESSENGER, SMS)
    body["workflow"].append(None)
    assert len(validated(body).steps) == 2


@pytest.mark.decision("Unknown fields")
def test_unknown_at_the_top():
    """Unknown top-level fields are ignored: old clients add sig and timestamp."""
    assert validated({**request(SMS), "sig": "x", "timestamp": 1})


@pytest.mark.decision("Rejected input")
@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        ("surprise", 1, "workflow[0].surprise"),
        ("to.name", "x", "workflow[0].to.name"),
        ("message.content.caption", "x", "workflow[0].message.content.caption"),
        ("from.type", "sms", "workflow[0].from.type"),
        ("to.type", "viber_service_message", "workflow[0].to.type"),
        ("to", DELETE, "workflow[0].to"),
        ("from", DELETE, "workflow[0].from"),
        ("to.id", "", "workflow[0].to.id"),
        ("to.id", "x" * 51, "workflow[0].to.id"),
        ("to.id", True, "workflow[0].to.id"),
        ("to.id", -5, "workflow[0].to.id"),
        ("to.id", "a\nb", "workflow[0].to.id"),
        ("message", DELETE, "workflow[0].message"),
        ("message.content", DELETE, "workflow[0].message.content"),
        ("message.content.type", "img", "workflow[0].message.content.type"),
        ("message.content.type", DELETE, "workflow[0].message.content.type"),
        ("message.content.type", ["text"], "workflow[0].message.content.type"),
        ("message.content", "text", "workflow[0].message.content"),
        ("message.content.text", "", "workflow[0].message.content.text"),
        ("message.content.text", "x" * 10_000, "workflow[0].message.content.text"),
        ("message.content.text", 5, "workflow[0].message.content.text"),
        ("message.content", {"type": "image", "image": {"url": "ftp://x"}}, "workflow[0].message.content.image.url"),
        ("message.messenger", {"category": "shout"}, "workflow[0].message.messenger.category"),
        ("message.messenger", {"category": "message_tag"}, "workflow[0].message.messenger.tag"),
        ("message.sms", {}, "workflow[0].message.sms"),
        ("failover", DELETE, "workflow[0].failover"),
        ("failover", None, "workflow[0].failover"),
        ("failover.expiry_time", DELETE, "workflow[0].failover.expiry_time"),
        ("failover.expiry_time", 14, "workflow[0].failover.expiry_time"),
        ("failover.expiry_time", 86401, "workflow[0].failover.expiry_time"),
        ("failover.expiry_time", "soon", "workflow[0].failover.expiry_time"),
        ("failover.expiry_time", True, "workflow[0].failover.expiry_time"),
        ("failover.condition_status", DELETE, "workflow[0].failover.condition_status"),
        ("failover.condition_status", "submitted", "workflow[0].failover.condition_status"),
    ],
)
def test_rejected_with_its_path(path, value, name):
    """A fault in a step is reported with its path."""
    assert list(faults(first_messenger(path, value))) == [name]


@pytest.mark.decision("What is a telephone number?")
@pytest.mark.parametrize("number", ["12345", "4" * 16, "ACME", "0447700900000", "44\t7700900000", "+", "", None])
def test_no_telephone_numbers(number):
    """A recipient's number has 7 to 15 digits and does not begin with 0."""
    assert list(faults(request(changed(SMS, "to.number", number)))) == ["workflow[0].to.number"]


@pytest.mark.decision("`condition_status: read` on SMS or MMS")
def test_read_on_sms_names_delivered():
    """SMS reports no read: the reason says so and names the status to use."""
    body = request({**SMS, "failover": {"expiry_time": 60, "condition_status": "read"}}, SMS)
    reason = faults(body)["workflow[0].failover.condition_status"]
    assert "read" in reason
    assert "delivered" in reason


def test_failover_on_the_last_step():
    """The last step cannot have a failover."""
    body = request(SMS)
    body["workflow"][0]["failover"] = MESSENGER["failover"]
    assert faults(body) == {"workflow[0].failover": "Not allowed on the last step: there is nothing to fail over to"}


@pytest.mark.decision("Rejected input")
@pytest.mark.parametrize(
    ("body", "name"),
    [
        (None, "body"),
        ([], "body"),
        ("failover", "body"),
        ({"workflow": request(SMS)["workflow"]}, "template"),
        ({**request(SMS), "template": "race"}, "template"),
        ({"template": "failover"}, "workflow"),
        ({"template": "failover", "workflow": []}, "workflow"),
        ({"template": "failover", "workflow": [None]}, "workflow"),
        ({"template": "failover", "workflow": {}}, "workflow"),
        ({"template": "failover", "workflow": request(*[MESSENGER] * 11)["workflow"]}, "workflow"),
        ({"template": "failover", "workflow": [None, *request(SMS)["workflow"]]}, "workflow[0]"),
    ],
)
def test_rejected_at_the_top(body, name):
    """A fault of the request as a whole is reported too."""
    assert list(faults(body)) == [name]


def test_all_faults_at_once():
    """Every fault of every step is reported at once."""
    bad = changed(changed(MESSENGER, "failover.expiry_time", 5), "message.content.text", "x" * 10_000)
    body = {"template": "race", "workflow": request(bad, changed(SMS, "to.number", "x"))["workflow"]}
    assert set(faults(body)) == {
        "template",
        "workflow[0].failover.expiry_time",
        "workflow[0].message.content.text",
        "workflow[1].to.number",
    }


def test_unknown_channel_hides_no_other_fault():
    """The other faults of a step with an unknown channel are reported too."""
    bad = changed(changed(MESSENGER, "to.type", "pigeon"), "failover.expiry_time", 5)
    assert set(faults(request(changed(bad, "message", DELETE), SMS))) == {
        "workflow[0].to.type",
        "workflow[0].message",
        "workflow[0].failover.expiry_time",
    }


TEXTS = {
    (channel.name, one.kind.most) for channel in CHANNELS.values() for one in channel.contents if one.name == "text"
}


@pytest.mark.parametrize(("channel", "limit"), sorted(TEXTS))
def test_text_limits(channel, limit):
    """A text may have as many characters as its channel's row says, and not one more."""
    step = EVERY_CHANNEL[channel]
    for character in ("x", "\U0001f44d"):
        content = {"type": "text", "text": character * limit}
        assert validated(request(changed(step, "message.content", content)))
        content["text"] += character
        assert list(faults(request(changed(step, "message.content", content)))) == ["workflow[0].message.content.text"]


@pytest.mark.decision("Channels beyond the original's")
@pytest.mark.parametrize("name", CHANNELS)
def test_every_channel(name):
    """A step on each channel is valid and comes out as it went in."""
    assert validated(request(EVERY_CHANNEL[name])).steps == request(EVERY_CHANNEL[name])["workflow"]


@pytest.mark.parametrize("condition", ["delivered", "read"])
@pytest.mark.parametrize("channel", CHANNELS.values(), ids=lambda channel: channel.name)
def test_conditions(channel, condition):
    """A step accepts each condition status that its channel can report, and no other."""
    step = changed(EVERY_CHANNEL[channel.name], "failover", {"expiry_time": 60, "condition_status": condition})
    if condition in channel.conditions:
        assert validated(request(step, SMS))
    else:
        assert list(faults(request(step, SMS))) == ["workflow[0].failover.condition_status"]


@pytest.mark.parametrize(
    ("sender", "fits"),
    [("Acme", True), ("acme_2-go&stop", True), (4711, True), (" Acme ", True)]
    + [(sender, False) for sender in ("Acme Ltd", "Acmé", "acme.co", "Acme\n2", "", "x" * 51)],
)
def test_rcs_sender(sender, fits):
    """The name of an RCS agent has letters, digits, hyphens, underscores and ampersands; other channels allow any."""
    body = request(changed(RCS, "from.id", sender))
    if fits:
        assert validated(body).steps[0]["from"]["id"] == str(sender).strip()
    else:
        assert list(faults(body)) == ["workflow[0].from.id"]
    assert validated(first_messenger("from.id", "Acmé Ltd."))


def test_url_schemes():
    """A URL's scheme may be in capitals."""
    image = {"type": "image", "image": {"url": "HTTPS://x.test/a.jpg"}}
    assert validated(request(changed(MESSENGER, "message.content", image)))


@pytest.mark.parametrize("blank", [" ", "\n", "\x85", "\xa0", "\u2003", "\u2028", "\u3000", "\ufeff"])
def test_blanks_in_a_url(blank):
    """A URL contains neither blanks nor control characters of any script."""
    image = {"type": "image", "image": {"url": f"https://x.test/a{blank}b.jpg"}}
    assert list(faults(request(changed(MESSENGER, "message.content", image)))) == [
        "workflow[0].message.content.image.url"
    ]


def test_options_are_kept():
    """A channel's own options are kept."""
    options = {"category": "promotion", "ttl": 600}
    (step, _) = validated(request(changed(VIBER, "message.viber_service_msg", options), SMS)).steps
    assert step["message"]["viber_service_msg"] == options


def test_the_reason_never_quotes_the_value():
    """A reason may end up in a log or a ticket, so it never quotes the value."""
    body = request(changed(SMS, "to.number", "secret-447700900123"))
    assert "447700900123" not in str(faults(body))


@pytest.mark.decision("Two steps on the same channel")
def test_same_channel_twice():
    """Two steps on one channel are valid: they fail over between two senders."""
    first = {**SMS, "failover": {"expiry_time": 60, "condition_status": "delivered"}}
    assert len(validated(request(first, SMS)).steps) == 2
