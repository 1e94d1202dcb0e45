from dataclasses import replace

import pytest

from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted, NotTaken, Refused, Unknown
from failover.rules.workflow import transitions
from failover.rules.workflow.race import Change
from tests.examples import NOW, THREE_STEPS, TWO_STEPS, workflow

UUID = "11111111-2222-3333-4444-555555555555"


def receipt(status, **more):
    return Receipt(status=status, message_uuid=UUID, client_ref=None, timestamp=None, **more)


def sent(flow, number, now=NOW):
    claimed = transitions.claimed(flow, number, now)
    assert claimed is not None
    return transitions.answered(claimed, number, Accepted(UUID), now + 100)


def got(flow, number, *statuses, now=NOW + 1000):
    for status in statuses:
        after = transitions.received(flow, number, receipt(status), now)
        assert after is not None, status
        flow = after
    return flow


def events(flow):
    return [(entry["event"], entry.get("step")) for entry in flow.timeline]


def test_first_claim():
    """The first step of a running workflow can be claimed."""
    flow = transitions.claimed(workflow(*TWO_STEPS), 0, NOW + 5)
    assert flow.steps[0].phase == "claimed"
    assert flow.steps[0].claimed_at == NOW + 5
    assert events(flow) == [("accepted", None), ("sending", 0)]


def test_claimed_only_once():
    """A claimed step is never claimed again, with any outcome."""
    flow = transitions.claimed(workflow(*TWO_STEPS), 0, NOW)
    assert transitions.claimed(flow, 0, NOW) is None
    for answer in (Accepted(UUID), Refused(422, "422"), NotTaken("no connection"), Unknown("HTTP 500")):
        assert transitions.claimed(transitions.answered(flow, 0, answer, NOW), 0, NOW) is None


@pytest.mark.decision("Expiry clock")
def test_next_claim_expires_the_open_step():
    """An open step expires when the next one is claimed, and the timeline has the reason."""
    flow = got(sent(workflow(*TWO_STEPS), 0), 0, "submitted", "delivered")
    flow = transitions.claimed(flow, 1, NOW + 700_000)
    assert flow.steps[0].outcome == "expired"
    left = flow.timeline[-2]
    assert left["event"] == "left"
    assert left["reason"] == "expired after 600 s: last status delivered, wanted read"


@pytest.mark.decision("Expiry clock")
@pytest.mark.parametrize("early", [1, 599_999])
def test_never_early(early):
    """The next step cannot be claimed while the previous one is open and has not expired."""
    flow = sent(workflow(*TWO_STEPS), 0)
    expires_at = flow.steps[0].answered_at + 600_000
    with pytest.raises(transitions.TooEarly):
        transitions.claimed(flow, 1, expires_at - early)
    assert transitions.claimed(flow, 1, expires_at)


@pytest.mark.decision("Expiry clock")
@pytest.mark.parametrize(("expiry_time", "seconds"), [(15, 45), (24, 54), (600, 630)])
def test_never_early_without_an_answer(expiry_time, seconds):
    """A send may outlive its call: without an answer, the expiry counts from the last possible answer."""
    flow = transitions.claimed(workflow(("messenger", "read", expiry_time), "sms"), 0, NOW)
    with pytest.raises(transitions.TooEarly) as early:
        transitions.claimed(flow, 1, NOW + seconds * 1000 - 1)
    assert early.value.milliseconds == 1
    assert transitions.claimed(flow, 1, NOW + seconds * 1000)
    flow = transitions.answered(flow, 0, Accepted("uuid"), NOW + 1000)
    assert transitions.claimed(flow, 1, NOW + 1000 + expiry_time * 1000)


def test_expired_without_any_status():
    """Without any status the reason of the expiry says so."""
    flow = transitions.claimed(sent(workflow(*TWO_STEPS), 0), 1, NOW + 700_000)
    assert flow.timeline[-2]["reason"] == "expired after 600 s: last status none, wanted read"


def test_claim_forgets_the_token_of_the_race_before():
    """A claim deletes the task token of the previous race."""
    flow = replace(sent(workflow(*TWO_STEPS), 0), task_token="token")
    assert transitions.claimed(flow, 1, NOW + 700_000).task_token is None


