"""The end of a history: everything finishes, every promise is checked, and what happened is counted."""

from collections import Counter

from failover.rules.workflow import publication
from tests.lives.calls import MEANWHILES
from tests.lives.history import MINUTE, History

ROUNDS = 3000
"""More than the instants at which anything happens in one history."""


def instants(history: History) -> list[int]:
    """Return the instants after now at which something happens by itself."""
    timers = [one.until for one in history.stack.engine.executions.values() if one.running and one.until]
    minutes = [-(-flow.due_at // MINUTE) * MINUTE for flow in history.promises.flows.values() if flow.due_at]
    messages = [message.visible_at for message in history.stack.queue.waiting]
    return [at for at in (*timers, *minutes, *messages) if at > history.stack.now]


def run_to_the_end(history: History) -> None:
    """Let everything finish without faults, except that `doomed` executions die, then check every promise.

    An operator has removed the unreadable items.
    """
    stack, faults_ended_at = history.stack, history.stack.now
    stack.table.remove_edited()
    for _ in range(ROUNDS):
        if history.ending == "delivered":
            for place in stack.vendor.accepted - Counter(stack.vendor.confirmed.keys()):
                history.receive(stack.status(*place, "delivered", usage={"price": "0.0333", "currency": "EUR"}))
        waiting, stack.vendor.waiting = stack.vendor.waiting, []
        for callback in waiting:
            history.receive(callback)
        for execution in list(stack.engine.executions.values()):
            while execution.ready(stack.now):
                if history.ending == "doomed" and "rest" not in execution.data:
                    history.die(execution)
                else:
                    stack.engine.proceed(execution)
        stack.start_workflows()
        stack.reconcile()
        while stack.table.stream:
            stack.publish()
        while stack.queue.visible():
            stack.deliver()
        if not stack.queue.waiting:
            stack.queue.redrive()
        upcoming = instants(history)
        if not (upcoming or stack.vendor.waiting or stack.queue.waiting or stack.table.stream):
            return history.promises.at_the_end(stack, faults_ended_at)
        stack.now = min(upcoming, default=stack.now + MINUTE)
    raise AssertionError("I5: the history never ends")


def figures(history: History) -> Counter[str]:
    received, requests = history.stack.customers.received, history.stack.vendor.accepted
    webhooks = {
        (flow.id, one["sequence"]) for flow in history.promises.flows.values() for one in publication.webhooks(flow)
    }
    figures = {
        "histories": 1,
        "workflows": len(history.promises.flows),
        "messages requested": requests.total(),
        "messages requested twice": sum(number - 1 for number in requests.values()),
        "webhooks": len(webhooks),
        "webhooks lost": len(webhooks - received.keys()),
        "webhooks without parties, whose content was dropped (allowed)": len(history.promises.without_parties),
        "webhooks received again (allowed)": sum(len(raws) - 1 for raws in received.values()),
    }
    for kind, number in history.stack.calls.met.items():
        figures[f"{'meanwhile' if kind in MEANWHILES else 'faults'}: {kind}"] = number
    return Counter(figures | {f"ended: {kind}": number for kind, number in history.promises.ended.items()})
