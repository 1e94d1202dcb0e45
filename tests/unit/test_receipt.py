from decimal import Decimal

import pytest

from failover.rules.receipts.message_uuid import message_uuid
from failover.rules.receipts.receipt import UnreadableReceipt, parse_receipt

V1 = {
    "message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
    "to": "447700900000",
    "from": "ACME",
    "channel": "sms",
    "timestamp": "2026-11-23T06:00:00.250Z",
    "status": "rejected",
    "client_ref": "5f0a4c1e-8d3b-4e57-9c1a-2b6d7e8f9a10.0",
    "error": {"type": "https://x#1300", "title": "1300", "detail": "Not part of the provider network", "instance": "i"},
    "usage": {"currency": "EUR", "price": "0.0333"},
}
V0_1 = {
    "message_uuid": V1["message_uuid"],
    "to": {"type": "sms", "number": "447700900000"},
    "from": {"type": "sms", "number": "ACME"},
    "timestamp": "2026-11-23T06:00:00.250Z",
    "status": "rejected",
    "client_ref": V1["client_ref"],
    "error": {"code": 1300, "reason": "Not part of the provider network"},
    "usage": {"currency": "EUR", "price": "0.0333"},
}


@pytest.mark.decision("Calls we make")
def test_both_versions_say_the_same():
    """The v1 and the v0.1 body of one callback give the same receipt."""
    receipt = parse_receipt(V1)
    assert receipt == parse_receipt(V0_1)
    assert receipt.error == {"code": 1300, "reason": "Not part of the provider network"}
    assert receipt.usage == {"price": "0.0333", "currency": "EUR"}


@pytest.mark.parametrize(
    ("timestamp", "milliseconds"),
    [
        ("1970-01-01T00:00:01.250Z", 1250),
        ("1970-01-01T01:00:01+01:00", 1000),
        ("1970-01-01 00:00:02 UTC", 2000),
        ("yesterday", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
        (17, None),
    ],
)
def test_timestamps(timestamp, milliseconds):
    """ISO 8601 and v1's other form are parsed; an unreadable time does not lose the status."""
    assert parse_receipt({**V1, "timestamp": timestamp}).timestamp == milliseconds


@pytest.mark.parametrize("uuid", ["a/b", "a\x00b", "a\r\nb", "<script>", "a b", "é", "..", ".", "", "a" * 101, "a\n"])
def test_unusable_message_uuid(uuid):
    """An id that would need escaping in a path is dropped; the reference still leads to the step."""
    assert message_uuid(uuid) is None
    receipt = parse_receipt({**V1, "message_uuid": uuid})
    assert (receipt.message_uuid, receipt.client_ref) == (None, V1["client_ref"])


@pytest.mark.parametrize("uuid", [V1["message_uuid"], "0A000000:0123-abc_~.x", "a" * 100, "...", "uuid-0"])
def test_usable_message_uuid(uuid):
    """Any string that is valid in a path as it is, is an id."""
    assert message_uuid(uuid) == parse_receipt({**V1, "message_uuid": uuid}).message_uuid == uuid


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        *(({**V1, "status": word}, "status") for word in (None, 5, True, ["read"], {}, "", " ", "\u2003\n")),
        ({"status": "read"}, "message_uuid"),
        ({"status": "read", "message_uuid": 5, "client_ref": ""}, "message_uuid"),
        ({"status": "read", "message_uuid": "a/b"}, "message_uuid"),
    ],
)
def test_unreadable(body, field):
    """The error for a body that is no status callback names the wrong field."""
    with pytest.raises(UnreadableReceipt) as caught:
        parse_receipt(body)
    assert caught.value.field == field


@pytest.mark.parametrize("error", ["text", {"title": {}}, {"code": "x" * 500, "reason": None}, {}])
def test_odd_errors(error):
    """An error of an odd shape loses its words, never the status."""
    assert parse_receipt({**V1, "error": error}).status == "rejected"


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        ({"title": "1300", "detail": None}, {"code": 1300, "reason": ""}),
        ({"title": "1300", "detail": {"a": 1}}, {"code": 1300, "reason": ""}),
        ({"title": "1300", "detail": ["a"]}, {"code": 1300, "reason": ""}),
        ({"title": "1300", "detail": True}, {"code": 1300, "reason": ""}),
        ({"code": None, "title": "1300", "reason": None, "detail": "x"}, {"code": 1300, "reason": "x"}),
        ({"code": 1300, "reason": 42}, {"code": 1300, "reason": "42"}),
        ({"code": Decimal("1300"), "reason": Decimal("0.50")}, {"code": 1300, "reason": "0.50"}),
        ({"code": 10**5000, "reason": ""}, None),
        ({"code": "\u0661", "reason": ""}, None),
    ],
    ids=range(9),
)
def test_words_of_an_error(error, kept):
    """Only strings and numbers count as words: neither `None` nor a Python object gets into a reason."""
    assert parse_receipt({**V1, "error": error}).error == kept


