"""Deliver one webhook: make one attempt, and queue the next one if it should be retried."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import simplejson

from failover.adapters.webhooks.deliveries import Known
from failover.observability import count, logger, passed_over
from failover.outside import Outside
from failover.rules.webhooks import attempts, bodies, delivery, hanging, signing
from failover.rules.webhooks.delivery import Answered, Attempted, Task
from failover.rules.webhooks.hanging import Host
from failover.rules.workflow import publication
from failover.rules.workflow.state import Entry
from failover.use_cases.workflow.transition import TooContended


class AttemptUnderWay(TooContended):
    """Another delivery has claimed this attempt. If that one dies, this message comes again and takes over."""


def deliver(outside: Outside, task: Task) -> None:
    """Make the attempt of a task, unless it has been made. Raises AttemptUnderWay.

    An attempt is claimed before it is made, so of two deliveries one makes it, and a webhook has one series of attempts
    no matter how many messages ask for it. The next attempt is queued before this one is recorded: from then on the new
    message carries the series, and no failure may bring this one back.
    """
    known = outside.deliveries.known(task)
    if known is None:
        logger.warning("webhook skipped: workflow or account gone", sequence=task.sequence, attempt=task.attempt)
        return
    began = outside.now()
    number = delivery.number(task, known.last_attempt)
    if number == known.last_attempt and delivery.under_way(known.claimed_at, began):
        raise AttemptUnderWay
    if number < known.last_attempt or (number == known.last_attempt and known.claimed_at is None):
        logger.info("webhook skipped: attempt made already", sequence=task.sequence, attempt=number)
        return
    if number > delivery.LAST_ATTEMPT:
        count("WebhooksGivenUp")
        logger.error("webhook given up", sequence=task.sequence, attempt=number)
        return
    if publication.of_later_release(known.workflow, task.sequence):
        logger.error("webhook put aside: only a later release knows it", sequence=task.sequence)
        outside.webhook_queue.bury(task)
        return
    url, entry = known.url, publication.find(known.workflow, task.sequence)
    if url is None or entry is None:
        logger.info("webhook skipped: no URL, or no such webhook", sequence=task.sequence, url_known=url is not None)
        return
    task = replace(task, attempt=number, since=delivery.began(task, began))
    request = _request(outside, known, url, entry)
    host = outside.hosts.find(task.account, hanging.name(url))
    attempt_now = request if _may_be_asked(outside, host, began) else lambda: hanging.HELD_BACK
    claim_id = outside.deliveries.claim(known.workflow, task.sequence, number, began)
    if claim_id is None:
        raise AttemptUnderWay
    attempted = attempt_now()
    milliseconds = outside.now() - began
    follow_up = _followed_up(outside, task, attempted)
    result = {"answer": attempted.status} if isinstance(attempted, Answered) else {"error": attempted.reason}
    attempt = {"number": number, "at": began, "milliseconds": milliseconds, **result}
    if follow_up.next_attempt_at is not None:
        attempt[attempts.NEXT] = follow_up.next_attempt_at
    _recorded(outside, known, task, claim_id, attempt, follow_up.state, required=not follow_up.queued)
    _about_the_host(outside, host, claim_id, attempted)
    logger.info("webhook attempted", sequence=task.sequence, attempt=number, state=follow_up.state, **result)


def _request(outside: Outside, known: Known, url: str, entry: Entry) -> Callable[[], Attempted]:
    """The attempt, ready to be made: everything that can fail before it is done here."""
    document = bodies.body(known.workflow, known.content, entry)
    raw = simplejson.dumps(document, ensure_ascii=False, use_decimal=True).encode()
    headers = {"Authorization": _authorization(outside, known, raw)}
    return lambda: outside.webhooks.post(url, raw, headers)


def _authorization(outside: Outside, known: Known, raw: bytes) -> str:
    now, api_key = outside.now(), known.workflow.account
    generation = signing.generation(known.account.get("signatures", []), now)
    secret = signing.secret_of_account(outside.webhook_secret.value()["signing_key"], api_key, generation)
    return signing.authorization(raw, secret, now / 1000, api_key, known.workflow.application, str(uuid.uuid4()))


def _may_be_asked(outside: Outside, host: Host, now: int) -> bool:
    """True for a host that answers, and for the one probe of a hanging host."""
    if not host.hangs or outside.hosts.probe(host, now):
        return True
    count("WebhooksHeldBack")
    return False


@dataclass(frozen=True)
class _FollowUp:
    """What follows an attempt."""

    state: str
    """The webhook's state after the attempt."""
    queued: bool = False
    """Another message carries the webhook on."""
    next_attempt_at: int | None = None
    """When the retry is due (ms), if there is one."""


def _followed_up(outside: Outside, task: Task, attempted: Attempted) -> _FollowUp:
    """Queue the next attempt if there is one."""
    if delivery.delivered(attempted):
        count("WebhooksDelivered")
        return _FollowUp("delivered")
    if not delivery.worth_repeating(attempted):
        count("WebhooksRefused")
        return _FollowUp("failed")
    if task.attempt >= delivery.LAST_ATTEMPT:
        count("WebhooksGivenUp")
        logger.error("webhook given up", sequence=task.sequence, attempt=task.attempt)
        return _FollowUp("failed")
    seconds, now = delivery.pause(task.series), outside.now()
    if delivery.may_go_on(task.since, now, seconds):
        count("WebhooksPutOff")
        outside.webhook_queue.add(delivery.following(task), seconds)
        return _FollowUp("pending", queued=True, next_attempt_at=now + seconds * 1000)
    count("WebhooksGivenUp")
    logger.error("webhook given up", sequence=task.sequence, attempt=task.attempt)
    outside.webhook_queue.bury(delivery.redriven(task))
    return _FollowUp("failed", queued=True)


def _recorded(
    outside: Outside, known: Known, task: Task, claim_id: str, attempt: dict[str, Any], state: str, *, required: bool
) -> None:
    """Record the attempt. A failure is raised if `required`: then no other message carries the webhook on."""
    try:
        outside.deliveries.record(known.workflow, task.sequence, claim_id, attempt, state)
    except Exception as error:
        if required:
            raise
        passed_over(error)
        count("AttemptsUnrecorded")


def _about_the_host(outside: Outside, host: Host, claim_id: str, attempted: Attempted) -> None:
    """Record a timeout, or forget earlier ones. The attempt is recorded already, so failures are only logged."""
    try:
        if hanging.timed_out(attempted):
            outside.hosts.timed_out(host, claim_id, outside.now())
        elif host.timeouts and attempted != hanging.HELD_BACK:
            outside.hosts.answered(host)
    except Exception as error:
        passed_over(error)
