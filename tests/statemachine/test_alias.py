"""Executions that are started by the state machine's alias, as a deployed stack does."""

import boto3
import pytest
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from failover.adapters.workflow.executions import Executions
from local import moto
from tests.examples import MESSENGER, SMS, workflow


@pytest.fixture
def publish(machine, monkeypatch):
    """Publish a version of the state machine and lead the alias `live` to it. Returns the alias's ARN."""
    monkeypatch.setattr(StepFunctionsParserBackend, "start_execution", moto.start)
    client, arn = boto3.client("stepfunctions"), machine.world.state_machine

    def publish(comment):
        described = client.describe_state_machine(stateMachineArn=arn)
        definition = described["definition"].replace('"Comment": "', f'"Comment": "{comment} ', 1)
        version = client.update_state_machine(stateMachineArn=arn, definition=definition, publish=True)
        routing = [{"stateMachineVersionArn": version["stateMachineVersionArn"], "weight": 100}]
        if client.list_state_machine_aliases(stateMachineArn=arn)["stateMachineAliases"]:
            client.update_state_machine_alias(stateMachineAliasArn=f"{arn}:live", routingConfiguration=routing)
        else:
            client.create_state_machine_alias(name="live", routingConfiguration=routing)
        return f"{arn}:live"

    return publish


def test_started_by_the_alias(machine, publish):
    """An execution that is started by the alias is found, and a second start changes nothing, also of a new version."""
    executions = Executions(publish("first"))
    flow = workflow(("messenger", "read", 600), "sms")
    machine.world.put(flow, [MESSENGER, SMS])
    assert executions.status(flow) is None
    assert executions.start(flow, flow.created_at)
    machine.wait_for_race(0)
    assert executions.status(flow) == "RUNNING"
    assert executions.start(flow, flow.created_at)
    publish("second")
    assert executions.start(flow, flow.created_at)
    listed = boto3.client("stepfunctions").list_executions(stateMachineArn=machine.world.state_machine)
    assert len(listed["executions"]) == 1
    assert machine.sent() == ["messenger"]


def test_an_alias_that_does_not_exist(machine, publish):
    """A start by an alias that does not exist fails, so the workflow is started later."""
    arn = publish("first").removesuffix("live") + "other"
    flow = workflow("sms")
    with pytest.raises(Exception, match="ResourceNotFound"):
        Executions(arn).start(flow, flow.created_at)
