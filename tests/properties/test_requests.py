"""Any posted body gets a clear answer in bounded time, and none is half accepted."""

import json
from dataclasses import replace

import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from failover.adapters.workflow.store import stored_content
from failover.rules.formats import strict_json
from failover.rules.formats.faults import InvalidRequest
from failover.rules.requests.request import posted, validated
from tests.examples import MESSENGER, SMS, VIBER, WHATSAPP, changed, request

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
WORDS = st.sampled_from(
    ["from", "to", "type", "id", "number", "message", "content", "text", "image", "failover", "expiry_time", "sms"]
)


def outcome(raw):
    try:
        return validated(strict_json.parse(raw)).steps
    except strict_json.InvalidJson as error:
        return refused_with([error.reason])
    except InvalidRequest as error:
        return refused_with([text for fault in error.faults for text in (fault["name"], fault["reason"])])


def refused_with(texts):
    assert texts
    assert all(texts)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(raw):
    """Any bytes are accepted, or refused with a reason; no other exception is raised."""
    outcome(raw)


@settings(max_examples=500, deadline=None)
@given(JSON)
def test_any_json(value):
    """Any JSON value is accepted, or refused with its faults."""
    outcome(json.dumps(value).encode("utf-8", "surrogatepass"))


FINITE = st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text()
CUSTOM = st.dictionaries(st.text("ab"), FINITE | st.lists(FINITE, max_size=3), min_size=1)


@settings(max_examples=500, deadline=None)
@given(CUSTOM, st.none() | st.text("ab 7", min_size=1, max_size=40))
def test_posted_again(custom, reference):
    """A request is the same after it was stored, read back and posted again, with any `custom` and any number in it."""
    step = changed(WHATSAPP, "message", {"content": {"type": "custom", "custom": custom}})
    raw = simplejson.dumps({**request(step), "client_ref": reference}, use_decimal=True).encode()
    try:
        asked = validated(strict_json.parse(raw))
    except strict_json.InvalidJson:
        return
    kept = simplejson.loads(stored_content(asked.steps), use_decimal=True, parse_int=strict_json.integer)
    again = simplejson.dumps(posted(replace(asked, steps=kept)), ensure_ascii=False, use_decimal=True)
    assert validated(strict_json.parse(again.encode())) == asked


@settings(max_examples=800, deadline=None)
@given(st.data())
def test_any_one_thing_changed(data):
    """A valid request with one change is accepted or refused, and a fault's path leads to the change."""
    body = request(MESSENGER, VIBER, SMS)
    node, path = body, ""
    while True:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        path += f"[{key}]" if isinstance(key, int) else f".{key}" if path else key
        if not isinstance(node[key], dict | list) or data.draw(st.integers(0, 3)) == 0:
            break
        node = node[key]
    node[key] = data.draw(JSON)
    start = path.split(".")[0] if "." in path else path.split("[")[0]
    assert all(name.startswith(start) for name in fault_names(body))


def fault_names(body):
    try:
        validated(body)
    except InvalidRequest as error:
        return [fault["name"] for fault in error.faults]
    return []


@pytest.mark.decision("Unknown fields")
@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS | st.text(max_size=5), min_size=1, max_size=5), JSON)
def test_unknown_fields_in_a_step(way, value):
    """A step with any added field is refused, at any place."""
    body = request(SMS)
    node = body["workflow"][0]
    for part in way[:-1]:
        node = node[part] if isinstance(node.get(part), dict) else node
    if way[-1] in node:
        return
    node[way[-1]] = value
    try:
        validated(body)
    except InvalidRequest:
        return
    assert way[-1] == "client_ref" or value is None


@settings(max_examples=300, deadline=None)
@given(st.text(min_size=1, max_size=640, alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_texts_come_out_as_they_went_in(text):
    """A text in any script is accepted and kept exactly."""
    body = request({**SMS, "message": {"content": {"type": "text", "text": text}}})
    accepted = outcome(json.dumps(body, ensure_ascii=False).encode())
    assert accepted[0]["message"]["content"]["text"] == text