def test_a_later_claim_forbids_an_earlier_one():
    """A stale execution cannot claim a step before the latest claimed one."""
    flow = transitions.claimed(workflow(*TWO_STEPS), 1, NOW + 600_000)
    assert flow.steps[0].outcome == "unsendable"
    assert flow.timeline[-2]["reason"] == "unsendable: the send never began"
    assert transitions.claimed(flow, 0, NOW) is None


def test_a_step_whose_sends_all_failed_has_its_time():
    """A first step is not skipped before its expiry, a later one not within the slack after the one before it."""
    flow = workflow(*THREE_STEPS)
    for number, seconds in ((1, 600), (2, 600 + 240)):
        with pytest.raises(transitions.TooEarly) as early:
            transitions.claimed(flow, number, NOW + seconds * 1000 - 1)
        assert early.value.milliseconds == 1
    assert [step.outcome for step in transitions.claimed(flow, 2, NOW + 840_000).steps] == [*["unsendable"] * 2, None]
    rejected = got(sent(flow, 0), 0, "rejected", now=NOW + 5000)
    with pytest.raises(transitions.TooEarly):
        transitions.claimed(rejected, 2, NOW + 5000 + 240_000 - 1)
    assert transitions.claimed(rejected, 2, NOW + 5000 + 240_000) is not None


@pytest.mark.parametrize("number", [-1, -2, 3, 10**6])
def test_no_such_step(number):
    """A step number outside the workflow, below or above, cannot be claimed."""
    with pytest.raises(LookupError):
        transitions.claimed(workflow(*THREE_STEPS), number, NOW + 10**9)


def test_condition_met_completes():
    """The condition status completes the workflow, and no step is claimed after it."""
    flow = got(sent(workflow(*TWO_STEPS), 0), 0, "submitted", "delivered", "read")
    assert (flow.status, flow.steps[0].outcome) == ("completed", "met")
    assert events(flow)[-1] == ("completed", 0)
    assert transitions.claimed(flow, 1, NOW) is None


def test_delivered_is_not_read():
    """A status below the condition leaves the step open."""
    flow = got(sent(workflow(*TWO_STEPS), 0), 0, "submitted", "delivered")
    assert (flow.status, flow.steps[0].outcome) == ("running", None)


def test_read_satisfies_delivered():
    """read satisfies the condition delivered on a channel that reports only read."""
    flow = got(sent(workflow(("messenger", "delivered", 600), "sms"), 0), 0, "read")
    assert flow.status == "completed"


@pytest.mark.parametrize("failure", ["rejected", "undeliverable"])
def test_failure_closes_the_step(failure):
    """A failure closes its step with the vendor's code and words, and the workflow keeps running."""
    flow = sent(workflow(*TWO_STEPS), 0)
    error = {"code": 1300, "reason": "Not part of the provider network"}
    flow = transitions.received(flow, 0, receipt(failure, error=error), NOW)
    assert (flow.status, flow.steps[0].outcome) == ("running", failure)
    assert flow.timeline[-1]["reason"] == f"{failure}: 1300 Not part of the provider network"
    assert transitions.claimed(flow, 1, NOW).steps[0].outcome == failure


@pytest.mark.decision("Failure and success of one message")
def test_failure_after_delivery_decides_nothing():
    """A failure after delivered is recorded and decides nothing; read may still come."""
    flow = got(sent(workflow(*TWO_STEPS), 0), 0, "delivered", "rejected")
    assert (flow.steps[0].status, flow.steps[0].outcome) == ("delivered", None)
    assert got(flow, 0, "read").status == "completed"


@pytest.mark.decision("Failure and success of one message")
def test_success_after_failure_decides_nothing():
    """A success after rejected is recorded as late and does not complete the workflow."""
    flow = got(sent(workflow(*TWO_STEPS), 0), 0, "rejected", "delivered", "read")
    assert (flow.status, flow.steps[0].outcome, flow.steps[0].status) == ("running", "rejected", "rejected")
    assert flow.timeline[-1]["late"] is True


@pytest.mark.parametrize("status", ["submitted", "delivered", "read", "rejected", "undeliverable"])
def test_duplicates_are_nothing(status):
    """A repeated status is recorded once."""
    flow = got(sent(workflow(*TWO_STEPS), 0), 0, status)
    assert transitions.received(flow, 0, receipt(status), NOW) is None


