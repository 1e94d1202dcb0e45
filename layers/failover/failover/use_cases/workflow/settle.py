"""Settle a workflow that is over and whose webhooks are all queued."""

from failover.outside import Outside
from failover.rules.workflow import publication, transitions
from failover.rules.workflow.state import Workflow
from failover.use_cases.workflow.transition import transition


def settle(outside: Outside, workflow: Workflow) -> None:
    """Set the expiry of its content, then record the sequence of its last webhook.

    If a sequence is recorded already, the expiry has been set. Idempotent. Raises as `transition`.
    """
    if not workflow.published:
        outside.store.end_content(workflow)
    sequence = publication.webhooks(workflow)[-1]["sequence"]
    transition(outside, workflow, lambda current: transitions.published(current, sequence))
