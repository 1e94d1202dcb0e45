"""The bodies of the customer's webhooks: message statuses and final reports (docs/api.md, "Webhooks")."""

from dataclasses import replace

import pytest

from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted, Refused, Unknown
from failover.rules.webhooks import bodies
from failover.rules.workflow import publication, transitions
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, workflow

CONTENT = [MESSENGER, SMS]
WORDS = ["workflow", "dispatch"]
LINKS = {
    "workflow": {"workflow": {"href": f"/workflows/{ID}", "workflow_uuid": ID}},
    "dispatch": {"dispatch": {"href": f"v0.1/dispatch/{ID}", "dispatch_uuid": ID}},
}
EURO = {"price": "0.0333", "currency": "EUR"}


def flow_of(*steps, word="workflow", **more):
    return replace(workflow(*steps), word=word, **more)


def sent(flow, number, now=NOW, message_uuid=None):
    flow = transitions.claimed(flow, number, now)
    return transitions.answered(flow, number, Accepted(message_uuid or f"uuid-{number}"), now)


def got(flow, number, status, now=NOW, **more):
    receipt = {"message_uuid": f"uuid-{number}", "client_ref": None, "timestamp": None, **more}
    return transitions.received(flow, number, Receipt(status, **receipt), now)


def body(flow, sequence=None, content=CONTENT):
    """The body of the webhook with this sequence, by default of the last one."""
    entry = publication.find(flow, sequence) if sequence else publication.webhooks(flow)[-1]
    return bodies.body(flow, content, entry)


def failed_over(**more):
    """Messenger expired unread; the SMS was delivered."""
    flow = got(sent(flow_of(*TWO_STEPS, **more), 0), 0, "submitted")
    flow = sent(flow, 1, NOW + 700_000)
    return got(flow, 1, "delivered", NOW + 701_000, usage=EURO)


@pytest.mark.decision("Which word a customer sees")
@pytest.mark.parametrize("word", WORDS)
def test_message_status(word):
    """A message status has message, parties, instant, status, price and workflow, under its endpoint's names."""
    flow = sent(flow_of("sms", word=word), 0)
    flow = got(flow, 0, "delivered", NOW + 5, timestamp=1_539_948_807_385, usage=EURO)
    assert body(flow, 4, [SMS]) == {
        "message_uuid": "uuid-0",
        "to": SMS["to"],
        "from": SMS["from"],
        "timestamp": "2018-10-19T11:33:27.385Z",
        "status": "delivered",
        "usage": EURO,
        "_links": LINKS[word],
        "sequence": 4,
    }


def test_failed_message_status():
    """A failure has the error with its code as an integer; without a price there is no usage."""
    error = {"code": 1300, "reason": "Not part of the provider network"}
    flow = got(sent(flow_of("sms"), 0), 0, "rejected", error=error)
    document = body(flow, 4, [SMS])
    assert document["error"] == error
    assert type(document["error"]["code"]) is int
    assert "usage" not in document


@pytest.mark.parametrize(
    ("milliseconds", "written"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_800_000_000_007, "2027-01-15T08:00:00.007Z"),
        (1_709_210_096_999, "2024-02-29T12:34:56.999Z"),
    ],
)
def test_timestamps(milliseconds, written):
    """An instant is ISO 8601 in UTC, with milliseconds and Z."""
    flow = got(sent(flow_of("sms"), 0), 0, "submitted", timestamp=milliseconds)
    assert body(flow, content=[SMS])["timestamp"] == written


def test_timestamp_of_our_own():
    """A callback without a time happened when it arrived."""
    flow = got(sent(flow_of("sms"), 0), 0, "submitted", now=NOW + 7)
    assert body(flow, content=[SMS])["timestamp"] == "2027-01-15T08:00:00.007Z"


@pytest.mark.decision("Calls we make")
@pytest.mark.parametrize(
    ("step", "whole", "expected"),
    [
        ({"client_ref": "step"}, "order", "step"),
        ({"message": {**SMS["message"], "client_ref": "message"}}, "order", "message"),
        ({}, "order", "order"),
        ({}, None, None),
    ],
)
def test_client_ref(step, whole, expected):
    """The customer's own reference is returned: the step's, else the workflow's, else none; never ours."""
    flow = got(sent(flow_of("sms", client_ref=whole), 0), 0, "submitted", client_ref=f"{ID}.0")
    assert body(flow, content=[{**SMS, **step}]).get("client_ref") == expected


