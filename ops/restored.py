"""The workflows of which something may be lost, because the table was restored to an earlier state (docs/restore.md).

Prints a line of JSON for each workflow that was running at the time of the backup, and, with the old table, for each
one that was created later. `--copy-keys` copies the Idempotency-Keys that only the old table has, so that a repeated
request creates no second workflow. It can be run again, also when the API is open: no newer key is replaced.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ops.report import said

NAMES = {"#id": "id", "#account": "account", "#status": "status", "#reason": "reason"}
SHOWN = "#id, #account, #status, #reason, client_ref, created_at"


def running_at(table: str, at: int) -> Iterator[dict[str, Any]]:
    """Yield the workflows of a table that were running at `at` (ms), or were created later."""
    pages = (
        boto3.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=table,
            FilterExpression="sk = :state AND (attribute_not_exists(ended_at) OR ended_at > :at)",
            ExpressionAttributeValues={":state": {"S": "state"}, ":at": {"N": str(at)}},
            ProjectionExpression=SHOWN,
            ExpressionAttributeNames=NAMES,
        )
    )
    for page in pages:
        for item in page["Items"]:
            plain = {name: next(iter(value.values())) for name, value in item.items()}
            yield {**plain, "created_at": int(plain["created_at"])}


def copy_keys(old: str, new: str) -> int:
    """Copy the Idempotency-Keys of table `old` that table `new` does not have, or has from an earlier use.

    Returns how many. Their workflows are not in `new`: who repeats the request gets its id, and nothing is sent.
    """
    dynamodb, copied = boto3.client("dynamodb"), 0
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=old, FilterExpression="sk = :key", ExpressionAttributeValues={":key": {"S": "idempotency"}}
    )
    for page in pages:
        for item in page["Items"]:
            try:
                dynamodb.put_item(
                    TableName=new,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk) OR expires_at < :expires_at",
                    ExpressionAttributeValues={":expires_at": item["expires_at"]},
                )
                copied += 1
            except dynamodb.exceptions.ConditionalCheckFailedException:
                pass  # the backup has it, or an earlier run, or a request since the API is open
    return copied


def affected(now: list[dict[str, Any]], before: list[dict[str, Any]], at: int) -> list[dict[str, Any]]:
    """Return a row for each affected workflow, by account and age.

    `now` and `before` are those of the restored and of the old table, `at` is the time of the backup.
    """
    old = {one["id"]: one for one in before}
    rows = [_row(one, old.get(one["id"]), one) for one in now if one["created_at"] <= at]
    known = {one["id"] for one in now}
    rows += [_row(one, one, None) for one in before if one["created_at"] > at and one["id"] not in known]
    return sorted(rows, key=lambda row: (row["account"], row["created_at"]))


def _row(one: dict[str, Any], before: dict[str, Any] | None, now: dict[str, Any] | None) -> dict[str, Any]:
    created = datetime.fromtimestamp(one["created_at"] / 1000, UTC).isoformat(timespec="milliseconds")
    reference = {"client_ref": one["client_ref"]} if "client_ref" in one else {}
    return {
        "account": one["account"],
        "workflow": one["id"],
        **reference,
        "created_at": created,
        "old_table": _state(before) if before else "unknown",
        "this_table": _state(now) if now else "gone",
    }


def _state(one: dict[str, Any]) -> str:
    return f"{one['status']}: {one['reason']}" if "reason" in one else str(one["status"])


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m ops restored", description=__doc__)
    parser.add_argument("--table", required=True, help="the restored table")
    parser.add_argument("--old", help="the table from before, if it can be read")
    parser.add_argument("--backup", required=True, type=_ms, metavar="TIME", help="its time: 2026-11-26T09:59:00Z")
    parser.add_argument("--copy-keys", action="store_true", help="copy the Idempotency-Keys of the old table")
    asked = parser.parse_args(argv)
    if asked.copy_keys and not asked.old:
        parser.error("--copy-keys needs --old")
    if asked.old == asked.table:
        parser.error("--table and --old are the same table")
    try:
        before = list(running_at(asked.old, asked.backup)) if asked.old else []
        for row in affected(list(running_at(asked.table, asked.backup)), before, asked.backup):
            print(json.dumps(row))
        if asked.copy_keys:
            print(f"{copy_keys(asked.old, asked.table)} keys copied", file=sys.stderr)
    except (ClientError, BotoCoreError) as error:
        print(f"restored: {said(error)}: run it again; what is copied stays", file=sys.stderr)
        return 1
    return 0


def _ms(text: str) -> int:
    """An instant in ms. One without a time zone would be one of this machine's."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise argparse.ArgumentTypeError("it is no time like 2026-11-26T09:59:00Z")
    return int(instant.timestamp() * 1000)