@pytest.mark.parametrize("character", ["x", "é", "\u2026", "\U0001f44d"])
def test_reason_is_bounded(character):
    """A reason has at most 200 characters and 400 bytes, and is cut between two characters."""
    reason = parse_receipt({**V1, "error": {"code": 1300, "reason": character * 1000}}).error["reason"]
    assert reason == character * min(200, 400 // len(character.encode()))


def test_reason_without_numbers():
    """The vendor's words are kept without the phone numbers they quote."""
    error = {"title": "1170", "detail": "Invalid msisdn +44 7700 900-123 of jo@example.org\r\nx\x1b[31m"}
    assert parse_receipt({**V1, "error": error}).error == {"code": 1170, "reason": "Invalid msisdn … of … x [31m"}


@pytest.mark.parametrize(
    "parties",
    [
        {"from": "AcmeTable", "to": "PSID-jo.smith"},
        {"from": {"type": "sms", "number": "AcmeTable"}, "to": {"type": "messenger", "id": "PSID-jo.smith"}},
    ],
)
def test_reason_names_no_party(parties):
    """Sender and recipient are removed from the vendor's words in any spelling."""
    error = {"code": 1170, "reason": "sms from AcmeTable: PSID-jo.smith is nobody"}
    assert parse_receipt({**V1, **parties, "error": error}).error["reason"] == "sms from …: … is nobody"


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (
            {"error": {"type": "https://x/e", "title": 1000, "detail": "Throttled", "instance": "i"}},
            {"code": 1000, "reason": "Throttled"},
        ),
        (
            {"type": "https://x/api-errors/messages#1260", "title": "Undeliverable", "detail": "Handset off"},
            {"code": 1260, "reason": "Undeliverable: Handset off"},
        ),
        ({"type": "https://x/errors#1260", "title": "Undeliverable"}, {"code": 1260, "reason": "Undeliverable"}),
        ({"type": "https://x#1300", "title": "1300", "detail": None}, {"code": 1300, "reason": ""}),
        ({"title": "Rejected", "detail": "Rejected by the carrier"}, {"reason": "Rejected by the carrier"}),
        ("no such number", {"reason": "no such number"}),
        ({"type": None, "title": None, "detail": None, "instance": None}, None),
        ({"error": None}, None),
        (None, None),
    ],
)
def test_all_that_the_vendor_said(error, kept):
    """Code and words are kept in every shape; an empty error is none."""
    assert parse_receipt({**V1, "error": error}).error == kept


@pytest.mark.decision("A status word unknown to us")
@pytest.mark.parametrize("word", ["delivered", "DELIVERED", "Delivered", " delivered\n"])
def test_case_of_a_status(word):
    """Status words that differ only in case or surrounding blanks are the same."""
    assert parse_receipt({**V1, "status": word}).status == "delivered"


@pytest.mark.decision("A status word unknown to us")
@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("queued", "queued"),
        ("Partially-Failed", "partially_failed"),
        ("failed (code 5)", "failed_code"),
        ("gone 447700900123", "gone"),
        ("to PSID-jo.smith", "to"),
        ("mail jo@example.org", "mail"),
        ("q" * 1000, "q" * 40),
        ("4a4b7c7d0e0f9g0h0i1j2k3", "a_b_c_d_e_f_g_h_i_j_k"),
        ("a\x1b[31m\r\nb", "a_m_b"),
        ("Émis", "emis"),
        ("e\u0301mis", "emis"),
        ("ｑｕｅｕｅｄ", "queued"),
        ("…" * 1000 + "queued", "unknown"),
        ("已", "unknown"),
        ("\u2713", "unknown"),
        ("447700900123", "unknown"),
        ("psid-jo.smith", "unknown"),
        ("PSID-jó.smith", "unknown"),
        ("delivered!", "unknown"),
        ("ｄｅｌｉｖｅｒｅｄ", "unknown"),
        ("rejected 447700900123", "unknown"),
    ],
)
def test_unknown_status(word, kept):
    """An unknown status word is kept as letters: bounded, without addresses, and never as a known status."""
    assert parse_receipt({**V1, "to": "PSID-jo.smith", "status": word}).status == kept


@pytest.mark.decision("A status word unknown to us")
@pytest.mark.parametrize("sender", ["Sent", "sent", "SÉNT", {"type": "sms", "number": "Sent"}])
def test_a_status_that_is_a_party(sender):
    """A status word that contains a party is recorded without it; a known status stays even as a party's name."""
    assert parse_receipt({**V1, "from": sender, "status": "sent"}).status == "unknown"
    assert parse_receipt({**V1, "from": "Read", "to": "read", "status": "read"}).status == "read"


@pytest.mark.parametrize("field", ["status", "to", "from"])
def test_long_words(field):
    """A status word or party of a megabyte is parsed within a moment, with any characters."""
    long = "a" + "\u0301\u0323" * 500_000
    assert parse_receipt({**V1, "status": "queued", field: long}).status in ("a", "queued")
