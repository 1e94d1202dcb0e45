"""The customers' API under faults (F2, F17)."""

import json

import boto3
from botocore.exceptions import ReadTimeoutError

from tests.examples import NOW, SMS, request, workflow
from tests.world import body_of, http_event, load


def test_stored_though_it_could_not_be_started(world, app, output):
    """F2: a stored workflow is accepted even if the state machine cannot start it now."""
    boto3.client("stepfunctions").delete_state_machine(stateMachineArn=world.state_machine)
    raw = json.dumps(request(SMS))
    event = http_event("POST", "/workflows", raw, Authorization=world.basic, Content_Type="application/json")
    answer = app.handler(event, None)
    assert answer["statusCode"] == 202
    assert "WorkflowsNotStarted" in output()
    assert world.read(*body_of(answer).values()).due_at


def test_answer_of_the_store_got_lost(world, app, monkeypatch):
    """A workflow whose write succeeded without an answer from DynamoDB is started and answered 202 with its id."""
    client = app.outside.table.client
    transact = client.transact_write_items

    def lost(**arguments):
        transact(**arguments)
        raise ReadTimeoutError(endpoint_url="https://dynamodb")

    monkeypatch.setattr(client, "transact_write_items", lost)
    raw = json.dumps(request(SMS))
    event = http_event("POST", "/workflows", raw, Authorization=world.basic, Content_Type="application/json")
    answer = app.handler(event, None)
    assert answer["statusCode"] == 202
    executions = boto3.client("stepfunctions").list_executions(stateMachineArn=world.state_machine)["executions"]
    assert len(executions) == 1


def test_started_already(world, monkeypatch):
    """F2: a start whose answer was lost has succeeded, so its repeat is no error."""
    client = world.executions.client
    error = client.exceptions.ClientError({"Error": {"Code": "ExecutionAlreadyExists"}}, "StartExecution")

    def exists(**_):
        raise error

    monkeypatch.setattr(client, "start_execution", exists)
    world.executions.start(workflow("sms"), NOW)


def test_throttled_transaction(world, app, monkeypatch):
    """F17: a transaction that DynamoDB cancelled for throttling is answered 503."""
    client = app.outside.table.client
    response = {
        "Error": {"Code": "TransactionCanceledException"},
        "CancellationReasons": [{"Code": "ThrottlingError"}, {"Code": "None"}],
    }

    def cancelled(**_):
        raise client.exceptions.ClientError(response, "TransactWriteItems")

    monkeypatch.setattr(client, "transact_write_items", cancelled)
    raw = json.dumps(request(SMS))
    event = http_event("POST", "/workflows", raw, Authorization=world.basic, Content_Type="application/json")
    assert app.handler(event, None)["statusCode"] == 503


def test_dynamodb_throttles(world, call, monkeypatch):
    """F17: when DynamoDB throttles, the client is asked to retry."""
    client = boto3.client("dynamodb")
    error = client.exceptions.ClientError
    app = load("workflows_api")

    def throttled(**_):
        raise error({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "GetItem")

    monkeypatch.setattr(app.outside.table.client, "get_item", throttled)
    event = http_event("POST", "/workflows", json.dumps(request(SMS)), Authorization=world.basic)
    answer = app.handler(event, None)
    assert answer["statusCode"] == 503
    assert answer["multiValueHeaders"]["Retry-After"]


def test_unexpected_failure(world, app, monkeypatch, output, caplog):
    """An unexpected failure is a 500 without details, and a log line that locates it."""

    def broken(*_):
        raise KeyError("447700900123")

    monkeypatch.setattr(app, "authenticate", broken)
    answer = app.handler(http_event("POST", "/workflows", "{}"), None)
    assert answer["statusCode"] == 500
    written = output()
    assert "KeyError" in written
    assert "447700900123" not in written + answer["body"] + caplog.text
