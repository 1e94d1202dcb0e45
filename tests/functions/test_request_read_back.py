"""The request that created a workflow: GET /workflows/{id}/request."""

import json
from itertools import batched

import pytest
import simplejson

from failover.rules.requests.request import validated
from failover.rules.timing.instants import iso
from tests import examples
from tests.acts import cancelled, sent
from tests.examples import ID, MESSENGER, NOW, SMS, WHATSAPP, changed, request
from tests.functions.conftest import ended
from tests.world import body_of

WEEK = 7 * 86_400
"""How long `World.put` keeps content, in seconds."""


@pytest.fixture
def post(call):
    """Post a request and return the path of its workflow."""

    def post(body):
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        answer = call("POST", "/workflows", raw)
        assert answer["statusCode"] == 202, answer["body"]
        return f"/workflows/{body_of(answer)['workflow_uuid']}"

    return post


@pytest.fixture
def kept(call):
    """The answer for a workflow: its body, with exact numbers."""

    def kept(path=f"/workflows/{ID}"):
        answer = call("GET", f"{path}/request", Content_Type=None)
        assert answer["statusCode"] == 200, answer["body"]
        return simplejson.loads(answer["body"], use_decimal=True)

    return kept


def test_as_posted(post, kept):
    """The answer has the steps with texts and addresses, the workflow's reference and its URL."""
    more = {"client_ref": "table-12", "webhook_url": "https://example.org/status"}
    body = {**request({**MESSENGER, "client_ref": "order-1"}, SMS), **more}
    assert kept(post(body)) == {"request": body}


def test_only_what_there_is(post, kept):
    """Without a reference and a URL the answer has neither."""
    assert kept(post(request(SMS)))["request"].keys() == {"template", "workflow"}


def test_normalized(post, kept):
    """The steps are as they are sent: tolerated forms and unknown fields of the top level are gone."""
    step = changed(changed(MESSENGER, "failover.expiry_time", "600"), "message.client_ref", "order-1")
    body = {**request(step, changed(SMS, "to.number", "+44 7700 900000")), "sig": "x", "client_ref": None}
    assert kept(post(body))["request"] == request({**MESSENGER, "client_ref": "order-1"}, SMS)


EVERY_CONTENT = list(batched(examples.messages().values(), 10, strict=False))


@pytest.mark.parametrize("steps", EVERY_CONTENT, ids=range(len(EVERY_CONTENT)))
def test_posted_again(call, post, kept, steps):
    """With every content type and option: the answer is accepted by a dry run, and means the same."""
    failing = {"failover": {"expiry_time": 15, "condition_status": "delivered"}}
    body = request(*({**step, **failing} for step in steps))
    again = kept(post(body))["request"]
    assert call("POST", "/workflows?dry_run=true", simplejson.dumps(again).encode())["statusCode"] == 200
    assert validated(again) == validated(body)
    assert kept(post(again))["request"] == again


def test_numbers_stay_exact(post, kept):
    """Numbers in `custom` come back to the last digit, at any size and with any fraction."""
    numbers = ["0.1", "1.10", "-0.0", "12345678901234567890", "3.141592653589793238462643383279", "1E-7", "7" * 4000]
    custom = f'{{"type": "custom", "custom": {{"numbers": [{", ".join(numbers)}]}}}}'
    step = changed(WHATSAPP, "message", {"content": "HERE"})
    path = post(json.dumps(request(step)).replace('"HERE"', custom).encode())
    (found,) = kept(path)["request"]["workflow"]
    assert [str(number) for number in found["message"]["content"]["custom"]["numbers"]] == numbers


def test_the_text_itself(call, post):
    """The numbers in the answer's text are exact, not only as some parser reads them."""
    step = changed(WHATSAPP, "message", {"content": {"type": "custom", "custom": {"n": 1, "exact": "HERE"}}})
    path = post(json.dumps(request(step)).replace('"HERE"', "0.10000000000000000001").encode())
    assert '"exact": 0.10000000000000000001' in call("GET", f"{path}/request")["body"]


def test_while_it_runs(put, kept):
    """While the workflow runs, no date is known at which the content is dropped."""
    put(sent(0))
    assert kept() == {"request": request(MESSENGER, SMS)}


def test_until_when_it_is_kept(put, kept):
    """Once the workflow is over, the answer says when texts and addresses are dropped."""
    over = put(sent(0), cancelled)
    assert kept()["kept_until"] == iso(over.ended_at + WEEK * 1000)


@pytest.mark.parametrize("how", ["removed", "expired"])
def test_dropped(world, app, call, how):
    """Once texts and addresses have been dropped, the answer is 404 and says so."""
    ended(world)
    if how == "removed":
        key = {"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "content"}}
        world.client.delete_item(TableName=world.table, Key=key)
    else:
        app.outside.now = lambda: NOW + WEEK * 1000
    answer = call("GET", f"/workflows/{ID}/request")
    assert answer["statusCode"] == 404
    assert body_of(answer)["detail"] == "The texts and addresses of this workflow have been dropped."
    assert call("GET", f"/workflows/{ID}")["statusCode"] == 200


def test_kept_to_the_last_second(world, app, kept):
    """The request can be read until the second that the answer named, and not after it."""
    ended(world)
    assert kept()["kept_until"] == iso(NOW + WEEK * 1000)
    app.outside.now = lambda: NOW + WEEK * 1000 - 1
    assert kept()["request"] == request(SMS)


def test_both_names(call, put):
    """The request is found at both endpoints, without the word of either."""
    put(sent(0), word="dispatch")
    answers = [call("GET", f"{path}/{ID}/request") for path in ("/workflows", "/v0.1/dispatch")]
    assert body_of(answers[0]) == body_of(answers[1])


def test_logged(world, call, put, output):
    """I8: neither texts nor addresses are logged when they are read."""
    put(sent(0))
    assert "Hello from SMS" in call("GET", f"/workflows/{ID}/request")["body"]
    written = output()
    assert not any(private in written for private in ("Hello", "447700900000", "sim-unread", "ACME"))
