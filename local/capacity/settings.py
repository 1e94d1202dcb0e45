"""The template's own limits, from the defaults of its parameters."""

from functools import cache
from typing import Any

import yaml

from local.capacity.demand import TYPICAL
from local.capacity.limits import Limit
from local.capacity.quotas import SHARDS_OF_THE_STREAM, TABLE_WRITES
from local.place import ROOT


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms with a scalar as that scalar, and the others as None."""


def _short_form(_loader: yaml.Loader, _tag: str, node: yaml.Node) -> Any:
    return node.value if isinstance(node, yaml.ScalarNode) else None


_Loader.add_multi_constructor("!", _short_form)


@cache
def template() -> dict[str, Any]:
    """template.yaml, with the name instead of `!Ref name`, the text of `!Sub text`, and without other short forms."""
    found: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506 - a SafeLoader
    return found


def default(name: str) -> int:
    """Return the default of a parameter. Raises KeyError if the template has no such parameter."""
    return int(template()["Parameters"][name]["Default"])


def parallelization() -> int:
    """Return how many batches of each shard of the stream `publish_events` takes at once."""
    timeline = template()["Resources"]["PublishEvents"]["Properties"]["Events"]["Timeline"]["Properties"]
    found = timeline["ParallelizationFactor"]
    return found if isinstance(found, int) else default(found)


def limits() -> list[Limit]:
    """Return the limits that the template sets. A setting of 0 is none.

    MessagesPerSecond is not among them: it is the vendor's contract, and what exceeds it is delayed.
    """
    records = SHARDS_OF_THE_STREAM * parallelization() * 1000 / TYPICAL.publish_events
    of_parameters = [
        ("POSTs", "ThrottlingRate"),
        ("POSTs", "AccountWorkflowsPerSecond"),
        ("starts of a backlog", "StartsPerSecond"),
        ("callbacks", "CallbackThrottlingRate"),
        ("deliver_webhook at once", "WebhookConcurrency"),
    ]
    found = [Limit(resource, most, f"`{name}`") for resource, name in of_parameters if (most := default(name))]
    writes = Limit("table writes", default("TableWritesPerSecond") or TABLE_WRITES, "`TableWritesPerSecond`")
    return [*found, writes, Limit("stream records", records, "`ParallelizationFactor`")]
