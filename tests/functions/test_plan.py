"""`?dry_run=true` shows what a request would do and does nothing."""

import boto3
import pytest

from failover.rules.requests.plan import planned
from failover.rules.requests.request import validated
from tests.examples import MESSENGER, NOW, SMS, changed, request
from tests.functions.conftest import set_status_url
from tests.world import body_of

BAD = request(changed(MESSENGER, "failover.expiry_time", 5), changed(SMS, "to.number", "x"))


@pytest.mark.decision("Beyond the original")
@pytest.mark.parametrize("path", ["/workflows", "/workflows/", "/beta/workflows", "/v0.1/dispatch", "/dispatch/"])
@pytest.mark.parametrize("flag", ["true", "TRUE"])
def test_planned(world, app, call, path, flag):
    """Both endpoints answer a valid request with 200 and its plan."""
    app.outside.now = lambda: NOW
    answer = call("POST", f"{path}?dry_run={flag}", request(MESSENGER, SMS))
    assert answer["statusCode"] == 200
    assert body_of(answer) == planned(validated(request(MESSENGER, SMS)), None, NOW, 72 * 3600)


@pytest.mark.decision("Customer's webhook URL")
def test_where_webhooks_go(world, call):
    """A plan names the URL of its webhooks: the request's, else the caller's own; null if there is none."""

    def planned_url(**more):
        plan = body_of(call("POST", "/workflows?dry_run=true", {**request(SMS), "client_ref": "table-12", **more}))
        assert plan["client_ref"] == "table-12"
        return plan["webhooks_to"]

    assert planned_url() is None
    assert planned_url(webhookUrl="https://shop.test/typing-mistake") is None
    set_status_url(world, "https://shop.test/account")
    assert planned_url() == "https://shop.test/account"
    assert planned_url(webhook_url="https://shop.test/request") == "https://shop.test/request"


def test_nothing_happens(world, call, messages, output):
    """Nothing is stored, started, sent, queued or counted."""
    call("POST", "/workflows?dry_run=true", request(MESSENGER, SMS), Idempotency_Key="k")
    assert not world.items()
    assert not boto3.client("stepfunctions").list_executions(stateMachineArn=world.state_machine)["executions"]
    assert not messages.requests
    assert not world.queued()
    assert "WorkflowsCreated" not in output()


def test_no_personal_data_in_the_log(call, output):
    """I8: the addresses of a plan are in its answer and not in the log."""
    call("POST", "/workflows?dry_run=true", request(MESSENGER, SMS))
    call("POST", "/workflows?dry_run=true", BAD)
    assert not {"sim-unread", "447700900000", "ACME"} & set(output().replace('"', " ").split())


@pytest.mark.parametrize("body", [BAD, b"{", b" " * (64 * 1024 + 1), {**request(SMS), "template": "race"}, []])
def test_the_same_faults(world, call, body):
    """A plan has the same faults, in the same answer, as the request would have."""
    meant, plan = call("POST", "/workflows", body), call("POST", "/workflows?dry_run=true", body)
    assert meant["statusCode"] == plan["statusCode"] >= 400
    assert {**body_of(meant), "instance": ""} == {**body_of(plan), "instance": ""}
    assert not world.items()


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Authorization": None}, 401), ({"Content_Type": "text/plain"}, 415), ({"Accept": "text/html"}, 406)],
)
def test_the_same_conditions(call, headers, status):
    """A plan needs the same credentials and media types as a request."""
    assert call("POST", "/workflows?dry_run=true", request(SMS), **headers)["statusCode"] == status


@pytest.mark.decision("`dry_run` neither `true` nor `false`")
@pytest.mark.parametrize("flag", ["", "1", "0", "yes", "no", "tru", "true ", "true,false", "null", "t\u0131ue", "on"])
def test_neither_true_nor_false(world, call, flag):
    """Any other value is answered 400 with the parameter's name, and nothing is stored."""
    answer = call("POST", f"/workflows?dry_run={flag}", request(SMS))
    assert answer["statusCode"] == 400
    assert [fault["name"] for fault in body_of(answer)["invalid_parameters"]] == ["dry_run"]
    assert not world.items()


@pytest.mark.parametrize("query", ["", "?", "?dry_run=false", "?dry_run=False", "?dryrun=true", "?sig=x&timestamp=1"])
def test_meant(world, call, query):
    """Without the flag, or with `false`, the request is carried out, with any other parameters."""
    assert call("POST", f"/workflows{query}", request(SMS))["statusCode"] == 202
    assert world.items()


def test_a_get_has_no_plan(call):
    """A list ignores the flag like any unknown parameter."""
    assert body_of(call("GET", "/workflows?dry_run=maybe"))["workflows"] == []
