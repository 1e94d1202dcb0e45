"""The failover state machine: starting an execution, and telling its race who has won."""

import json
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters import aws
from failover.rules.channels import CHANNELS
from failover.rules.workflow import Step, Workflow

_GIVE_UP_SLACK = 5
"""Seconds the race's token outlives its timer: the timer must always be the one that ends it."""

_OTHER_SIDE_WON = frozenset({"TaskTimedOut", "TaskDoesNotExist"})


class Executions:
    """Every method raises `aws.Unavailable` when Step Functions throttles or is out of reach."""

    def __init__(self, state_machine_arn: str, client: Any = None) -> None:
        self._arn = state_machine_arn
        self._client = client or aws.client("stepfunctions")

    def start(self, workflow: Workflow) -> None:
        """Start `<id>-<attempt>`. Starting it again is no error: an answer got lost."""
        try:
            with aws.failures("stepfunctions"):
                self._client.start_execution(
                    stateMachineArn=self._arn,
                    name=f"{workflow.id}-{workflow.attempt}",
                    input=json.dumps(execution_input(workflow)),
                )
        except ClientError as error:
            if aws.error_code(error) != "ExecutionAlreadyExists":
                raise RuntimeError(f"stepfunctions: {aws.error_code(error)}") from None

    def tell(self, task_token: str, error: str) -> bool:
        """End the race with `error`; False: it had ended already. Raises InvalidTaskToken."""
        try:
            with aws.failures("stepfunctions"):
                self._client.send_task_failure(taskToken=task_token, error=error)
        except ClientError as failure:
            code = aws.error_code(failure)
            if code in _OTHER_SIDE_WON:
                return False
            if code == "InvalidToken":
                raise InvalidTaskToken from None
            raise RuntimeError(f"stepfunctions: {code}") from None
        return True


class InvalidTaskToken(Exception):
    """Step Functions does not know this token as one of its own: never expected, always worth an alarm."""


def execution_input(workflow: Workflow) -> dict[str, Any]:
    """The linked list the state machine walks: ids, channels and times, nothing of a person."""
    rest: dict[str, Any] | None = None
    for number in reversed(range(len(workflow.steps))):
        link: dict[str, Any] = {"step": _step(number, workflow.steps[number])}
        if rest is not None:
            link["rest"] = rest
        rest = link
    return {"workflow": workflow.id, "rest": rest}


def _step(number: int, step: Step) -> dict[str, Any]:
    told: dict[str, Any] = {"number": number, "channel": CHANNELS[step.channel].function}
    if step.expiry_time is not None:
        told["expiry_time"] = step.expiry_time
        told["give_up_after"] = step.expiry_time + _GIVE_UP_SLACK
    return told
