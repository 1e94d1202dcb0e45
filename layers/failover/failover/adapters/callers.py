"""Accounts and applications: who may call."""

from typing import Any

from botocore.exceptions import ClientError

from failover.adapters import aws
from failover.adapters.table import Item, Table, condition_failed, key, marshalled


class AlreadyExists(Exception):
    """There is an item with this key."""


class Outdated(Exception):
    """The item is no longer what it was when it was read."""


class Callers:
    """Every method raises `aws.Unavailable` when DynamoDB throttles or is out of reach."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find_account(self, api_key: str) -> Item | None:
        return self._table.get(f"account#{api_key}", "account")

    def add_account(self, api_key: str, account: Item) -> None:
        self._add({**key(f"account#{api_key}", "account"), **account})

    def replace(self, api_key: str, name: str, known: Any, value: Any) -> None:
        """Put `value` in the place of an account's attribute, `known` (None: it has none). Raises Outdated."""
        self._set(key(f"account#{api_key}", "account"), name, known, value)

    def replace_of_application(self, application_id: str, name: str, known: Any, value: Any) -> None:
        """The same for an application."""
        self._set(key(f"application#{application_id}", "application"), name, known, value)

    def find_application(self, application_id: str) -> Item | None:
        return self._table.get(f"application#{application_id}", "application")

    def add_application(self, application_id: str, application: Item) -> None:
        self._add({**key(f"application#{application_id}", "application"), **application})

    def _add(self, item: Item) -> None:
        try:
            with aws.failures("dynamodb"):
                self._table.client.put_item(**self._table.put(item, "attribute_not_exists(pk)"))
        except ClientError as error:
            if condition_failed(error):
                raise AlreadyExists(item["sk"]) from None
            raise RuntimeError(f"dynamodb: {aws.error_code(error)}") from None

    def _set(self, place: dict[str, str], name: str, known: Any, value: Any) -> None:
        values = {":value": value} if known is None else {":value": value, ":known": known}
        try:
            with aws.failures("dynamodb"):
                self._table.client.update_item(
                    TableName=self._table.name,
                    Key=marshalled(place),
                    UpdateExpression="SET #name = :value",
                    ConditionExpression="attribute_not_exists(#name)" if known is None else "#name = :known",
                    ExpressionAttributeNames={"#name": name},
                    ExpressionAttributeValues=marshalled(values),
                )
        except ClientError as error:
            if condition_failed(error):
                raise Outdated from None
            raise RuntimeError(f"dynamodb: {aws.error_code(error)}") from None
