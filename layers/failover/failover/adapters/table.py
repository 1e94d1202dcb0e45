"""The one table, as plain dicts. Keys, number types and conditions of DynamoDB stay in here.

pk                    sk             what
workflow#<id>         content        what is to be sent to whom; never changed
workflow#<id>         state          ids, steps' states, timeline, task token: small, and versioned
workflow#<id>         webhook#<n>    the attempts to deliver the webhook with sequence n
message#<uuid>        pointer        the workflow and step of a message
idempotency#<hash>    idempotency    the workflow that an account made with an Idempotency-Key
account#<api key>     account        name, hashes of its secrets, status URL
application#<id>      application    account, public key, status URL
registry#<list>       <key or id>    an entry in the list of all accounts, or of an account's applications
host#<key>#<hash>     host           consecutive timeouts of a host that an account's webhooks go to
lane#<name>           lane           the next free time of a lane (`rules.pacing.lane`)
recipient#<hash>      workflow#<id>  a workflow that has this recipient, and what its erasure did
erasure#<list>        <hash>         when a recipient was erased

An item counts as gone once its `expires_at` (seconds) has passed; DynamoDB may take days longer to remove it.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from failover.adapters import aws, clock
from failover.errors import Overtaken
from failover.rules.formats.stored import UnreadableItem, checked

type Item = dict[str, Any]

WRITES_KEPT = 128
"""Write ids kept in an item that is replaced as a whole: more than the writes that can happen while one is retried.

