"""The failover state machine: start an execution, look at it, end its race."""

import json
from typing import Any

from failover.adapters import aws
from failover.rules.workflow.itinerary import itinerary
from failover.rules.workflow.race import Signal
from failover.rules.workflow.state import Workflow

_OTHER_SIDE_WON = frozenset({"TaskTimedOut", "TaskDoesNotExist"})


class Executions:
    """Every method raises `aws.Unavailable` when Step Functions throttles or is out of reach."""

    def __init__(self, state_machine_arn: str, client: Any = None) -> None:
        """`state_machine_arn` may be that of an alias. Names of executions are unique in the whole state machine."""
        self._arn = state_machine_arn
        self.client = client or aws.paced_client("stepfunctions", "StartExecution", "DescribeExecution")

    def start(self, workflow: Workflow, now: int) -> bool:
        """Start `<id>-<attempt>` with the remaining steps. Returns False if it has ended, or had another input.

        If it runs already, with the same input, nothing happens. The input of a workflow of which no step has begun is
        always the same.
        """
        try:
            with aws.failures("stepfunctions"):
                self.client.start_execution(
                    stateMachineArn=self._arn, name=_name(workflow), input=json.dumps(itinerary(workflow, now))
                )
        except aws.AwsError as error:
            if error.code == "ExecutionAlreadyExists":
                return False
            raise
        return True

    def status(self, workflow: Workflow) -> str | None:
        """RUNNING, SUCCEEDED, FAILED, ABORTED or TIMED_OUT. Returns None if `<id>-<attempt>` does not exist."""
        arn = _execution_arn(self._arn, _name(workflow))
        try:
            with aws.failures("stepfunctions"):
                described = self.client.describe_execution(executionArn=arn)
        except aws.AwsError as error:
            if error.code == "ExecutionDoesNotExist":
                return None
            raise
        return str(described["status"])

    def end_race(self, signal: Signal) -> bool:
        """End a race. Returns False if it had ended already. Raises InvalidTaskToken."""
        try:
            with aws.failures("stepfunctions"):
                self.client.send_task_failure(taskToken=signal.task_token, error=signal.error)
        except aws.AwsError as failure:
            if failure.code in _OTHER_SIDE_WON:
                return False
            if failure.code == "InvalidToken":
                raise InvalidTaskToken from None
            raise
        return True


class InvalidTaskToken(aws.AwsError):
    """Step Functions does not know this token. Never expected, always worth an alarm."""

    def __init__(self) -> None:
        super().__init__("stepfunctions", "InvalidToken")


def _execution_arn(state_machine_arn: str, name: str) -> str:
    """An execution belongs to its state machine, also if it was started by an alias."""
    service, machine = state_machine_arn.split(":stateMachine:")
    return f"{service}:execution:{machine.partition(':')[0]}:{name}"


def _name(workflow: Workflow) -> str:
    return f"{workflow.id}-{workflow.attempt}"
