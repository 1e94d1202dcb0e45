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
    """The first step of a running workflow may be sent."""
    flow = transitions.claimed(workflow(*TWO_STEPS), 0, NOW + 5)
    assert flow.steps[0].phase == "claimed"
    assert flow.steps[0].claimed_at == NOW + 5
    assert events(flow) == [("accepted", None), ("sending", 0)]


def test_claimed_only_once():
    """A step that has been claimed is never claimed again, whatever became of it."""
    flow = transitions.claimed(workflow(*TWO_STEPS), 0, NOW)
    assert transitions.claimed(flow, 0, NOW) is None
    for answer in (Accepted(UUID), Refused(422, "422"), NotTaken("no connection"), Unknown("HTTP 500")):
        assert transitions.claimed(transitions.answered(flow, 0, answer, NOW), 0, NOW) is None


@pytest.mark.decision("Expiry clock")
def test_next_claim_expires_the_open_step():
    """A step nothing has decided expires at the moment the next one is claimed, with the reason in the timeline."""
    flow = got(sent(workflow(*TWO_STEPS), 0), 0, "submitted", "delivered")
    flow = transitions.claimed(flow, 1, NOW + 700_000)
    assert flow.steps[0].outcome == "expired"
    left = flow.timeline[-2]
    assert left["event"] == "left"
    assert left["reason"] == "expired after 600 s: last status delivered, wanted read"


@pytest.mark.decision("Expiry clock")
@pytest.mark.parametrize("early", [1, 599_999])
def test_never_early(early):
    """The next step cannot be claimed while the one before is open and its time is not up."""
    flow = sent(workflow(*TWO_STEPS), 0)
    expires_at = flow.steps[0].answered_at + 600_000
    with pytest.raises(transitions.TooEarly):
        transitions.claimed(flow, 1, expires_at - early)
    assert transitions.claimed(flow, 1, expires_at)


@pytest.mark.decision("Expiry clock")
@pytest.mark.parametrize(("expiry_time", "seconds"), [(15, 45), (24, 63), (600, 639)])
def test_never_early_without_an_answer(expiry_time, seconds):
    """A send may outlive its call: unanswered, its step keeps its expiry after the last possible answer."""
    flow = transitions.claimed(workflow(("messenger", "read", expiry_time), "sms"), 0, NOW)
    with pytest.raises(transitions.TooEarly) as early:
        transitions.claimed(flow, 1, NOW + seconds * 1000 - 1)
    assert early.value.milliseconds == 1
    assert transitions.claimed(flow, 1, NOW + seconds * 1000)
    flow = transitions.answered(flow, 0, Accepted("uuid"), NOW + 1000)
    assert transitions.claimed(flow, 1, NOW + 1000 + expiry_time * 1000)


def test_expired_without_any_status():
    """The reason says so when no status ever came."""
    flow = transitions.claimed(sent(workflow(*TWO_STEPS), 0), 1, NOW + 700_000)
    assert flow.timeline[-2]["reason"] == "expired after 600 s: last status none, wanted read"


def test_claim_forgets_the_token_of_the_race_before():
    """A task token never outlives its race."""
    flow = replace(sent(workflow(*TWO_STEPS), 0), task_token="token")
    assert transitions.claimed(flow, 1, NOW + 700_000).task_token is None


def test_a_later_claim_forbids_an_earlier_one():
    """A stale execution cannot send a step that was skipped."""
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
    """A step that the workflow does not have cannot be claimed, from either end."""
    with pytest.raises(LookupError):
        transitions.claimed(workflow(*THREE_STEPS), number, NOW + 10**9)


def test_condition_met_completes():
    """The condition status ends the workflow with success, and no step is claimed after that."""
    flow = got(sent(workflow(*TWO_STEPS), 0), 0, "submitted", "delivered", "read")
    assert (flow.status, flow.steps[0].outcome) == ("completed", "met")
    assert events(flow)[-1] == ("completed", 0)
    assert transitions.claimed(flow, 1, NOW) is None


def test_delivered_is_not_read():
    """A lower status than the condition leaves the step open."""
    flow = got(sent(workflow(*TWO_STEPS), 0), 0, "submitted", "delivered")
    assert (flow.status, flow.steps[0].outcome) == ("running", None)


