"""moto's server, with parsed definitions and AWS clients cached, exact waits and aliases: `python -m local.moto`.

moto parses the definition for each execution and creates an AWS client for each task, which is a third of its work in
a single process. It cuts what is left until a timestamp to whole seconds, so a wait ends up to a second too early. It
has aliases of state machines, but starts no execution by one. The replaced parts are internal to moto:
`tests/unit/test_local_moto.py` fails when a new version changes them.
"""

import os
import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
from moto import server
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.parse import asl_parser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

_parse = asl_parser.AmazonStateLanguageParser.parse
_trees: dict[str, Any] = {}
"""The syntax tree of each definition. Executions only read it: each builds its own program from it."""


def parse(definition: str) -> tuple[Any, Any]:
    """Return (program, syntax tree) of a definition. The program is new, the tree is shared."""
    if tree := _trees.get(definition):
        return Preprocessor().visit(tree), tree
    program, _trees[definition] = _parse(definition)
    return program, _trees[definition]


_start = StepFunctionsParserBackend.start_execution
_COLONS = 6
"""In the ARN of a state machine. That of an alias has one more."""
_clients: dict[tuple[str, str, str | None], Any] = {}
_making = threading.Lock()


def client(*, service_name: str, region_name: str, endpoint_url: str | None = None, **how: Any) -> Any:
    """Return the shared client of a service. Threads can share clients, but not the sessions that create them."""
    key = (service_name, region_name, endpoint_url)
    with _making:
        if key not in _clients:
            _clients[key] = boto3.client(
                service_name=service_name, region_name=region_name, endpoint_url=endpoint_url, **how
            )
        return _clients[key]


def wait(state: Timestamp, env: Any) -> None:
    """Wait until a timestamp, of which AWS ignores the fraction of a second. Ends early if the execution does."""
    state.string.eval(env=env)
    text = env.stack.pop()
    until = state._from_timestamp_string(text)
    if until is None:
        raise FailureEventException(state._create_failure_event(env, text))
    while env.is_running() and (left := (until.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()) > 0:
        env.program_state_event.wait(left)


def start(backend: StepFunctionsParserBackend, state_machine_arn: str, *how: Any, **more: Any) -> Any:
    """Start an execution by the ARN of a state machine, or of its alias, which leads to the newest version here."""
    if state_machine_arn.count(":") > _COLONS:
        backend.describe_state_machine_alias(state_machine_arn)
        state_machine_arn = state_machine_arn.rpartition(":")[0]
    return _start(backend, state_machine_arn, *how, **more)


def exact_waits() -> None:
    """Replace how moto waits until a timestamp."""
    Timestamp._eval_body = wait  # type: ignore[method-assign, assignment]


def install() -> None:
    exact_waits()
    StepFunctionsParserBackend.start_execution = start  # type: ignore[method-assign, assignment]
    asl_parser.AmazonStateLanguageParser.parse = staticmethod(parse)  # type: ignore[method-assign]
    boto_client.boto3 = SimpleNamespace(client=client)  # type: ignore[attr-defined]


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)
    install()
    server.main()