@pytest.mark.decision("Failure and success of one message")
def test_lower_status_is_still_recorded():
    """delivered after read is recorded in the timeline and changes no state."""
    flow = got(sent(workflow(*THREE_STEPS), 0), 0, "read", "delivered")
    assert flow.steps[0].status == "read"
    assert [e["status"] for e in flow.timeline if e["event"] == "status"] == ["read", "delivered"]


def test_status_for_a_step_never_sent():
    """A receipt for a step that was never claimed is ignored."""
    assert transitions.received(workflow(*TWO_STEPS), 1, receipt("delivered"), NOW) is None


def test_status_overtakes_the_answer():
    """A status that comes before the send's answer counts, and the answer does not lower it."""
    flow = transitions.claimed(workflow(*TWO_STEPS), 0, NOW)
    flow = got(flow, 0, "submitted", "read")
    assert flow.status == "completed"
    flow = transitions.answered(flow, 0, Accepted(UUID), NOW + 50)
    assert (flow.status, flow.steps[0].status, flow.steps[0].message_uuid) == ("completed", "read", UUID)


@pytest.mark.decision("Late status")
def test_late_success_completes_before_a_further_step():
    """If an expired step then meets its condition, the running workflow is completed."""
    flow = sent(sent(workflow(*THREE_STEPS), 0), 1, NOW + 700_000)
    assert flow.steps[0].outcome == "expired"
    flow = got(flow, 0, "read", now=NOW + 710_000)
    assert flow.status == "completed"
    assert [e.get("late") for e in flow.timeline if e["event"] == "status"] == [True]
    assert transitions.claimed(flow, 2, NOW + 720_000) is None


def test_late_status_below_its_condition():
    """A late status below its step's condition is recorded and changes nothing else."""
    flow = sent(sent(workflow(*THREE_STEPS), 0), 1, NOW + 700_000)
    assert got(flow, 0, "delivered").status == "running"


@pytest.mark.decision("Late status")
def test_late_status_after_the_end():
    """After the end a status is recorded as late and never changes the outcome."""
    flow = got(sent(workflow("sms"), 0), 0, "rejected")
    assert flow.status == "error"
    after = got(flow, 0, "delivered")
    assert (after.status, after.reason, after.ended_at) == ("error", flow.reason, flow.ended_at)
    assert after.timeline[-1]["late"] is True


@pytest.mark.decision("Last step")
@pytest.mark.parametrize(
    ("statuses", "result"),
    [(["delivered"], "completed"), (["read"], "completed"), (["rejected"], "error"), (["undeliverable"], "error")],
)
def test_last_step(statuses, result):
    """On the last step delivered or read completes the workflow, and a failure ends it in error."""
    assert got(sent(workflow("messenger"), 0), 0, *statuses).status == result


def test_error_keeps_its_reason():
    """A workflow that ends in error has a reason."""
    flow = transitions.answered(transitions.claimed(workflow("sms"), 0, NOW), 0, Refused(422, "Invalid params"), NOW)
    assert (flow.status, flow.reason) == ("error", "refused: 422 Invalid params")
    assert events(flow)[-2:] == [("left", 0), ("error", 0)]


@pytest.mark.decision("Certainly not sent")
@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (Refused(422, "Invalid params"), "refused", "refused: 422 Invalid params"),
        (NotTaken("no connection"), "unsendable", "unsendable: no connection"),
    ],
)
def test_not_sent(answer, outcome, reason):
    """A message that the Messages API refused, or certainly never got, closes its step at once."""
    flow = transitions.answered(transitions.claimed(workflow(*TWO_STEPS), 0, NOW), 0, answer, NOW)
    assert (flow.status, flow.steps[0].outcome) == ("running", outcome)
    assert flow.timeline[-1]["reason"] == reason


def test_unknown_stays_open():
    """An unknown answer leaves the step to its status or expiry."""
    flow = transitions.answered(transitions.claimed(workflow(*TWO_STEPS), 0, NOW), 0, Unknown("HTTP 500"), NOW + 9)
    assert (flow.steps[0].state, flow.steps[0].outcome, flow.steps[0].answered_at) == ("unknown", None, NOW + 9)
    assert got(flow, 0, "read").status == "completed"


