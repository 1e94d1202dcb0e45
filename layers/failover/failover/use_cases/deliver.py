"""Deliver one webhook to its customer: one attempt, and the next one put on the queue if it is worth it."""

from dataclasses import replace

import simplejson

from failover.adapters.deliveries import Known
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules import delivery, hanging, signature, webhooks
from failover.rules.delivery import Answered, Attempted, Forbidden, Task
from failover.rules.hanging import Host
from failover.rules.workflow import Entry


def deliver(outside: Outside, task: Task) -> None:
    """Make the attempt a task asks for, unless it has been made.

    The next attempt is queued before this one is recorded: what is recorded has been followed up, so a message that
    comes twice, or a second series beside the first, ends here. Whatever dies in between is attempted once more.
    """
    known = outside.deliveries.prepare(task)
    if known is None:
        logger.warning("no attempt: it is gone, or another caller's", sequence=task.sequence, attempt=task.attempt)
        return
    if task.attempt <= known.last_attempt:
        logger.info("no attempt: made already", sequence=task.sequence, attempt=task.attempt)
        return
    url, entry = known.url, webhooks.find(known.workflow, task.sequence)
    if url is None or entry is None:
        logger.info("no webhook", sequence=task.sequence, url_known=url is not None)
        return
    host = outside.hosts.find(task.account, hanging.name(url))
    began = outside.now()
    attempted = _attempted(outside, known, url, entry) if _may_be_asked(outside, host, began) else hanging.HELD_BACK
    milliseconds = outside.now() - began
    state = _followed_up(outside, replace(task, since=task.since or began), attempted)
    result = {"answer": attempted.status} if isinstance(attempted, Answered) else {"error": attempted.reason}
    attempt = {"number": task.attempt, "at": began, "milliseconds": milliseconds, **result}
    outside.deliveries.record(known.workflow, task, attempt, state)
    if hanging.timed_out(attempted):
        outside.hosts.timed_out(host, outside.now())
    elif host.timeouts and attempted != hanging.HELD_BACK:
        outside.hosts.answered(host)
    logger.info("webhook", sequence=task.sequence, attempt=task.attempt, state=state, **result)


def _may_be_asked(outside: Outside, host: Host, now: int) -> bool:
    """A host that hangs is asked by one of all the webhooks that wait for it, every now and then."""
    if not host.hangs or outside.hosts.probe(host, now):
        return True
    count("WebhooksHeldBack")
    return False


def _attempted(outside: Outside, known: Known, url: str, entry: Entry) -> Attempted:
    try:
        document = webhooks.body(known.workflow, known.content, entry)
    except webhooks.ContentDropped:
        return Forbidden("the content has been dropped")
    raw = simplejson.dumps(document, ensure_ascii=False, use_decimal=True).encode()
    return outside.webhooks.post(url, raw, {"Authorization": _authorization(outside, known, raw)})


def _authorization(outside: Outside, known: Known, raw: bytes) -> str:
    now, api_key = outside.now(), known.workflow.account
    generation = signature.generation(known.account.get("signatures", []), now)
    secret = signature.secret_of_account(outside.webhook_secret.value()["signing_key"], api_key, generation)
    return signature.authorization(raw, secret, now / 1000, api_key, known.workflow.application)


def _followed_up(outside: Outside, task: Task, attempted: Attempted) -> str:
    """Queue the next attempt, where one is due; the state the webhook is in now."""
    if delivery.delivered(attempted):
        count("WebhooksDelivered")
        return "delivered"
    if not delivery.worth_repeating(attempted):
        count("WebhooksRefused")
        return "failed"
    seconds = delivery.pause(task.series)
    if delivery.may_go_on(task.since, outside.now(), seconds):
        count("WebhooksPutOff")
        outside.webhook_queue.add(replace(task, attempt=task.attempt + 1, series=task.series + 1), seconds)
        return "pending"
    count("WebhooksGivenUp")
    logger.error("webhook given up", sequence=task.sequence, attempt=task.attempt)
    outside.webhook_queue.bury(replace(task, attempt=task.attempt + 1, series=1, since=0))
    return "failed"
