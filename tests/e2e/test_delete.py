"""`sam delete` on the deployed stack."""

import json
import time

from local import stack
from local.place import STACK, Place

PATIENCE = 60


def _let_webhooks_end(place: Place) -> None:
    """Drop the retries of earlier tests' webhooks: an attempt during the deletion would make its log group again."""
    sqs, queue = stack.client(place, "sqs"), stack.resources(place)["Webhooks"]
    sqs.purge_queue(QueueUrl=queue)
    deadline = time.monotonic() + PATIENCE
    name = "ApproximateNumberOfMessagesNotVisible"
    while sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"][name] != "0":
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_what_is_left(deployed):
    """Deleting the stack leaves the table and the four secrets, which belong together, and no other resource."""
    place = deployed.place
    table = stack.resources(place)["Table"]
    kept = {f"{STACK}/{name}" for name in ("messages", "recipients", "signature", "webhooks")}
    keys = stack.secret(place, "WebhookSecret")
    _let_webhooks_end(place)
    stack.delete(place)
    secrets = stack.client(place, "secretsmanager")
    left = {
        "functions": stack.client(place, "lambda").list_functions()["Functions"],
        "layers": stack.client(place, "lambda").list_layers()["Layers"],
        "tables": set(stack.client(place, "dynamodb").list_tables()["TableNames"]) - {table},
        "queues": stack.client(place, "sqs").list_queues().get("QueueUrls", []),
        "secrets": {one["Name"] for one in secrets.list_secrets()["SecretList"]} ^ kept,
        "apis": stack.client(place, "apigateway").get_rest_apis()["items"],
        "machines": stack.client(place, "stepfunctions", place.url).list_state_machines()["stateMachines"],
        "roles": [
            role for role in stack.client(place, "iam").list_roles()["Roles"] if role["RoleName"].startswith(STACK)
        ],
        "log groups": [
            group
            for group in stack.client(place, "logs").describe_log_groups()["logGroups"]
            if STACK in group["logGroupName"]
        ],
    }
    assert {name: found for name, found in left.items() if found} == {}
    assert stack.client(place, "dynamodb").describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE"
    assert json.loads(secrets.get_secret_value(SecretId=f"{STACK}/webhooks")["SecretString"]) == keys
