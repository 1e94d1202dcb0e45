"""Receive a status callback: check that it is genuine, record it once, end the race if it decides it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from failover import problems
from failover.adapters.workflow.store import Pointer
from failover.observability import count, logger
from failover.outside import Outside
from failover.rules.channels.statuses import STATUSES
from failover.rules.receipts import callback_signature
from failover.rules.receipts.receipt import Receipt, UnreadableReceipt, parse_receipt
from failover.rules.sending import client_ref
from failover.rules.workflow import retention, transitions
from failover.rules.workflow.state import Workflow
from failover.rules.workflow.status_entries import StatusesFull
from failover.use_cases.requests import body
from failover.use_cases.workflow.transition import Decision, transition

_PATIENCE = 300_000
"""Milliseconds after its timestamp in which the message of an unknown callback may still become known."""


def receive(outside: Outside, authorization: str | None, raw: bytes) -> None:
    """Record one callback. When this returns, the vendor need not send it again.

    Raises Problem: 503 (unsigned, message not known yet, or signature cannot be checked now; the vendor retries),
    401 (forged), 400 (unreadable), 413. The last two are counted, because the vendor does not retry them.
    """
    with _counted():
        body.check_size(raw, body.MAX_CALLBACK_BYTES)
    issued_at = _check_signature(outside, authorization, raw)
    count("GenuineReceipts")
    with _counted():
        receipt = _receipt(raw)
    if receipt.status not in STATUSES:
        logger.warning("unknown status", status=receipt.status)
        count("UnknownStatuses")

    place = _place(outside, receipt, issued_at)
    workflow = outside.store.read(place[0]) if place else None
    if place is None or workflow is None or place[1] >= len(workflow.steps):
        logger.warning("callback for an unknown message", status=receipt.status)
        count("UnknownReceipts")
        return
    logger.append_keys(workflow_id=workflow.id)
    number = place[1]

    def received(receipt: Receipt) -> Decision:
        return lambda current: transitions.received(current, number, receipt, outside.now())

    pointer, without_id = _pointer(outside, workflow, number, receipt), replace(receipt, message_uuid=None)
    try:
        change = transition(outside, workflow, received(receipt), pointer, received(without_id))
    except StatusesFull:
        logger.warning("status not recorded: timeline full", step=number, status=receipt.status)
        count("ReceiptsDropped")
        return
    logger.info("status received", step=number, status=receipt.status, known=change is None)
    if change is None:
        count("RepeatedReceipts")


@contextmanager
def _counted() -> Iterator[None]:
    """Count a callback that cannot be read."""
    try:
        yield
    except problems.Problem as problem:
        logger.warning("callback refused: unreadable", type=problem.kind.type)
        count("UnreadableReceipts")
        raise


def _receipt(raw: bytes) -> Receipt:
    """Raises Problem (400)."""
    try:
        return parse_receipt(body.parsed_callback(raw))
    except UnreadableReceipt as error:
        fault = {"name": error.field, "reason": "Missing, or not a value this API knows"}
        raise problems.invalid_parameters([fault]) from None


def _pointer(outside: Outside, workflow: Workflow, number: int, receipt: Receipt) -> Pointer | None:
    """A pointer for a message whose id its send has not recorded yet, so that the link to the message works."""
    if receipt.message_uuid is None or workflow.steps[number].message_uuid is not None:
        return None
    return Pointer(receipt.message_uuid, number, retention.pointers_expire_at(workflow, outside.now()))


def _check_signature(outside: Outside, authorization: str | None, raw: bytes) -> int:
    """When the callback was signed (ms)."""
    if not authorization:
        count("UnsignedReceipts")
        raise problems.unavailable("This callback is not signed: send it again, signed.", retry_after=5)
    secret = outside.signature_secret
    now = outside.now() / 1000
    try:
        try:
            return 1000 * callback_signature.check_any(authorization, raw, _secrets(secret.value()), now)
        except callback_signature.Forged:
            if not secret.refreshed():
                raise
            return 1000 * callback_signature.check_any(authorization, raw, _secrets(secret.value()), now)
    except callback_signature.Forged as error:
        if secret.doubtful:
            raise problems.unavailable("The signature cannot be checked right now.", retry_after=30) from None
        logger.warning("callback refused: forged", reason=str(error))
        count("ForgedReceipts")
        raise problems.Problem(problems.INVALID_SIGNATURE, "The signature does not fit this body.") from None


def _secrets(value: dict[str, str]) -> list[str]:
    """The valid secrets: the vendor retries a callback for a day with its first signature."""
    return [value["signature_secret"], *filter(None, [value.get("previous_signature_secret")])]


def _place(outside: Outside, receipt: Receipt, issued_at: int) -> tuple[str, int] | None:
    """(workflow id, step number) of a receipt: by our client_ref, else by the message id."""
    if receipt.client_ref is not None and (place := client_ref.parse_client_ref(receipt.client_ref)):
        return place
    place = outside.store.find_message(receipt.message_uuid) if receipt.message_uuid else None
    happened_at = issued_at if receipt.timestamp is None else receipt.timestamp
    if place is None and receipt.client_ref is None and outside.now() - happened_at < _PATIENCE:
        raise problems.unavailable("This message is not known yet.", retry_after=5)
    return place