def test_no_content_in_a_message_status():
    """A message status has no content, condition or lateness."""
    flow = got(failed_over(), 0, "delivered")
    assert publication.webhooks(flow)[-2]["late"] is True
    assert set(body(flow, publication.webhooks(flow)[-2]["sequence"])) == {
        *("message_uuid", "to", "from", "timestamp", "status", "_links", "sequence")
    }


@pytest.mark.decision("Final report")
@pytest.mark.parametrize("word", WORDS)
def test_final_report(word):
    """The report has the total, the workflow id under its endpoint's name, and each message's last status and price."""
    flow = failed_over(word=word, client_ref="order 7")
    assert body(flow) == {
        "template": "failover",
        "status": "completed",
        "timestamp": "2027-01-15T08:11:41.000Z",
        "usage": EURO,
        f"{word}_uuid": ID,
        "client_ref": "order 7",
        "_links": {
            "messages": [
                {
                    "message_uuid": "uuid-0",
                    "href": "v0.1/messages/uuid-0",
                    "channel": "messenger",
                    "status": "submitted",
                },
                {
                    "message_uuid": "uuid-1",
                    "href": "v0.1/messages/uuid-1",
                    "channel": "sms",
                    "usage": EURO,
                    "status": "delivered",
                },
            ]
        },
        "sequence": len(flow.timeline),
    }


@pytest.mark.decision("What the messages resource shows")
def test_messages_never_sent_are_absent():
    """A report has the messages that were sent, and no others; one without a status is `submitted`."""
    flow = got(sent(flow_of(*TWO_STEPS), 0), 0, "read")
    assert [message["channel"] for message in body(flow)["_links"]["messages"]] == ["messenger"]
    flow = transitions.claimed(flow_of(*TWO_STEPS), 0, NOW)
    flow = transitions.answered(flow, 0, Refused(422, "422"), NOW)
    flow = transitions.cancelled(sent(flow, 1), NOW)
    messages = body(flow)["_links"]["messages"]
    assert [(message["channel"], message["status"]) for message in messages] == [("sms", "submitted")]


def test_unknown_message():
    """A message with an unknown answer is in the report once a status proved it was sent, under the status's id."""
    flow = transitions.claimed(flow_of("sms"), 0, NOW)
    flow = transitions.answered(flow, 0, Unknown("HTTP 500"), NOW)
    assert body(transitions.cancelled(flow, NOW))["_links"]["messages"] == []
    flow = got(flow, 0, "delivered", message_uuid="late")
    assert [message["href"] for message in body(flow)["_links"]["messages"]] == ["v0.1/messages/late"]


def test_message_without_an_id():
    """A message whose id never arrived cannot be linked, and is absent."""
    flow = transitions.claimed(flow_of("sms"), 0, NOW)
    flow = got(flow, 0, "delivered", message_uuid=None)
    assert body(flow)["_links"]["messages"] == []
    assert "message_uuid" not in body(flow, 3, [SMS])


def test_highest_status():
    """A lower status that comes later lowers no message's status."""
    flow = got(got(sent(flow_of(*TWO_STEPS), 0), 0, "delivered"), 0, "submitted")
    (message,) = body(transitions.cancelled(flow, NOW))["_links"]["messages"]
    assert message["status"] == "delivered"


def test_last_known_status():
    """Each message has its status as of the report; a later one does not change an older report."""
    flow = failed_over()
    end = len(flow.timeline)
    flow = got(flow, 0, "read", usage=EURO)
    assert [message["status"] for message in body(flow, end)["_links"]["messages"]] == ["submitted", "delivered"]
    assert body(flow, end)["usage"] == EURO


@pytest.mark.decision("Final report")
@pytest.mark.parametrize(
    ("prices", "total"),
    [
        (["0.1", "0.2"], "0.3"),
        (["0.0333", "0.0333"], "0.0666"),
        (["0", "0.00"], "0.00"),
        (["999999999999999.999999999999999", "0.000000000000001"], "1000000000000000.000000000000000"),
    ],
)
def test_total(prices, total):
    """The total is the exact sum of the messages' prices; no fee is added."""
    flow = sent(flow_of(*TWO_STEPS), 0)
    flow = got(flow, 0, "submitted", usage={"price": prices[0], "currency": "EUR"})
    flow = got(sent(flow, 1, NOW + 700_000), 1, "delivered", usage={"price": prices[1], "currency": "EUR"})
    assert body(flow)["usage"] == {"price": total, "currency": "EUR"}


