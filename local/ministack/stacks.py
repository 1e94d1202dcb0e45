"""Refuses every stack but the local one, so that `sam deploy --config-env prod` cannot end here by accident."""

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation.helpers import _error, _p

from local.place import STACK

ALLOWED = {STACK, "aws-sam-cli-managed-default"}
"""The local stack, and the one with the SAM CLI's own bucket."""

type Handler = Callable[[dict[str, Any]], Any]


def guarded(handler: Handler) -> Handler:
    """Wrap MiniStack's handler of an action that creates a stack."""

    def handle(params: dict[str, Any]) -> Any:
        if (name := _p(params, "StackName")) in ALLOWED:
            return handler(params)
        reason = f"{name} is not deployed: this is the local stack, not AWS. Unset AWS_ENDPOINT_URL."
        return _error("ValidationError", reason)

    return handle
