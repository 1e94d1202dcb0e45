"""The API for customers: workflows, under both of their names, their messages and their webhooks."""

from typing import Any

from aws_lambda_powertools.event_handler import Response

from failover.edges import console, http_edge, http_request, negotiation, reference, resolver
from failover.edges.pages import Page
from failover.outside import Outside
from failover.rules.formats.faults import Fault
from failover.use_cases.callers.authenticate import Caller, authenticate
from failover.use_cases.requests import show
from failover.use_cases.requests.accept import Posted, accept
from failover.use_cases.requests.advance import advance
from failover.use_cases.requests.cancel import cancel
from failover.use_cases.requests.plan import plan
from failover.use_cases.requests.summarize import summarize
from failover.use_cases.webhooks import follow_webhooks
from failover.use_cases.webhooks.redeliver import redeliver, redeliver_failed

api = resolver.make()
outside = Outside().ready("callers", "executions", "lanes", "listing", "recipient_secret", "store")


def post() -> Response[str]:
    event = api.current_event.raw_event
    caller = _caller()
    http_request.require_json(event)
    faults: list[Fault] = []
    key, dry_run = http_request.idempotency_key(event, faults), http_request.flag(event, "dry_run", faults)
    posted = Posted(http_request.raw_body(event), key, tuple(faults))
    if dry_run:
        return resolver.json_response(200, plan(outside, caller, posted))
    base_url = http_request.base_url(event, outside.settings.public_url)
    accepted = accept(outside, caller, posted, _word(), base_url)
    headers = {"Idempotent-Replayed": "true"} if accepted.replayed else {}
    return resolver.json_response(202, {f"{accepted.word}_uuid": accepted.workflow_id}, headers)


def get_list() -> dict[str, Any]:
    return show.show_list(outside, _caller(), http_request.query(api.current_event.raw_event), _word())


def get_summary() -> dict[str, Any]:
    return summarize(outside, _caller(), http_request.query(api.current_event.raw_event))


def get(id: str) -> dict[str, Any]:
    return show.show(outside, _caller(), id)


def get_request(id: str) -> Response[str]:
    return resolver.json_response(200, show.show_request(outside, _caller(), id))


def post_cancel(id: str) -> dict[str, Any]:
    return cancel(outside, _caller(), id)


def post_advance(id: str) -> dict[str, Any]:
    event, caller = api.current_event.raw_event, _caller()
    http_request.require_json(event)
    return advance(outside, caller, id, http_request.raw_body(event))


def get_webhooks(id: str) -> dict[str, Any]:
    return follow_webhooks.show_webhooks(outside, _caller(), id)


def get_webhook(id: str, sequence: str) -> Response[str]:
    return resolver.json_response(200, follow_webhooks.show_webhook(outside, _caller(), id, sequence))


def post_redeliver(id: str, sequence: str) -> tuple[dict[str, Any], int]:
    return redeliver(outside, _caller(), id, sequence), 202


def get_failed_webhooks() -> dict[str, Any]:
    return follow_webhooks.show_failed(outside, _caller(), http_request.query(api.current_event.raw_event))


def post_redeliver_failed() -> tuple[dict[str, Any], int]:
    event, caller = api.current_event.raw_event, _caller()
    http_request.require_json(event)
    return redeliver_failed(outside, caller, http_request.raw_body(event)), 202


def get_message(id: str) -> dict[str, Any]:
    return show.show_message(outside, _caller(), id)


def get_openapi() -> Response[str]:
    return _public(reference.document())


def get_docs() -> Response[str]:
    return _public(reference.page())


def get_console() -> Response[str]:
    settings = outside.settings
    return _public(console.page(settings.messages_version, sandbox=settings.sandbox))


def _public(page: Page) -> Response[str]:
    event = api.current_event.raw_event
    headers: dict[str, str | list[str]] = {
        "Cache-Control": page.cache_control,
        "Vary": "Accept-Encoding",
        **page.headers,
        "ETag": page.etag,
    }
    if negotiation.is_known(http_request.header(event, "If-None-Match"), page.etag):
        return Response(304, body="", headers=headers)
    # Without `Accept`, API Gateway does not decode base64 answers.
    bytes_wanted = bool(http_request.header(event, "Accept"))
    compressed = bytes_wanted and negotiation.takes_gzip(http_request.header(event, "Accept-Encoding"))
    if compressed:
        headers["Content-Encoding"] = "gzip"
    if event["httpMethod"] == "HEAD":
        return Response(200, page.content_type, "", headers)
    answer = Response(200, page.content_type, page.compressed if compressed else page.text, headers)
    answer.base64_encoded = compressed
    return answer


def _caller() -> Caller:
    event = api.current_event.raw_event
    caller = authenticate(outside, http_request.header(event, "Authorization"))
    http_request.require_json_accepted(event)
    return caller


def _word() -> str:
    """The word of the endpoint in use."""
    return "dispatch" if "/dispatch" in api.current_event.path else "workflow"


for collection in ("/workflows", "/dispatch"):
    resolver.serve_at(api, collection, GET=get_list, POST=post)
    resolver.serve_at(api, f"{collection}/summary", GET=get_summary)
    resolver.serve_at(api, f"{collection}/<id>", GET=get)
    resolver.serve_at(api, f"{collection}/<id>/request", GET=get_request)
    resolver.serve_at(api, f"{collection}/<id>/cancel", POST=post_cancel)
    resolver.serve_at(api, f"{collection}/<id>/advance", POST=post_advance)
    resolver.serve_at(api, f"{collection}/<id>/webhooks", GET=get_webhooks)
    resolver.serve_at(api, f"{collection}/<id>/webhooks/<sequence>", GET=get_webhook)
    resolver.serve_at(api, f"{collection}/<id>/webhooks/<sequence>/redeliver", POST=post_redeliver)
resolver.serve_at(api, "/messages/<id>", GET=get_message)
resolver.serve_at(api, "/webhooks", GET=get_failed_webhooks)
resolver.serve_at(api, "/webhooks/redeliver", POST=post_redeliver_failed)
resolver.serve_at(api, "/openapi.json", GET=get_openapi, HEAD=get_openapi)
resolver.serve_at(api, "/docs", GET=get_docs, HEAD=get_docs)
resolver.serve_at(api, "/console", GET=get_console, HEAD=get_console)


def handler(event: http_edge.Event, context: Any) -> http_edge.ProxyAnswer:
    return resolver.serve(api, event, context)
