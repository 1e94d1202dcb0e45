"""The vendor's errors are parsed in every known shape."""

from decimal import Decimal

import pytest

from failover.rules.receipts.vendor_error import VendorError, read

V1 = {
    "type": "https://developer.vonage.com/api-errors/messages#1300",
    "title": "1300",
    "detail": "Not part of the provider network",
    "instance": "bf0ca0bf927b3b52e3cb03217e1a1ddf",
}
READ = VendorError(code=1300, detail="Not part of the provider network")


@pytest.mark.parametrize(
    "error",
    [
        V1,
        {"code": 1300, "reason": "Not part of the provider network"},
        {"code": "1300", "reason": "Not part of the provider network"},
        {"code": Decimal("1300"), "reason": " Not part of the provider network "},
        {"code": Decimal("1300.0"), "reason": "Not part of the provider network"},
        {"code": "1300.00", "reason": "Not part of the provider network"},
        {**V1, "title": 1300},
        {**V1, "title": Decimal("1300.0")},
        {"type": V1["type"], "detail": V1["detail"]},
        {"error": V1},
        {"error": {"error": {"error": {**V1, "title": 1300}}}},
        {"title": None, "code": None, "error": V1},
        {"code": 1300, "error": "Not part of the provider network"},
    ],
    ids=range(13),
)
def test_one_error_in_many_shapes(error):
    """v0.1's flat error, v1's, a nested one, and codes in any field all give the same result."""
    assert read(error) == READ


@pytest.mark.parametrize(
    ("error", "code", "kind", "words"),
    [
        ({"type": "https://…/errors/messages#1260", "title": "Undeliverable"}, 1260, "", "Undeliverable"),
        ({"type": "https://…/errors/messages#1260", "title": "1250"}, 1250, "", ""),
        ({"title": "1420", "detail": "Invalid sender"}, 1420, "", "Invalid sender"),
        ({"code": 1000, "title": "Throttled"}, 1000, "", "Throttled"),
        (
            {"title": "Bad Request", "detail": "Insufficient balance, please check your nexmo account."},
            None,
            "",
            "Bad Request: Insufficient balance, please check your nexmo account.",
        ),
        ({"type": "https://…#low-balance", "title": "Low balance"}, None, "low-balance", "Low balance"),
        ({"title": "Low Balance", "detail": "low balance: top up"}, None, "", "low balance: top up"),
        ({"title": "It didn't validate.", "detail": "Found errors"}, None, "", "It didn't validate. Found errors"),
        ({"title": "What now?", "detail": "Found errors"}, None, "", "What now? Found errors"),
        ({"code": Decimal("1300.5"), "reason": "Odd"}, None, "", "Odd"),
    ],
    ids=range(10),
)
def test_code_kind_and_words(error, code, kind, words):
    """The code comes from `code`, else `title`, else `type`; title and detail are both kept, once each."""
    assert (read(error).code, read(error).kind, read(error).text) == (code, kind, words)


@pytest.mark.parametrize(
    "kind",
    ["#low-balance", "#LowBalance", "#low_balance", "#LOW-BALANCE", "#Low Balance", "/low-balance/"],
)
def test_spellings_of_a_kind(kind):
    """A type's fragment gives one kind in every spelling."""
    assert read({"type": f"https://developer.vonage.com/api-errors{kind}"}).kind == "low-balance"


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        [],
        [V1],
        {},
        {"error": None},
        {"code": None, "type": None, "title": None, "detail": None, "reason": None},
        {"code": True, "type": ["x#1"], "title": {"a": 1}, "detail": ["a"], "reason": False},
        {"code": "\u0661", "title": "", "detail": " "},
        {"code": 10**5000},
        {"code": -1300},
    ],
    ids=range(11),
)
def test_nothing_said(value):
    """Null and values of odd types are ignored: neither `None` nor a Python object gets into a reason."""
    assert read(value) == VendorError()


@pytest.mark.parametrize(
    ("given", "parameters"),
    [
        ([{"name": "to", "reason": "not a number"}], ("to: not a number",)),
        ({"name": "to", "reason": "not a number"}, ("to: not a number",)),
        ([{"name": "to", "reason": None}, {"reason": "odd"}, {"name": 7}, {}, "to"], ("to", "odd", "7")),
        ([{"name": "a"}] * 9, ("a",) * 5),
        (None, ()),
        ("to", ()),
    ],
    ids=range(6),
)
def test_parameters(given, parameters):
    """Up to five invalid parameters are named, at any depth, where the vendor names them."""
    assert read({"invalid_parameters": given}).parameters == parameters
    assert read({"error": {"invalid_parameters": given}}).parameters == parameters


def test_text_instead_of_an_object():
    """A string in place of the object is the detail."""
    assert read("Insufficient balance") == read({"error": "Insufficient balance"})
    assert read("Insufficient balance") == VendorError(detail="Insufficient balance")


@pytest.mark.parametrize("error", ["1320", " 1320 ", 1320, Decimal("1320.0")])
def test_code_instead_of_an_object(error):
    """A number in place of the object is the code, and not also the detail."""
    assert read(error) == read({"error": error}) == read({"code": None, "error": error}) == VendorError(code=1320)


def test_any_depth():
    """An error nested deeper than Python's stack is parsed."""
    error = V1
    for _ in range(100_000):
        error = {"error": error}
    assert read(error) == READ
