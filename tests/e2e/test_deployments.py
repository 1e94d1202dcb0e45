"""A second deployment of the stack."""

from local import stack
from local.place import ALIAS, STACK


def _live(place, function):
    """(version, environment) that callers of a function meet."""
    named = {"FunctionName": f"{STACK}-{function}", "Qualifier": ALIAS}
    configuration = stack.client(place, "lambda").get_function_configuration(**named)
    return configuration["Version"], configuration["Environment"]["Variables"]


def test_a_changed_parameter(deployed):
    """A deployment that changes only a parameter publishes a version of every function, which then has its value."""
    place = deployed.place
    machine = f"{stack.resources(place)['StateMachine']}:{ALIAS}"
    before, (version, environment) = _live(place, "accounts"), _live(place, "send-sms")
    assert environment["MESSAGES_PER_SECOND"] == "30"
    routed = stack.client(place, "stepfunctions").describe_state_machine_alias(stateMachineAliasArn=machine)
    stack.deploy(place, MessagesPerSecond="29")
    now, environment = _live(place, "send-sms")
    assert (now == version, environment["MESSAGES_PER_SECOND"]) == (False, "29")
    assert _live(place, "accounts")[0] != before[0]
    routed_now = stack.client(place, "stepfunctions").describe_state_machine_alias(stateMachineAliasArn=machine)
    assert routed_now["routingConfiguration"] != routed["routingConfiguration"]
