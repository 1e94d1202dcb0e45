"""Why a workflow was late: pure rules over its story. Each names one kind of delay."""

from collections.abc import Callable, Iterable, Iterator

from failover.rules.channels.statuses import meets
from failover.rules.workflow import publication
from failover.rules.workflow.expiry import expires_at
from failover.rules.workflow.state import Entry, Workflow
from failover.rules.workflow.transitions import FINAL_CONDITION
from ops.explain.account import what
from ops.explain.story import Attempt, Finding, Story, Webhook, seconds, times

NOTABLE = 5_000
"""Milliseconds: a shorter delay is not worth a line."""
LATE_CALLBACK = 30_000
"""Milliseconds between a status and its callback: clocks differ, and the vendor's network takes seconds."""


def verdict(story: Story) -> list[str]:
    """Return the lines of the verdict: how it went, then each notable delay.

    Delays of messages come before those of webhooks, and the longest first.
    """
    lines = [outcome(story)]
    for rules in (MESSAGES, WEBHOOKS):
        found = [finding for rule in rules for finding in rule(story) if finding.milliseconds >= NOTABLE]
        lines += [finding.text for finding in sorted(found, key=lambda one: -one.milliseconds)]
    if len(lines) == 1:
        lines.append("Nothing took unusually long.")
    return lines


def outcome(story: Story) -> str:
    """Return in one sentence how the workflow ended, or what it waits for, and since when."""
    flow = story.workflow
    if flow.ended_at is None:
        return f"Running for {seconds(story.now - flow.created_at)}: {_waits_for(flow, story.now)}."
    after = f"{seconds(flow.ended_at - flow.created_at)} after the request"
    if flow.status == "completed":
        number = next(entry["step"] for entry in flow.timeline if entry["event"] == "completed")
        return f"{_named(flow, number)} met its condition, {_condition(flow, number)}, {after}."
    if flow.status == "cancelled":
        return f"The customer cancelled the workflow {after}."
    return f"The workflow ended in error {after}: {flow.reason or 'no reason was recorded'}."


def _waits_for(flow: Workflow, now: int) -> str:
    begun = [number for number, step in enumerate(flow.steps) if step.phase != "pending"]
    current = begun[-1] if begun else 0
    step = flow.steps[current]
    if step.outcome is not None and not flow.is_last(current):
        current, step = current + 1, flow.steps[current + 1]
    if step.phase == "pending":
        if step.waiting_since is None:
            return f"step {current} has not been sent"
        why = "its message was not taken" if step.releases else "it has no turn at the vendor's limit"
        return f"step {current} waits since {seconds(now - step.waiting_since)}, because {why}"
    until = expires_at(step)
    if flow.is_last(current) or not until:
        return f"step {current} was sent, and no status has decided it"
    if until < now:
        return f"step {current} expired {seconds(now - until)} ago, and the next one has not been claimed"
    return f"step {current} was sent, and waits {seconds(until - now)} more for {_condition(flow, current)}"


def _condition(flow: Workflow, number: int) -> str:
    return flow.steps[number].condition_status or FINAL_CONDITION


def _named(flow: Workflow, number: int) -> str:
    return f"Step {number} ({flow.steps[number].channel})"


def _of(flow: Workflow, number: int, *events: str) -> list[Entry]:
    """The entries of a step that are of these kinds."""
    return [entry for entry in flow.timeline if entry["event"] in events and entry.get("step") == number]


def _turned_to(flow: Workflow, number: int) -> int | None:
    """When a step first was claimed, waited for its turn, or was left."""
    found = _of(flow, number, "waiting", "sending", "left")
    return found[0]["at"] if found else None


def restored(story: Story) -> Iterator[Finding]:
    """The table was restored from a backup while the workflow ran, so nothing more was sent for it."""
    flow = story.workflow
    for entry in flow.timeline:
        if entry["event"] == "restored":
            since = (flow.ended_at or story.now) - entry["at"]
            text = f"The table was restored from a backup {seconds(entry['at'] - flow.created_at)} after the request"
            yield Finding(max(since, NOTABLE), f"{text}: nothing more was sent for this workflow.")


