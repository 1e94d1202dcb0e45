import os

from workflows_api_client import Client
from workflows_api_client.api.workflows import create_workflow, get_workflow
from workflows_api_client.models import (
    AcceptedWorkflow,
    ConditionStatus,
    MessengerFailover,
    MessengerFrom,
    MessengerMessage,
    MessengerStep,
    MessengerTextContent,
    MessengerTo,
    SmsFrom,
    SmsLastStep,
    SmsMessage,
    SmsTextContent,
    SmsTo,
    WorkflowRequest,
    WorkflowWorkflow,
)

messenger = MessengerStep(
    from_=MessengerFrom(type_="messenger", id="sim-page"),
    to=MessengerTo(type_="messenger", id="sim-rejected"),
    message=MessengerMessage(content=MessengerTextContent(type_="text", text="Your table is ready.")),
    failover=MessengerFailover(expiry_time=600, condition_status=ConditionStatus.READ),
)
sms = SmsLastStep(
    from_=SmsFrom(type_="sms", number="ACME"),
    to=SmsTo(type_="sms", number="447700900000"),
    message=SmsMessage(content=SmsTextContent(type_="text", text="Your table is ready.")),
)

credentials = os.environ["API_KEY"], os.environ["API_SECRET"]
with Client(base_url=f"{os.environ['API_URL']}/beta", httpx_args={"auth": credentials}) as api:
    created = create_workflow.sync(client=api, body=WorkflowRequest(template="failover", workflow=[messenger, sms]))
    assert isinstance(created, AcceptedWorkflow), created
    workflow = get_workflow.sync(created.workflow_uuid, client=api)
    assert isinstance(workflow, WorkflowWorkflow), workflow
    print(workflow.workflow_uuid, workflow.status)
