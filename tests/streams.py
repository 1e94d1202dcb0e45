"""Records of the table's stream, as its consumer gets them."""

from itertools import pairwise
from typing import Any

import boto3

from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted
from failover.rules.workflow import transitions
from tests.examples import ID, MESSENGER, NOW, SMS, TWO_STEPS, workflow
from tests.world import World

Item = dict[str, Any]


def state(world: World) -> Item:
    """The state item as the table holds it."""
    key = {"pk": {"S": f"workflow#{ID}"}, "sk": {"S": "state"}}
    return boto3.client("dynamodb").get_item(TableName=world.table, Key=key)["Item"]


def record(before: Item | None, after: Item | None) -> Item:
    """A record in the form of DynamoDB Streams, with both images."""
    images = {name: image for name, image in (("OldImage", before), ("NewImage", after)) if image}
    keys = {name: (after or before)[name] for name in ("pk", "sk")}
    event = "MODIFY" if before and after else "INSERT" if after else "REMOVE"
    return {"eventName": event, "dynamodb": {"Keys": keys, **images, "StreamViewType": "NEW_AND_OLD_IMAGES"}}


def history(world: World) -> list[Item]:
    """The records of a workflow's life, made from the items really written."""
    world.put(workflow(*TWO_STEPS, account=world.api_key), [MESSENGER, SMS])
    images: list[Item | None] = [None, state(world)]
    for happened in (
        lambda flow: transitions.claimed(flow, 0, NOW),
        lambda flow: transitions.answered(flow, 0, Accepted("u"), NOW),
        lambda flow: transitions.received(flow, 0, Receipt("submitted", "u", None, None), NOW),
        lambda flow: transitions.received(flow, 0, Receipt("delivered", "u", None, None), NOW),
        lambda flow: transitions.claimed(flow, 1, NOW + 700_000),
        lambda flow: transitions.answered(flow, 1, Accepted("v"), NOW + 700_000),
        lambda flow: transitions.received(flow, 1, Receipt("delivered", "v", None, None), NOW + 701_000),
        lambda flow: transitions.received(flow, 0, Receipt("read", "u", None, None), NOW + 702_000),
    ):
        world.store.write(happened(world.read(ID)))
        images.append(state(world))
    return [record(*pair) for pair in pairwise(images)]