def test_read_satisfies_delivered():
    """A channel that reports only read meets the condition delivered."""
    flow = got(sent(workflow(("messenger", "delivered", 600), "sms"), 0), 0, "read")
    assert flow.status == "completed"


@pytest.mark.parametrize("failure", ["rejected", "undeliverable"])
def test_failure_closes_the_step(failure):
    """A failure closes its step with the vendor's code and words, and leaves the workflow to the next one."""
    flow = sent(workflow(*TWO_STEPS), 0)
    error = {"code": 1300, "reason": "Not part of the provider network"}
    flow = transitions.received(flow, 0, receipt(failure, error=error), NOW)
    assert (flow.status, flow.steps[0].outcome) == ("running", failure)
    assert flow.timeline[-1]["reason"] == f"{failure}: 1300 Not part of the provider network"
    assert transitions.claimed(flow, 1, NOW).steps[0].outcome == failure


@pytest.mark.decision("Failure and success of one message")
def test_failure_after_delivery_decides_nothing():
    """Delivered came first: a failure after it is recorded, and read may still come."""
    flow = got(sent(workflow(*TWO_STEPS), 0), 0, "delivered", "rejected")
    assert (flow.steps[0].status, flow.steps[0].outcome) == ("delivered", None)
    assert got(flow, 0, "read").status == "completed"


@pytest.mark.decision("Failure and success of one message")
def test_success_after_failure_decides_nothing():
    """Rejected came first: a success after it is recorded as late and does not complete the workflow."""
    flow = got(sent(workflow(*TWO_STEPS), 0), 0, "rejected", "delivered", "read")
    assert (flow.status, flow.steps[0].outcome, flow.steps[0].status) == ("running", "rejected", "rejected")
    assert flow.timeline[-1]["late"] is True


@pytest.mark.parametrize("status", ["submitted", "delivered", "read", "rejected", "undeliverable"])
def test_duplicates_are_nothing(status):
    """The same status twice is written once."""
    flow = got(sent(workflow(*TWO_STEPS), 0), 0, status)
    assert transitions.received(flow, 0, receipt(status), NOW) is None


@pytest.mark.decision("Failure and success of one message")
def test_lower_status_is_still_recorded():
    """Delivered after read changes no state, and stands in the timeline."""
    flow = got(sent(workflow(*THREE_STEPS), 0), 0, "read", "delivered")
    assert flow.steps[0].status == "read"
    assert [e["status"] for e in flow.timeline if e["event"] == "status"] == ["read", "delivered"]


def test_status_for_a_step_never_sent():
    """A receipt for a step that was never claimed is no receipt."""
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
    """A step that had expired and now meets its condition completes the running workflow."""
    flow = sent(sent(workflow(*THREE_STEPS), 0), 1, NOW + 700_000)
    assert flow.steps[0].outcome == "expired"
    flow = got(flow, 0, "read", now=NOW + 710_000)
    assert flow.status == "completed"
    assert [e.get("late") for e in flow.timeline if e["event"] == "status"] == [True]
    assert transitions.claimed(flow, 2, NOW + 720_000) is None


def test_late_status_below_its_condition():
    """A late status that does not meet its own step's condition changes nothing but the record."""
    flow = sent(sent(workflow(*THREE_STEPS), 0), 1, NOW + 700_000)
    assert got(flow, 0, "delivered").status == "running"


@pytest.mark.decision("Late status")
def test_late_status_after_the_end():
    """After the end a status is recorded as late and never changes the result."""
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
    """The last step has no condition: delivered or read completes the workflow, a failure ends it in error."""
    assert got(sent(workflow("messenger"), 0), 0, *statuses).status == result


def test_error_keeps_its_reason():
    """A workflow that ends in error says why."""
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
    """What the Messages API refused, or certainly never took, closes the step at once."""
    flow = transitions.answered(transitions.claimed(workflow(*TWO_STEPS), 0, NOW), 0, answer, NOW)
    assert (flow.status, flow.steps[0].outcome) == ("running", outcome)
    assert flow.timeline[-1]["reason"] == reason