def start(story: Story) -> Iterator[Finding]:
    """The first step's send began late: Step Functions started the execution late, or the send failed or was slow."""
    flow = story.workflow
    turned = _turned_to(flow, 0)
    late = (story.now if turned is None else turned) - flow.created_at
    if turned is None and not flow.running:
        return
    since = min((one.started_at for one in story.executions), default=None)
    if since is None and turned is None:
        yield Finding(late, f"No execution has been started for {seconds(late)}: Step Functions has not taken it yet.")
        return
    if since is not None and since - flow.created_at >= NOTABLE:
        began = since - flow.created_at
        text = f"The execution started {seconds(began)} after the request: Step Functions did not take it at once."
        yield Finding(began, text)
        late -= began
    tried = f"{_named(flow, 0)} was first tried {seconds(late)} later than it could"
    yield Finding(late, f"{tried}: its send failed or was slow.")


def turns(story: Story) -> Iterator[Finding]:
    """A step waited for its turn at the vendor's limit, or until its message was taken."""
    flow = story.workflow
    for number, step in enumerate(flow.steps):
        if step.waiting_since is None:
            continue
        until = step.claimed_at or _left_at(flow, number) or flow.ended_at or story.now
        waited = until - step.waiting_since
        ended = ", and was left without a send" if step.phase == "unsent" and not step.claimed_at else ""
        if step.releases:
            postponed = _of(flow, number, "postponed")
            why = postponed[-1]["reason"] if postponed else "the reason is not in the timeline"
            text = f"was not taken by the vendor {times(step.releases)} ({why}), which took {seconds(waited)}"
        else:
            text = f"waited {seconds(waited)} for its turn at the vendor's limit"
        yield Finding(waited, f"{_named(flow, number)} {text}{ended}.")


def _left_at(flow: Workflow, number: int) -> int | None:
    found = _of(flow, number, "left")
    return found[0]["at"] if found else None


def answers(story: Story) -> Iterator[Finding]:
    """The Messages API answered a send slowly, or its answer was lost and only the expiry could decide."""
    flow = story.workflow
    for number, step in enumerate(flow.steps):
        if step.claimed_at is None:
            continue
        if step.answered_at is not None:
            took = step.answered_at - step.claimed_at
            yield Finding(took, f"The Messages API took {seconds(took)} to answer the send of step {number}.")
        if step.phase == "unknown" and not step.statuses:
            waited = (_left_at(flow, number) or story.now) - step.claimed_at
            reason = next((entry["reason"] for entry in _of(flow, number, "unknown") if "reason" in entry), "no answer")
            text = f"It is unknown whether the message of step {number} was accepted ({reason})"
            yield Finding(waited, f"{text}, so {seconds(waited)} were spent on its expiry.")


def expiries(story: Story) -> Iterator[Finding]:
    """A step was sent, and its condition was not met in time: the next one waited for the expiry, as asked."""
    flow = story.workflow
    for number, step in enumerate(flow.steps):
        left = _left_at(flow, number)
        if step.outcome != "expired" or left is None or step.phase == "unknown":
            continue
        waited = (step.expiry_time or 0) * 1000
        last = f"last status: {step.status}" if step.status else "no status came"
        text = (
            f"{_named(flow, number)} was not {_condition(flow, number)} within its expiry of {seconds(waited)} ({last})"
        )
        yield Finding(waited, f"{text}, so step {number + 1} was sent then.")
        over = left - expires_at(step) - _waited(flow, number + 1, left)
        yield Finding(
            over, f"Step {number + 1} was claimed {seconds(over)} after the expiry of step {number}{_why(story)}."
        )


def _waited(flow: Workflow, number: int, until: int) -> int:
    """The milliseconds that a step waited for its turn before `until`, which another finding explains."""
    since = flow.steps[number].waiting_since if number < len(flow.steps) else None
    return max(until - since, 0) if since is not None else 0


def failovers(story: Story) -> Iterator[Finding]:
    """A step ended by a status or a refusal, and the next one's send did not follow at once."""
    flow = story.workflow
    for number, step in enumerate(flow.steps[:-1]):
        left, turned = _left_at(flow, number), _turned_to(flow, number + 1)
        if left is None or step.outcome in (None, "met", "expired"):
            continue
        if turned is None and not flow.running:
            continue
        gap = (story.now if turned is None else turned) - left
        done = "was tried" if turned is not None else "has not been tried"
        yield Finding(gap, f"Step {number + 1} {done} {seconds(gap)} after step {number} had ended{_why(story)}.")


