"""What an answer of the Messages API refuses, and the reason the timeline keeps."""

import pytest

from failover.rules.sending.refusals import refused

TYPE = "https://developer.vonage.com/api-errors"
INSUFFICIENT = "Insufficient balance, please check your nexmo account."
OLYMPUS = "https://developer.nexmo.com/api-errors/messages-olympus"


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (
            400,
            {"title": "Bad Request", "detail": "Insufficient balance, please check your nexmo account."},
            "400 Bad Request: Insufficient balance, please check your nexmo account.",
        ),
        (
            401,
            {"title": "Unauthorised", "detail": "Request header 'Authorization' missing"},
            "401 Unauthorised: Request header 'Authorization' missing",
        ),
        (422, {"title": "1420", "detail": "Invalid sender"}, "422 1420 Invalid sender"),
        (422, {"title": 1420, "detail": "Invalid sender"}, "422 1420 Invalid sender"),
        (422, {"error": {"error": {"title": 1420, "detail": "Invalid sender"}}}, "422 1420 Invalid sender"),
        (
            422,
            {"type": f"{TYPE}/messages#1150", "title": "Invalid params", "detail": "One or more are invalid."},
            "422 1150 Invalid params: One or more are invalid.",
        ),
        (
            422,
            {"title": "Invalid params", "detail": None, "invalid_parameters": [{"name": "to", "reason": "missing"}]},
            "422 Invalid params (to: missing)",
        ),
        (400, {"code": 1020, "reason": "Invalid params"}, "400 1020 Invalid params"),
        (
            400,
            {"title": "Your request parameters didn't validate.", "detail": "Found errors."},
            "400 Your request parameters didn't validate. Found errors.",
        ),
        (403, {"type": f"{TYPE}#account-suspended"}, "403 account-suspended"),
        (400, "Insufficient balance", "400 Insufficient balance"),
        (404, None, "404"),
        (404, [], "404"),
        (404, {"title": None, "detail": None}, "404"),
    ],
    ids=range(14),
)
def test_reason(status, answer, reason):
    """Title, code and detail are all kept, in every shape."""
    assert refused(status, answer).reason == reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"title": "1420", "detail": "447700900123 is invalid"}, "422 1420 … is invalid"),
        ({"detail": "1420 447700900123"}, "422 …"),
        ({"invalid_parameters": {"name": "to", "reason": "+44 7700 900123"}}, "422 (to: …)"),
    ],
    ids=range(3),
)
def test_reason_without_addresses(answer, reason):
    """The vendor's words are kept without phone numbers; the status and the code are not mistaken for one."""
    assert refused(422, answer).reason == reason


@pytest.mark.parametrize(
    ("status", "answer", "scope"),
    [
        (401, None, "credentials"),
        (401, {"type": f"{TYPE}#unprovisioned"}, "credentials"),
        (400, {"type": f"{TYPE}#unauthorized"}, "credentials"),
        (403, {"type": f"{TYPE}#Unauthorised"}, "credentials"),
        (404, {"type": f"{TYPE}#invalid-api-key"}, "credentials"),
        (400, {"title": "Unauthorized"}, "credentials"),
        (402, None, "account"),
        (402, {"type": f"{TYPE}#low-balance", "title": "Low balance"}, "account"),
        (403, None, "account"),
        (403, {"type": f"{TYPE}#application-suspended"}, "account"),
        (400, {"type": f"{TYPE}#low-balance", "title": "Bad Request"}, "account"),
        (400, {"type": f"{TYPE}#LOW_BALANCE"}, "account"),
        (400, {"type": f"{TYPE}#LowBalance"}, "account"),
        (400, {"title": "Low Balance"}, "account"),
        (422, {"error": {"type": f"{TYPE}#account-suspended"}}, "account"),
        (400, {"type": f"{TYPE}#forbidden"}, "account"),
        (400, {"type": f"{OLYMPUS}#1070", "title": "Partner quota exceeded"}, "account"),
        (400, {"code": 1060}, "account"),
        (400, {"title": "Bad Request", "detail": INSUFFICIENT}, "account"),
        (400, {"type": TYPE, "title": "Invalid", "invalid_parameters": [{"name": "balance"}]}, "account"),
        (400, {"invalid_parameters": {"name": "Balance", "reason": "too low"}}, "account"),
        (422, {"error": {"invalid_parameters": [{"name": "to"}, {"name": "x", "reason": INSUFFICIENT}]}}, "account"),
        (400, {"title": "Your account's low-balance limit is reached"}, "account"),
        (400, {"detail": "INSUFFICIENT ACCOUNT BALANCE"}, "account"),
        (400, INSUFFICIENT, "account"),
        (302, {"detail": INSUFFICIENT}, "message"),
        (400, {"detail": "Your balance cannot be shown"}, "message"),
        (400, {"invalid_parameters": [{"name": "balanced"}]}, "message"),
        (422, {"type": f"{TYPE}/messages#1150", "title": "Invalid params"}, "message"),
        (422, {"title": "1420", "detail": "Invalid sender"}, "message"),
        (400, {"detail": "account-suspended"}, "message"),
        (404, {"type": f"{TYPE}#not-found"}, "message"),
        (302, None, "message"),
    ],
    ids=range(33),
)
def test_scope(status, answer, scope):
    """Status, type, title, code and words about the balance show what is refused: credentials, account or message."""
    answer = refused(status, answer)
    assert answer.scope == scope
    assert (answer.of_credentials, answer.of_account) == (scope == "credentials", scope != "message")
