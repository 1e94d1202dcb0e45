"""The reasons of a 400 say what is expected in the words of the docs, not of the code."""

import ast
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from failover.rules.formats import strict_json
from failover.rules.formats.faults import InvalidRequest
from failover.rules.requests.request import validated
from failover.use_cases.callers.commands import CommandRefused
from failover.use_cases.callers.register import COMMANDS
from tests import examples, variations
from tests.examples import MESSENGER, SMS, changed, request
from tests.world import ROOT

*_FIRST_ACTIONS, _LAST_ACTION = map(repr, COMMANDS.entries)
ACTIONS = f"{', '.join(_FIRST_ACTIONS)} or {_LAST_ACTION}"
CLASSES = sorted(
    node.name.lstrip("_")
    for path in (ROOT / "layers/failover/failover").rglob("*.py")
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.ClassDef) and re.search("[a-z][A-Z]", node.name)
)
FOREIGN = re.compile(
    "instance of|dictionary|discriminator|pattern|regex|pydantic|Input should|valid (integer|string|dict|list)"
    rf"|NoneType|\b(dict|str|int|{'|'.join(CLASSES)})\b"
)
"""Words that no reason may have: those of a library, of Python, and our class names."""


def faults(body, version="v1"):
    try:
        validated(body, version)
    except InvalidRequest as error:
        return {fault["name"]: fault["reason"] for fault in error.faults}
    return {}


def check(reasons):
    for reason in reasons:
        assert reason[0].isupper() or re.match(r"[a-z_']+ ", reason), reason
        assert not reason.endswith("."), reason
        assert not FOREIGN.search(reason), reason


@pytest.mark.parametrize(
    ("body", "name", "reason"),
    [
        ([], "body", "Should be an object, not an array"),
        (None, "body", "Should be an object, not null"),
        (7, "body", "Should be an object, not a number"),
        (True, "body", "Should be an object, not true or false"),
        ("failover", "body", "Should be an object, not a string"),
        (
            json.dumps(request(SMS)),
            "body",
            "Should be an object, not a string that holds JSON: send the JSON itself, without quotes around it",
        ),
        (
            json.dumps(json.dumps(request(SMS))),
            "body",
            "Should be an object, not a string that holds JSON: send the JSON itself, without quotes around it",
        ),
        (
            "\ufeff" + json.dumps(request(SMS)),
            "body",
            "Should be an object, not a string that holds JSON: send the JSON itself, without quotes around it",
        ),
        ({**request(SMS), "workflow": "x"}, "workflow", "Should be an array of 1 to 10 steps, not a string"),
        (
            {**request(SMS), "workflow": json.dumps(request(SMS)["workflow"])},
            "workflow",
            "Should be an array of 1 to 10 steps, not a string that holds JSON: send the JSON itself, without quotes "
            "around it",
        ),
        ({**request(SMS), "workflow": []}, "workflow", "Should be an array of 1 to 10 steps"),
        ({"template": "failover"}, "workflow", "Required, but missing"),
        ({**request(SMS), "template": "race"}, "template", "Should be 'failover'"),
        ({**request(SMS), "webhook_url": 7}, "webhook_url", "Should be an https URL, not a number"),
        (request(changed(SMS, "to", None)), "workflow[0].to", "Should be an object, not null"),
        (request(changed(SMS, "message", "x")), "workflow[0].message", "Should be an object, not a string"),
        (
            request(changed(MESSENGER, "failover.expiry_time", "10 min"), SMS),
            "workflow[0].failover.expiry_time",
            "Should be 15 to 86400 seconds, as a whole number",
        ),
        (
            request(changed(MESSENGER, "from.type", "mesenger"), SMS),
            "workflow[0].from.type",
            "Should be 'messenger', as in to.type",
        ),
        (
            request(changed(examples.WHATSAPP, "message.content.template.parameters", [7])),
            "workflow[0].message.content.template.parameters[0]",
            'Should be a string, or {"default": "…"}, not a number',
        ),
        (
            request(changed(MESSENGER, "message.content", {})),
            "workflow[0].message.content.type",
            "Required, but missing: 'text', 'image', 'audio', 'video', 'file' or 'custom'",
        ),
    ],
)
def test_words(body, name, reason):
    """The most common faults have these reasons."""
    assert faults(body)[name] == reason


def test_every_reason():
    """Every wrong value of every field has a reason in our words, with both versions of the Messages API."""
    for _, _, step in variations.broken_steps():
        check(faults(request(step)).values())
        check(faults(request(step), "v0.1").values())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_anything_anywhere(data):
    """The reasons for any value anywhere in a request are in our words and do not quote it."""
    step = data.draw(st.sampled_from([*examples.messages().values(), MESSENGER]))
    body = json.loads(json.dumps(request(step, SMS) if step is MESSENGER else request(step)))
    node = body
    while True:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.integers(0, 3)) == 0:
            break
        node = node[key]
    node[key] = data.draw(JSON)
    try:
        parsed = strict_json.parse(json.dumps(body).encode("utf-8", "surrogatepass"))
    except strict_json.InvalidJson:
        return
    check(faults(parsed).values())


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({}, f"action: Required, but missing: {ACTIONS}"),
        ([], f"command: Should be an object whose action is {ACTIONS}, not an array"),
        ({"action": "create_account", "name": 7}, "name: Should be a string of 1 to 100 characters, not a number"),
        (
            {"action": "rotate_secret", "api_key": "x", "overlap_hours": 721},
            "overlap_hours: Should be 0 to 720 hours, as a whole number",
        ),
        ({"action": "rotate_secret", "api_key": "x", "more": 1}, "more: Unknown field"),
        ({"action": "create_account", "name": "\ud800"}, "name: Should be a string of 1 to 100 characters"),
        ({"action": "create_account", "name": "x", "\ud800": 1}, "body: Should be Unicode text"),
    ],
)
def test_commands(event, error):
    """The function `accounts` uses the same words."""
    with pytest.raises(CommandRefused) as caught:
        COMMANDS.read(event)
    assert str(caught.value) == error
    check(part.partition(": ")[2] for part in str(caught.value).split("; "))