def _why(story: Story) -> str:
    if story.workflow.attempt > 1:
        return f": {times(story.workflow.attempt - 1)} an execution died, and reconcile started the next one"
    return ": the signal was lost, or the send failed before its claim"


def callbacks(story: Story) -> Iterator[Finding]:
    """The vendor reported a status long after it had happened."""
    flow = story.workflow
    for entry in flow.timeline:
        if entry["event"] != "status" or "timestamp" not in entry or entry.get("late"):
            continue
        step, after = flow.steps[entry["step"]], entry["at"] - entry["timestamp"]
        decided = meets(entry["status"], _condition(flow, entry["step"])) or entry["status"] == step.outcome
        if decided and after >= LATE_CALLBACK:
            text = f"The vendor's callback for {entry['status']} of step {entry['step']} came {seconds(after)} after it"
            yield Finding(after, f"{text} had happened.")


def people(story: Story) -> Iterator[Finding]:
    """The message was sent in time; the recipient's phone or the person took the time until the condition was met."""
    flow = story.workflow
    for number, step in enumerate(flow.steps):
        met = [e for e in _of(flow, number, "status") if meets(e["status"], _condition(flow, number))]
        if step.answered_at is None or not met or step.outcome != "met":
            continue
        happened = min(met[0].get("timestamp", met[0]["at"]), met[0]["at"])
        took = happened - step.answered_at
        text = f"The message of step {number} was {_condition(flow, number)} {seconds(took)}"
        yield Finding(took, f"{text} after the Messages API had accepted it.")


def queued(story: Story) -> Iterator[Finding]:
    """A webhook's first attempt was late."""
    for webhook, entry in _attempted(story):
        first = webhook.attempts[0].at - entry["at"]
        text = f"The webhook of {what(entry)} was first attempted {seconds(first)} after the change"
        yield Finding(first, f"{text}: the queue was behind.")


def delivered(story: Story) -> Iterator[Finding]:
    """The customer's server took a webhook only after some attempts."""
    for webhook, entry in _attempted(story):
        failed, done = _failed(webhook), [one.at + one.milliseconds for one in webhook.attempts if one.delivered]
        if failed and done:
            after = done[0] - entry["at"]
            text = f"The webhook of {what(entry)} was not taken by the customer's server {times(len(failed))}"
            results = _results(failed)
            yield Finding(
                max(after, NOTABLE), f"{text} ({results}), and was delivered {seconds(after)} after the change."
            )


def undelivered(story: Story) -> Iterator[Finding]:
    """The customer's server has not taken some webhooks: one line for all that are tried again, one for the others."""
    for state, end in (("failed", "not tried again"), ("pending", "still tried")):
        found = [
            (webhook, entry) for webhook, entry in _attempted(story) if webhook.state == state and _failed(webhook)
        ]
        if not found:
            continue
        failed = [one for webhook, _ in found for one in _failed(webhook)]
        since = story.now - min(entry["at"] for _, entry in found)
        taken = f"not taken by the customer's server {times(len(failed))} ({_results(failed)})"
        if len(found) == 1:
            yield Finding(max(since, NOTABLE), f"The webhook of {what(found[0][1])} was {taken}, and is {end}.")
        else:
            yield Finding(max(since, NOTABLE), f"{len(found)} webhooks were {taken}, and are {end}.")


def _attempted(story: Story) -> Iterator[tuple[Webhook, Entry]]:
    for webhook in story.webhooks:
        entry = publication.find(story.workflow, webhook.sequence)
        if entry is not None and webhook.attempts:
            yield webhook, entry


def _failed(webhook: Webhook) -> list[Attempt]:
    return [one for one in webhook.attempts if not one.delivered]


def _results(attempts: Iterable[Attempt]) -> str:
    return ", ".join(dict.fromkeys(one.result for one in attempts))


type Rule = Callable[[Story], Iterator[Finding]]

MESSAGES: tuple[Rule, ...] = (restored, start, turns, answers, expiries, failovers, callbacks, people)
WEBHOOKS: tuple[Rule, ...] = (queued, delivered, undelivered)
