"""Let a send wait for its turn: briefly in its function, for longer in the state machine (`rules.pacing.turns`)."""

from failover.errors import Temporary
from failover.observability import count, logger, unavailable
from failover.outside import Outside
from failover.rules.pacing import turns
from failover.rules.pacing.lane import Lane, Turn
from failover.rules.pacing.turns import Limits, NotYourTurn, PatienceEnded
from failover.rules.sending.answers import NotTaken
from failover.rules.workflow import transitions
from failover.rules.workflow.state import Step, Workflow
from failover.use_cases.workflow.transition import transition_without_signal


def limits(outside: Outside) -> Limits:
    settings = outside.settings
    return Limits(settings.messages_per_second, settings.channel_per_second, settings.patience)


def await_turn(outside: Outside, workflow: Workflow, number: int) -> None:
    """Return once step `number` may be requested. Nothing is claimed before.

    Raises NotYourTurn if that is not soon, and PatienceEnded if the step has waited for long enough. A turn that is
    used by no send, because its process died or its workflow is over, stays unused.
    """
    step = workflow.steps[number]
    shared = turns.shared_lanes(limits(outside), step.channel)
    if not shared:
        return
    own = turns.own_lane(shared, workflow.account, step.channel)
    turn = _turn(outside, own, step)
    if turn is None:  # those before it may be over by now, so that the shared lanes are free
        if _pass(outside, shared):
            return
        raise PatienceEnded
    at = turn.at if step.waiting_since is None else outside.lanes.state(own.name).time_of(turn)
    if outside.now() < at <= outside.now() + turns.SHORT_OF_OWN:
        _sleep_until(outside, at)
        at = outside.lanes.state(own.name).time_of(turn)
    ends = turns.patience_ends(limits(outside), step.waiting_since or outside.now())
    if at <= outside.now() or ends <= outside.now():
        if _pass(outside, shared):
            return
        free_at = max(outside.lanes.state(lane.name).free_at for lane in shared)
        closed = outside.lanes.close(own.name, outside.now(), turns.held_back_until(outside.now(), free_at))
        at = max(closed.time_of(turn), closed.closed_until)
    _wait(outside, workflow, number, turn, at)


def _turn(outside: Outside, own: Lane, step: Step) -> Turn | None:
    """Return the step's turn in its account's lane, or None if it has none in time. It has come if no other waits."""
    now = outside.now()
    if step.turn_at is not None:
        return Turn(step.turn_at, step.turn_shift)
    if outside.lanes.state(own.name).free_at <= now:
        return Turn(now, None)
    return outside.lanes.reserve(own, now, turns.patience_ends(limits(outside), now))


def _pass(outside: Outside, shared: tuple[Lane, ...]) -> bool:
    """Take a time in each lane and sleep until it comes. Returns False if one has no time soon."""
    began = outside.now()
    for lane in shared:
        turn = outside.lanes.reserve(lane, outside.now(), outside.now() + turns.SHORT)
        if turn is None:
            return False
        _sleep_until(outside, turn.at)
    slept = outside.now() > began
    return not (slept and any(outside.lanes.state(lane.name).closed_until > outside.now() for lane in shared))


def _wait(outside: Outside, workflow: Workflow, number: int, turn: Turn, at: int) -> None:
    """Raises NotYourTurn or PatienceEnded."""
    now, since = outside.now(), workflow.steps[number].waiting_since
    ends = turns.patience_ends(limits(outside), since or now)
    if since is None:
        count("SendsWaiting", channel=workflow.steps[number].channel)
        transition_without_signal(
            outside, workflow, lambda current: transitions.waiting(current, number, turn, ends, now)
        )
    if now >= ends:
        raise PatienceEnded
    moved = 0 if turn.shift is None else at - turn.at
    raise NotYourTurn(min(turns.next_try(now, since or now, at, moved), ends))


def _sleep_until(outside: Outside, at: int) -> None:
    if (milliseconds := at - outside.now()) > 0:
        outside.sleep(milliseconds / 1000)


def not_taken(outside: Outside, claimed: Workflow, number: int, answer: NotTaken) -> NotTaken:
    """Release the claim of a step whose message was certainly not taken.

    Raises NotYourTurn if the message is to be requested again. If not, because it is no longer wanted, or has waited
    for long enough, returns the answer to record.
    """
    step, known, now = claimed.steps[number], limits(outside), outside.now()
    ends = turns.patience_ends(known, step.waiting_since or now)
    if now >= ends:
        count("PatienceEnded", channel=step.channel)
        return NotTaken(f"not taken for {known.patience} s: {answer.reason}")
    latest = step

    def release(current: Workflow) -> Workflow | None:
        nonlocal latest
        latest = current.steps[number]
        return transitions.released(current, number, step, answer.reason, ends, outside.now())

    change = transition_without_signal(outside, claimed, release)
    if change is None:
        if not transitions.same_claim(latest, step):  # released before, by a write whose answer was lost
            raise NotYourTurn(outside.now())
        return answer
    released = change.after.steps[number]
    count("ClaimsReleased", channel=step.channel, reason="throttled" if answer.throttled else "unreachable")
    logger.warning("claim released: the message was not taken", step=number, reason=answer.reason)
    pause = turns.pause(released.releases, answer.retry_after, outside.jitter())
    opens_at = _close(outside, step.channel, answer) if answer.throttled else now
    raise NotYourTurn(min(max(opens_at, outside.now() + int(pause * 1000)), max(ends, outside.now())))


def _close(outside: Outside, channel: str, answer: NotTaken) -> int:
    """Close the lane that most sends pass, so that no other asks in vain. Returns when to look again (ms).

    If that fails, others are throttled as well, and one of them closes it.
    """
    now = outside.now()
    shared = turns.shared_lanes(limits(outside), channel)
    if not shared:
        return now
    try:
        closed = outside.lanes.close(shared[-1].name, now, turns.opens_at(now, answer.retry_after))
    except Temporary as error:
        unavailable(error)
        return now
    count("LanesClosed")
    return turns.looks_again_at(now, closed.closed_until)
