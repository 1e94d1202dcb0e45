"""The sandbox: answers like the Messages API, keeps what was sent, schedules the callbacks of a recipient's script.

An account sees the messages on its phones here, and reports their statuses.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools.event_handler import Response

from answering import answer, status_of
from callers import Form, checked
from failover import problems
from failover.adapters import aws
from failover.edges import http_edge, http_request, resolver
from failover.observability import logger
from failover.outside import Outside
from failover.rules.formats import strict_json
from failover.rules.sending.client_ref import parse_client_ref
from failover.rules.sending.outgoing import callback_url
from failover.rules.timing.instants import iso
from failover.use_cases.callers.authenticate import authenticate
from failover.use_cases.requests.body import check_size, parsed
from keeping import Kept, Key
from limiting import Limit
from messages_contract import Sent, invalid, is_reference, rate_limited, understood
from phones import phones
from recipients import SCRIPTS, is_phone, script_of
from scheduling import Schedule

api = resolver.make()
outside = Outside().ready("callers", "messages_secret", "store")
kept, schedule, limit = Kept(), Schedule(), Limit()


@api.post("/sandbox/<version>/messages")
def post(version: str) -> tuple[dict[str, Any], int]:
    event = api.current_event.raw_event
    form = _authenticate(event)
    _limited()
    raw = http_request.raw_body(event)
    check_size(raw)
    try:
        body = strict_json.parse(raw)
    except strict_json.InvalidJson as error:
        raise invalid("body", error.reason) from None
    sent = understood(version, body)
    own_callback_url = callback_url(http_request.base_url(event, outside.settings.public_url))
    if sent.callback_url not in (None, own_callback_url):
        raise invalid("webhook_url", "the sandbox calls no host but its own")
    script = script_of(sent.recipient)
    if script is None or script.answer == 422:
        raise invalid("to", "not a recipient of the sandbox")
    key = Key(sent.client_ref, str(uuid.uuid4()))
    with _not_retried():
        kept.keep(key, version, body, own_callback_url, form, outside.now(), _account(sent))
    if script.answer == 429:
        raise rate_limited({"Retry-After": "1"})
    if script.answer == 500:
        raise problems.Problem(problems.INTERNAL, "Internal Error")
    with _not_retried():
        schedule.all(key, script.receipts)
    return {"message_uuid": key.message_uuid}, 202


@api.get("/sandbox/messages")
def get() -> Response[str]:
    """The requests with `?client_ref=…`, both accepted and answered with an error."""
    _authenticate(api.current_event.raw_event)
    client_ref = http_request.query(api.current_event.raw_event).get("client_ref", "")
    if not is_reference(client_ref):
        raise invalid("client_ref", "not a string of at most 40 characters")
    return resolver.json_response(200, {"messages": kept.of(client_ref, outside.now())})


@api.get("/sandbox/phones")
def get_phones() -> Response[str]:
    """The messages of the last day on the account's phones, and the recipients that have a script."""
    account, now = _account_signed_in(), outside.now()
    scripts = [{"id": f"sim-{one.name}", "number": one.number, "summary": one.summary} for one in SCRIPTS.values()]
    listed = phones(kept.on_phones(account, now))
    return resolver.json_response(200, {"as_of": iso(now), "phones": listed, "scripts": scripts})


@api.post("/sandbox/messages/<message_uuid>/status")
def post_status(message_uuid: str) -> tuple[dict[str, Any], int]:
    """Report a status of a message on a phone of the account."""
    event, account = api.current_event.raw_event, _account_signed_in()
    http_request.require_json(event)
    raw = http_request.raw_body(event)
    check_size(raw)
    status = status_of(parsed(raw))
    answer(outside, kept, schedule, account, message_uuid, status)
    return {"message_uuid": message_uuid, "status": status}, 202


def _limited() -> None:
    """Raises Problem (429) above the limit, without `Retry-After`, which the vendor does not document."""
    if limit.per_second == 0:
        return
    taken = limit.takes(outside.now())
    logger.info("sandbox: request", taken=taken)
    if not taken:
        raise rate_limited({})


def _account(sent: Sent) -> str | None:
    """The account whose phone a message goes to. Returns None without a phone, or without a workflow of this stack."""
    place = parse_client_ref(sent.client_ref or "") if is_phone(sent.recipient) else None
    workflow = outside.store.read(place[0]) if place else None
    return workflow.account if workflow else None


def _account_signed_in() -> str:
    """The account that signs in, as at the API for customers. Raises Problem (401, 406)."""
    event = api.current_event.raw_event
    caller = authenticate(outside, http_request.header(event, "Authorization"))
    http_request.require_json_accepted(event)
    return caller.account


@contextmanager
def _not_retried() -> Iterator[None]:
    """If AWS fails, answer 500: the message may have been kept, so the client must not retry."""
    try:
        yield
    except aws.Unavailable:
        raise problems.Problem(problems.INTERNAL, "Internal Error") from None


def _authenticate(event: http_edge.Event) -> Form:
    """The vendor knows new credentials at once; here the secret is read again if the cached one does not fit."""
    authorization = http_request.header(event, "Authorization")
    secret = outside.messages_secret
    try:
        return checked(secret.value(), authorization, outside.now() / 1000)
    except problems.Problem:
        if not authorization or not secret.refreshed():
            raise
        return checked(secret.value(), authorization, outside.now() / 1000)


def handler(event: http_edge.Event, context: Any) -> http_edge.ProxyAnswer:
    return resolver.serve(api, event, context)