A write and the reads after it are retried for about 20 seconds. Meanwhile the state machine, the sends and `reconcile`
write a few times, and callbacks at most 12 times for each step: `status_entries.MOST_STATUS_ENTRIES` entries, and then
each of the five known statuses once.
"""


class ConditionFailed(Overtaken):
    """DynamoDB refused a write: its condition was not met, or another write of the same item was in progress.

    `refused` has the positions of the writes of a transaction whose own condition was not met. It is empty for a single
    write, and if another write was in progress.
    """

    def __init__(self, refused: frozenset[int] = frozenset()) -> None:
        super().__init__("the condition was not met")
        self.refused = refused


_CONDITION_FAILED = frozenset({"ConditionalCheckFailedException", "TransactionConflictException"})
_WRITE_REFUSED = frozenset({"ConditionalCheckFailed", "TransactionConflict"})
"""The same of one write in a transaction."""


class AlreadyExists(Overtaken):
    """There is an item with this key already."""


@contextmanager
def calls() -> Iterator[None]:
    """Turn the errors of DynamoDB into `ConditionFailed`, `aws.Unavailable` and `aws.AwsError`."""
    try:
        with aws.failures("dynamodb"):
            yield
    except aws.AwsError as error:
        if error.code in _CONDITION_FAILED or not _WRITE_REFUSED.isdisjoint(error.cancellations):
            refused = frozenset(n for n, code in enumerate(error.cancellations) if code == "ConditionalCheckFailed")
            raise ConditionFailed(refused) from None
        raise


def new_write_id() -> str:
    """An id for one write of an item, by which its writer recognizes it if the answer gets lost."""
    return secrets.token_urlsafe(6)


def with_write(writes: Iterable[str], write_id: str) -> tuple[str, ...]:
    """The write ids that an item keeps after `write_id` is added."""
    return (*writes, write_id)[-WRITES_KEPT:]


MOST_AT_ONCE = 100
"""Items that DynamoDB reads in one BatchGetItem."""
_PAUSE = 0.05
_LONGEST_WAIT = 5.0
"""Seconds that one reading of many items waits in total for keys that DynamoDB left unprocessed."""


class Table:
    """Every method raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(
        self,
        name: str,
        client: Any = None,
        now: Callable[[], int] = clock.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`now`: milliseconds since the epoch."""
        self.name = name
        self.client = client or _client()
        self.now = now
        self.sleep = sleep

    def get(self, pk: str, sk: str) -> Item | None:
        """An item as it is now (a consistent read)."""
        with calls():
            answer = self.client.get_item(TableName=self.name, Key=marshalled(key(pk, sk)), ConsistentRead=True)
        return next(iter(self.present([answer["Item"]])), None) if "Item" in answer else None

    def get_all(
        self,
        *keys: tuple[str, str],
        unreadable: Callable[[UnreadableItem], None] | None = None,
        consistent: bool = True,
    ) -> dict[tuple[str, str], Item]:
        """The items of any number of keys that exist, MOST_AT_ONCE in a call. `unreadable` is that of `present`.

        DynamoDB leaves keys unprocessed when it throttles, or when an answer would be too large. They are read again,
        after pauses that double while nothing is read; Unavailable is raised once these come to five seconds.
        """
        pending = [marshalled(key(*pair)) for pair in dict.fromkeys(keys)]
        found: list[Item] = []
        pause, waited = _PAUSE, 0.0
        while pending:
            wanted = {"Keys": pending[:MOST_AT_ONCE], "ConsistentRead": consistent}
            with calls():
                answer = self.client.batch_get_item(RequestItems={self.name: wanted})
            items = answer["Responses"].get(self.name, [])
            found += self.present(items, unreadable)
            unprocessed = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            pending = unprocessed + pending[MOST_AT_ONCE:]
            if unprocessed:
                pause = _PAUSE if items else 2 * pause
                if waited + pause > _LONGEST_WAIT:
                    raise aws.Unavailable("dynamodb: some keys were not read")
                self.sleep(pause)
                waited += pause
        return {(item["pk"], item["sk"]): item for item in found}

    def following(self, pk: str, after: str | None, limit: int) -> list[Item]:
        """Up to `limit` items of a partition whose sort keys follow `after`, ordered by them (a consistent read).

        Items that have expired are among them.
        """
        behind, value = ("", {}) if after is None else (" AND sk > :after", {":after": after})
        with calls():
            answer = self.client.query(
                TableName=self.name,
                ConsistentRead=True,
                KeyConditionExpression=f"pk = :pk{behind}",
                ExpressionAttributeValues=marshalled({":pk": pk, **value}),
                Limit=limit,
            )
        return [plain(item) for item in answer["Items"]]

    def present(
        self, items: Iterable[dict[str, Any]], unreadable: Callable[[UnreadableItem], None] | None = None
    ) -> list[Item]:
        """DynamoDB's items as plain dicts, without those that are gone.

        Raises UnreadableItem, or, with `unreadable`, leaves such an item out and calls it with the error.
        """
        seconds, found = self.now() // 1000, []
        for item in items:
            try:
                read = plain(item)
                if checked(read, "expires_at", int, seconds + 1) > seconds:
                    found.append(read)
            except UnreadableItem as error:
                if unreadable is None:
                    raise
                unreadable(error)
        return found

    def put(self, item: Item, condition: str | None = None, **values: Any) -> dict[str, Any]:
        """The arguments of a PutItem. `:name` in `condition` stands for the keyword argument `name`."""
        return self._request({"Item": marshalled(item)}, condition, values)

    def delete(self, item: Item, condition: str | None = None, **values: Any) -> dict[str, Any]:
        """The arguments of a DeleteItem, likewise."""
        return self._request({"Key": marshalled(key(item["pk"], item["sk"]))}, condition, values)

    def _request(self, what: dict[str, Any], condition: str | None, values: Item) -> dict[str, Any]:
        request = {"TableName": self.name, **what}
        if condition is not None:
            request["ConditionExpression"] = condition
        if values:
            request["ExpressionAttributeValues"] = marshalled({f":{name}": value for name, value in values.items()})
        return request


def _client() -> Any:
    client = aws.client("dynamodb")
    client.meta.events.register("before-parse.dynamodb.BatchGetItem", _parse)
    return client


def _parse(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Parse many items in a tenth of the time that botocore's parser takes, with the same result.

    The parser looks for every possible type at each attribute. Only binary values, of which our items have none, differ
    from the JSON that DynamoDB answers with.
    """
    body = response_dict["body"]
    if response_dict["status_code"] == 200 and b'"B":' not in body and b'"BS":' not in body:
        customized_response_dict.update(json.loads(body))
        response_dict["body"] = b"{}"


def key(pk: str, sk: str) -> dict[str, str]:
    return {"pk": pk, "sk": sk}


def marshalled(item: Item) -> dict[str, Any]:
    serialize = TypeSerializer().serialize
    return {name: serialize(value) for name, value in item.items()}


def plain(item: dict[str, Any]) -> Item:
    """DynamoDB's item as a plain dict. Numbers are integers; one that is not whole, or is too long, is a Decimal.

    All of ours are whole, so `checked` refuses any other; a later release may have stored one that this one carries.
    """
    return {name: _plain(attribute) for name, attribute in item.items()}


_deserialize = TypeDeserializer().deserialize


def _plain(attribute: dict[str, Any]) -> Any:
    """As TypeDeserializer, in half the time: a summary reads a thousand items."""
    for kind, content in attribute.items():
        if kind == "S":
            return content
        if kind == "N":
            return _number(content)
        if kind == "M":
            return {name: _plain(one) for name, one in content.items()}
        if kind == "L":
            return [_plain(one) for one in content]
    return _deserialize(attribute)


def _number(number: str) -> int | Decimal:
    if number.isdecimal() and len(number) <= _DIGITS:
        return int(number)
    value: Decimal = _deserialize({"N": number})
    whole = value == value.to_integral_value() and value.adjusted() < _DIGITS
    return int(value) if whole else value


_DIGITS = 38
"""That a number of DynamoDB can have."""
