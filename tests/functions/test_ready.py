"""The usual calls of a function find its clients of AWS ready: they were made at its start, with a whole processor."""

import json
from functools import partial
from types import SimpleNamespace
from typing import get_args

import boto3
import pytest

from failover.adapters.secrets import Secret
from failover.outside import Adapter, Outside
from failover.rules.sending.client_ref import client_ref
from failover.rules.webhooks import delivery
from tests import messages_server as server
from tests.acts import sent
from tests.examples import ID, SMS, request, workflow
from tests.functions.conftest import ended, task_of
from tests.streams import record, state
from tests.world import callback_event, http_event, load

CALLBACK = {"message_uuid": "uuid-0", "status": "delivered", "client_ref": client_ref(ID, 0)}
CONTEXT = SimpleNamespace(get_remaining_time_in_millis=lambda: 30_000)


def request_of(method, path, body, world):
    return http_event(method, path, body, Authorization=world.basic, Content_Type="application/json")


CALLS = {
    "send": ("send_sms", lambda _: {"workflow": ID, "step": 0}),
    "post": ("workflows_api", partial(request_of, "POST", "/workflows", json.dumps(request(SMS)))),
    "show": ("workflows_api", partial(request_of, "GET", f"/workflows/{ID}", None)),
    "list": ("workflows_api", partial(request_of, "GET", "/workflows", None)),
    "cancel": ("workflows_api", partial(request_of, "POST", f"/workflows/{ID}/cancel", None)),
    "callback": ("message_status", lambda _: callback_event(CALLBACK)),
    "publish": ("publish_events", lambda world: {"Records": [record(None, state(world))]}),
    "deliver": (
        "deliver_webhook",
        lambda world: {"Records": [{"body": json.dumps(delivery.plain(task_of(world)))}]},
    ),
    "start": ("start_workflows", lambda _: {}),
    "repair": ("reconcile", lambda _: {}),
    "list accounts": ("accounts", lambda _: {"action": "list_accounts"}),
}


@pytest.mark.parametrize("name", CALLS)
def test_no_client_is_made_by_a_call(world, put, messages, customer, monkeypatch, name):
    """A call that does what most calls do makes no client."""
    messages.script = [server.accepted()]
    if name in ("publish", "deliver"):
        ended(world)
    elif name == "send":
        world.put(workflow("sms", account=world.api_key), [SMS])
    else:
        put(sent(0))
    function, event_of = CALLS[name]
    module, event = load(function), event_of(world)
    made = []
    real = boto3.client
    monkeypatch.setattr(boto3, "client", lambda service, **more: made.append(service) or real(service, **more))
    answer = module.handler(event, CONTEXT)
    assert made == []
    assert answer is None or answer.get("statusCode", 200) < 300


def test_nothing_is_fetched(world, monkeypatch):
    """A cold start calls nothing: it makes clients, and reads no secret and no item."""
    called = []
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", lambda *call: called.append(call))
    for function, _ in CALLS.values():
        load(function)
    assert called == []


def test_every_adapter_can_be_made(world):
    """Each name of `Adapter` is an adapter, and each adapter that has a client has a name."""
    outside = Outside()
    assert outside.ready(*get_args(Adapter.__value__)) is outside
    assert isinstance(outside.webhook_secret, Secret)
    assert "client" in vars(outside.webhook_secret), "its client was made"
