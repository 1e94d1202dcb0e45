"""Start MiniStack with some of its parts replaced.

These parts are internal to MiniStack. `tests/unit/test_local_ministack.py` fails when a new version changes them.
"""

import os

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import cloudformation, lambda_svc
from ministack.services.cloudformation import provisioners

from local.ministack import machines, raised, slots, stacks, workers


def install() -> None:
    """Replace how workers start, raise and wait for a slot, how calls are refused, and what may be deployed."""
    lambda_runtime._worker_class_for = lambda _config: workers.SharingWorker
    lambda_runtime.subprocess = workers.Forking
    lambda_runtime._PYTHON_WORKER_SCRIPT = raised.script(lambda_runtime._PYTHON_WORKER_SCRIPT)
    lambda_svc._execute_function_warm = raised.typed(lambda_svc._execute_function_warm)
    waiting = slots.Slots(
        lambda_svc._inflight_key, lambda_svc._acquire_execution_slot, lambda_svc._release_execution_slot
    )
    lambda_svc._acquire_execution_slot = waiting.acquire
    lambda_svc._release_execution_slot = waiting.release
    lambda_svc.lambda_execute_result_to_api_proxy_response = slots.answering(
        lambda_svc.lambda_execute_result_to_api_proxy_response
    )
    provisioners._RESOURCE_HANDLERS.update(machines.HANDLERS)
    for action in ("CreateStack", "CreateChangeSet"):
        handlers = cloudformation._ACTION_HANDLERS
        handlers[action] = stacks.guarded(handlers[action])


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)  # only this process needs it: functions get our code from their layers
    install()
    app.main()
