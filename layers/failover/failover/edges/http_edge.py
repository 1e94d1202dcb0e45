"""Answers of the functions behind API Gateway: JSON, or a problem for every exception."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from failover import problems
from failover.errors import Temporary
from failover.observability import logger, unavailable, unexpected

type Event = dict[str, Any]
type ProxyAnswer = dict[str, Any]
"""The answer that API Gateway's proxy integration expects, with `multiValueHeaders`."""

TRACE_HEADER = "X-Nexmo-Trace-Id"
ON_EVERY_ANSWER = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Answers hold personal data, so no cache may keep one, unless its route says otherwise (RFC 9111)."""
ON_EVERY_PROBLEM = {"Content-Language": "en"}


def guarded(event: Event, act: Callable[[Event], ProxyAnswer]) -> ProxyAnswer:
    """The answer of `act`, or a problem for what it raises. Adds a trace id to the answer and to every log line."""
    trace_id = uuid.uuid4().hex
    logger.append_keys(trace_id=trace_id)
    try:
        proxy_answer = act(event)
    except Exception as error:
        problem = _problem(error)
        logger.info("answered with a problem", status=problem.kind.status, type=problem.kind.type)
        headers = {**ON_EVERY_PROBLEM, **problem.headers}
        proxy_answer = json_answer(problem.kind.status, problem.body(trace_id), problems.CONTENT_TYPE, headers)
    finally:
        logger.remove_keys(["trace_id", "workflow_id"])
    headers_sent = proxy_answer["multiValueHeaders"]
    headers_sent[TRACE_HEADER] = [trace_id]
    for name, value in ON_EVERY_ANSWER.items():
        headers_sent.setdefault(name, [value])
    return proxy_answer


def json_answer(
    status: int,
    body: dict[str, Any] | None = None,
    content_type: str = "application/json",
    headers: dict[str, str] | None = None,
) -> ProxyAnswer:
    """An answer with a JSON object, or without a body."""
    return {
        "statusCode": status,
        "multiValueHeaders": {key: [value] for key, value in {"Content-Type": content_type, **(headers or {})}.items()},
        "body": "" if body is None else json.dumps(body, ensure_ascii=False),
        "isBase64Encoded": False,
    }


def _problem(error: Exception) -> problems.Problem:
    if isinstance(error, problems.Problem):
        return error
    if isinstance(error, Temporary):
        unavailable(error)
        return problems.busy()
    unexpected(error)
    return problems.unexpected()
