"""Start MiniStack with some of its parts replaced.

They are not part of its interface: `tests/local/test_ministack.py` fails when another version has changed them.
"""

import os

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.ministack import slots, workers


def install() -> None:
    """Replace how workers start, how calls get their turn, and what API Gateway answers when a call is refused."""
    lambda_runtime._worker_class_for = lambda _config: workers.SharingWorker
    lambda_runtime.subprocess = workers.Forking
    waiting = slots.Slots(
        lambda_svc._inflight_key, lambda_svc._acquire_execution_slot, lambda_svc._release_execution_slot
    )
    lambda_svc._acquire_execution_slot = waiting.acquire
    lambda_svc._release_execution_slot = waiting.release
    lambda_svc.lambda_execute_result_to_api_proxy_response = slots.answering(
        lambda_svc.lambda_execute_result_to_api_proxy_response
    )


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)  # it was for this module: functions have their layers
    install()
    app.main()
