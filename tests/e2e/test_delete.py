"""`sam delete` on the deployed stack."""

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


def test_nothing_is_left(deployed):
    """Deleting the stack leaves none of its resources."""
    place = deployed.place
    assert stack.resources(place)
    _let_webhooks_end(place)
    stack.delete(place)
    left = {
        "functions": stack.client(place, "lambda").list_functions()["Functions"],
        "layers": stack.client(place, "lambda").list_layers()["Layers"],
        "tables": stack.client(place, "dynamodb").list_tables()["TableNames"],
        "queues": stack.client(place, "sqs").list_queues().get("QueueUrls", []),
        "secrets": stack.client(place, "secretsmanager").list_secrets()["SecretList"],
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
