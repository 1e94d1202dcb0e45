"""Exceptions of functions, as on AWS: they keep their type, and their worker goes on.

MiniStack calls every exception `Runtime.HandlerError`, which no state machine can tell apart, and kills the worker.
"""

from collections.abc import Callable
from typing import Any

_ANSWERED = 'json.dumps({"status": "error", "error": str(e), "trace": traceback.format_exc()})'
_RAISED = 'json.dumps({"status": "ok", "raised": type(e).__name__, "error": str(e), "trace": traceback.format_exc()})'

type Execute = Callable[[dict[str, Any], Any, str], dict[str, Any]]


class Message(str):
    """The text of an exception, with the name of its type."""

    of: str

    def __new__(cls, text: str, of: str) -> "Message":
        message = super().__new__(cls, text)
        message.of = of
        return message


def script(source: str) -> str:
    """Return the script of MiniStack's worker, changed so that its answer names an exception's type."""
    before, _, after = source.rpartition(_ANSWERED)
    return before + _RAISED + after


def named(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the changed script's answer as MiniStack expects it; it has not killed the worker of a success."""
    if "raised" not in answer:
        return answer
    return {**answer, "status": "error", "error": Message(answer["error"], answer["raised"])}


def typed(execute: Execute) -> Execute:
    """Wrap MiniStack's execution of a function, so that its result has the exception's type."""

    def executed(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        result = execute(function, event, request_id)
        if result.get("error") and isinstance(message := result["body"]["errorMessage"], Message):
            result["body"] = {"errorMessage": str(message), "errorType": message.of}
        return result

    return executed
