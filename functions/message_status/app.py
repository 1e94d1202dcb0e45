"""`POST /webhooks/message-status`: the status callbacks of the Messages API."""

from typing import Any

from failover import problems
from failover.edges import http_edge, http_request
from failover.observability import count
from failover.outside import Outside
from failover.use_cases.receipts.receive import receive

outside = Outside().ready("executions", "signature_secret", "store")


def handler(event: http_edge.Event, context: Any) -> http_edge.ProxyAnswer:
    return http_edge.guarded(event, _received)


def _received(event: http_edge.Event) -> http_edge.ProxyAnswer:
    if event["httpMethod"] != "POST":
        count("CallbacksNotPosted")  # with GET the query string has addresses, so it is not logged
        raise problems.wrong_verb(event["httpMethod"], ["POST"])
    receive(outside, http_request.header(event, "Authorization"), http_request.raw_body(event))
    return http_edge.json_answer(200, {})