def test_not_sent_once_it_is_over():
    """A refusal that comes after the end reopens nothing, and its step counts as unsent."""
    flow = sent(workflow(*THREE_STEPS), 0)
    flow = transitions.claimed(flow, 1, NOW + 700_000)
    claimed = flow.steps[1]
    flow = got(flow, 0, "read")
    assert transitions.released(flow, 1, claimed, "HTTP 503", NOW, NOW) is None
    flow = transitions.answered(flow, 1, NotTaken("HTTP 503"), NOW)
    assert (flow.status, flow.steps[1].state) == ("completed", "unsent")


def test_one_terminal_state():
    """I1: a failure of another message after the completion changes nothing."""
    flow = sent(sent(workflow(*TWO_STEPS), 0), 1, NOW + 700_000)
    flow = got(flow, 0, "read")
    after = got(flow, 1, "rejected")
    assert (after.status, after.reason, after.ended_at) == ("completed", None, flow.ended_at)


@pytest.mark.parametrize("answer", [Refused(422, "422"), NotTaken("HTTP 503")])
def test_late_answer_rewrites_nothing(answer):
    """An answer after its step expired does not close the step again."""
    flow = transitions.claimed(workflow(*TWO_STEPS), 0, NOW)
    flow = transitions.claimed(flow, 1, NOW + 700_000)
    flow = transitions.answered(flow, 0, answer, NOW + 700_500)
    assert flow.steps[0].outcome == "expired"
    assert [event for event, _ in events(flow)].count("left") == 1


@pytest.mark.decision("A status for a message that was not accepted")
@pytest.mark.parametrize("answer", [Refused(422, "422"), NotTaken("HTTP 503")])
@pytest.mark.parametrize("status", ["submitted", "delivered"])
def test_a_status_proves_the_message_was_taken(answer, status):
    """With a status recorded, no answer of the send repeats the request or closes the step."""
    claimed = transitions.claimed(workflow(*TWO_STEPS), 0, NOW)
    flow = got(claimed, 0, status)
    assert transitions.released(flow, 0, claimed.steps[0], "HTTP 503", NOW, NOW) is None
    flow = transitions.answered(flow, 0, answer, NOW)
    assert (flow.steps[0].state, flow.steps[0].outcome) == ("unknown", None)


@pytest.mark.parametrize("answer", [Refused(422, "422"), NotTaken("HTTP 503")])
def test_reached_although_not_sent(answer):
    """A late success of a step that was closed without a status completes the workflow."""
    flow = transitions.answered(transitions.claimed(workflow(*TWO_STEPS), 0, NOW), 0, answer, NOW)
    assert got(flow, 0, "read").status == "completed"


def test_signal_for_success_and_failure():
    """The race is signalled ConditionMet for the end and Rejected for a closed step, and not otherwise."""
    before = replace(sent(workflow(*TWO_STEPS), 0), task_token="token")
    assert Change(before, got(before, 0, "read")).signal == ("token", "ConditionMet")
    assert Change(before, got(before, 0, "rejected")).signal == ("token", "Rejected")
    assert Change(before, got(before, 0, "delivered")).signal is None


def test_no_signal_without_a_race():
    """No signal is sent without a token, or after the end."""
    before = sent(workflow(*TWO_STEPS), 0)
    assert Change(before, got(before, 0, "read")).signal is None
    over = replace(got(before, 0, "read"), task_token="token")
    assert Change(over, got(over, 0, "delivered")).signal is None


def test_late_success_ends_the_race_of_the_current_step():
    """A late success signals the current race, for any earlier step."""
    flow = replace(sent(sent(workflow(*THREE_STEPS), 0), 1, NOW + 700_000), task_token="of step 1")
    assert Change(flow, got(flow, 0, "read")).signal == ("of step 1", "ConditionMet")


def test_timeline_is_numbered():
    """Each entry has the next sequence number."""
    flow = got(sent(sent(workflow(*TWO_STEPS), 0), 1, NOW + 700_000), 1, "submitted", "delivered")
    assert [entry["sequence"] for entry in flow.timeline] == list(range(1, len(flow.timeline) + 1))