def test_unknown_stays_open():
    """What may have been sent is left to its status or its expiry."""
    flow = transitions.answered(transitions.claimed(workflow(*TWO_STEPS), 0, NOW), 0, Unknown("HTTP 500"), NOW + 9)
    assert (flow.steps[0].state, flow.steps[0].outcome, flow.steps[0].answered_at) == ("unknown", None, NOW + 9)
    assert got(flow, 0, "read").status == "completed"


def test_not_sent_once_it_is_over():
    """A workflow that ended while a send was waiting is not reopened, and the step is told as unsent."""
    flow = sent(workflow(*THREE_STEPS), 0)
    flow = transitions.claimed(flow, 1, NOW + 700_000)
    flow = got(flow, 0, "read")
    assert not transitions.still_wanted(flow, 1)
    flow = transitions.answered(flow, 1, NotTaken("HTTP 503"), NOW)
    assert (flow.status, flow.steps[1].state) == ("completed", "unsent")


def test_one_terminal_state():
    """I1: once completed, a failure of the message that was still on its way changes nothing."""
    flow = sent(sent(workflow(*TWO_STEPS), 0), 1, NOW + 700_000)
    flow = got(flow, 0, "read")
    after = got(flow, 1, "rejected")
    assert (after.status, after.reason, after.ended_at) == ("completed", None, flow.ended_at)


@pytest.mark.parametrize("answer", [Refused(422, "422"), NotTaken("HTTP 503")])
def test_late_answer_rewrites_nothing(answer):
    """An answer that comes after its step expired does not close it again."""
    flow = transitions.claimed(workflow(*TWO_STEPS), 0, NOW)
    flow = transitions.claimed(flow, 1, NOW + 700_000)
    flow = transitions.answered(flow, 0, answer, NOW + 700_500)
    assert flow.steps[0].outcome == "expired"
    assert [event for event, _ in events(flow)].count("left") == 1


@pytest.mark.decision("A status for a message that was not accepted")
@pytest.mark.parametrize("answer", [Refused(422, "422"), NotTaken("HTTP 503")])
@pytest.mark.parametrize("status", ["submitted", "delivered"])
def test_a_status_proves_the_message_was_taken(answer, status):
    """Whatever the answer says: with a status recorded nothing is asked again, and the step stays open."""
    flow = got(transitions.claimed(workflow(*TWO_STEPS), 0, NOW), 0, status)
    assert not transitions.still_wanted(flow, 0)
    flow = transitions.answered(flow, 0, answer, NOW)
    assert (flow.steps[0].state, flow.steps[0].outcome) == ("unknown", None)


@pytest.mark.parametrize("answer", [Refused(422, "422"), NotTaken("HTTP 503")])
def test_reached_although_not_sent(answer):
    """A step that was closed without a status, and whose person was reached all the same, completes the workflow."""
    flow = transitions.answered(transitions.claimed(workflow(*TWO_STEPS), 0, NOW), 0, answer, NOW)
    assert got(flow, 0, "read").status == "completed"


def test_signal_for_success_and_failure():
    """The race is told ConditionMet for the end, Rejected for a closed step, and nothing for the rest."""
    before = replace(sent(workflow(*TWO_STEPS), 0), task_token="token")
    assert Change(before, got(before, 0, "read")).signal == ("token", "ConditionMet")
    assert Change(before, got(before, 0, "rejected")).signal == ("token", "Rejected")
    assert Change(before, got(before, 0, "delivered")).signal is None


def test_no_signal_without_a_race():
    """Without a token there is nobody to tell; after the end neither."""
    before = sent(workflow(*TWO_STEPS), 0)
    assert Change(before, got(before, 0, "read")).signal is None
    over = replace(got(before, 0, "read"), task_token="token")
    assert Change(over, got(over, 0, "delivered")).signal is None


def test_late_success_ends_the_race_of_the_current_step():
    """The token to answer is the current one, whichever step the status belongs to."""
    flow = replace(sent(sent(workflow(*THREE_STEPS), 0), 1, NOW + 700_000), task_token="of step 1")
    assert Change(flow, got(flow, 0, "read")).signal == ("of step 1", "ConditionMet")


def test_timeline_is_numbered():
    """Every entry has the next sequence number."""
    flow = got(sent(sent(workflow(*TWO_STEPS), 0), 1, NOW + 700_000), 1, "submitted", "delivered")
    assert [entry["sequence"] for entry in flow.timeline] == list(range(1, len(flow.timeline) + 1))