@pytest.mark.decision("Prices")
def test_several_currencies():
    """With several currencies there is one total for each; nothing is converted."""
    flow = got(sent(flow_of(*TWO_STEPS), 0), 0, "submitted", usage={"price": "0.01", "currency": "USD"})
    flow = got(sent(flow, 1, NOW + 700_000), 1, "delivered", usage=EURO)
    assert body(flow)["usage"] == [{"price": "0.01", "currency": "USD"}, EURO]


def test_error_report():
    """A failed workflow has a reason, and no usage if no message had a price."""
    error = {"code": 1300, "reason": "Not part of the provider network"}
    document = body(got(sent(flow_of("sms"), 0), 0, "rejected", error=error))
    assert (document["status"], document["reason"]) == ("error", "rejected: 1300 Not part of the provider network")
    assert "usage" not in document


def test_completed_report_has_no_reason():
    """A completed workflow has no reason, and its first report is not amended."""
    assert {"reason", "amended"}.isdisjoint(body(failed_over()))


def test_cancelled_report():
    """A cancel is reported as `cancelled`."""
    document = body(transitions.cancelled(flow_of(*TWO_STEPS), NOW))
    assert (document["status"], document["_links"]) == ("cancelled", {"messages": []})


@pytest.mark.decision("Final report")
@pytest.mark.decision("An amended report")
def test_amended_report():
    """A cost after the end is reported again, with the same status and the new total."""
    flow = failed_over()
    flow = got(flow, 0, "delivered", NOW + 900_000, usage={"price": "0.001", "currency": "EUR"})
    document = body(flow)
    assert (document["amended"], document["status"], document["usage"]) == (
        True,
        "completed",
        {"price": "0.0343", "currency": "EUR"},
    )
    assert document["sequence"] == len(flow.timeline)
    assert [message["status"] for message in document["_links"]["messages"]] == ["delivered", "delivered"]


def test_which_entries_are_webhooks():
    """Statuses and reports are webhooks, internal entries are not; an entry and its webhook share the sequence."""
    flow = failed_over()
    assert [(entry["sequence"], entry["event"]) for entry in publication.webhooks(flow)] == [
        (4, "status"),
        (8, "status"),
        (9, "completed"),
    ]
    assert publication.find(flow, 4) == flow.timeline[3]
    assert [publication.find(flow, sequence) for sequence in (-1, 0, 1, 5, 10)] == [None] * 5


@pytest.mark.decision("Content has been dropped")
@pytest.mark.parametrize("word", ["workflow", "dispatch"])
def test_content_dropped(word):
    """Once the content is dropped, a status has no sender and recipient; a report is unchanged."""
    flow = replace(failed_over(), word=word)
    whole, rest = body(flow, 4), body(flow, 4, None)
    assert {"to", "from"} <= whole.keys()
    assert rest == {name: whole[name] for name in whole if name not in ("to", "from")} | {"content_dropped": True}
    assert body(flow, 9, None) == body(flow, 9)


@pytest.mark.decision("What the messages resource shows")
def test_message_resource():
    """A message's href shows its last webhook's fields with the current status and price."""
    flow = got(failed_over(), 0, "read", NOW + 800_000, usage=EURO, timestamp=NOW)
    document = bodies.message(got(flow, 0, "delivered", NOW + 800_001), 0, CONTENT)
    assert (document["message_uuid"], document["status"], document["usage"], document["to"]) == (
        "uuid-0",
        "read",
        EURO,
        MESSENGER["to"],
    )


@pytest.mark.decision("What the messages resource shows")
def test_message_resource_before_any_status():
    """A message without a status is `submitted` since its acceptance; without content it has no parties."""
    document = bodies.message(sent(flow_of("sms"), 0, NOW + 7), 0, None)
    assert document == {
        "message_uuid": "uuid-0",
        "timestamp": "2027-01-15T08:00:00.007Z",
        "status": "submitted",
        "content_dropped": True,
        "_links": LINKS["workflow"],
    }
