"""`sam delete` on the deployed stack."""

from local import stack
from local.place import STACK


def test_nothing_is_left(deployed):
    """Deleting the stack leaves none of its resources."""
    assert stack.resources(deployed.place)
    stack.delete(deployed.place)
    place = deployed.place
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
