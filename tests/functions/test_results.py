"""The metrics of a workflow's end and of its prices: each written once, by the process that wrote the change."""

import pytest

from failover.use_cases.sending.send import send
from tests import messages_server as server
from tests.examples import ID, SMS, workflow
from tests.functions.conftest import callback
from tests.functions.test_lost_answers import lose_the_answer
from tests.left_behind import metrics
from tests.world import callback_event

NAMES = {"WorkflowsCompleted", "WorkflowsFailed", "SecondsToCondition", "SecondsToComplete", "MessagePrice"}
PRICE = {"usage": {"price": "0.0333", "currency": "EUR"}}


def results(text):
    """The metrics of results among those written."""
    return [one for one in metrics(text) if NAMES & set(one)]


def test_completed(callbacks, racing, signals, output):
    """A status that completes a workflow writes the channel, both times and the price."""
    callbacks.handler(callback_event(callback("read", **PRICE)), None)
    completed, to_condition, to_complete, price = results(output())
    assert completed == {"WorkflowsCompleted": [1.0], "channel": "messenger"}
    assert (set(to_condition), to_condition["channel"]) == ({"SecondsToCondition", "channel"}, "messenger")
    assert set(to_complete) == {"SecondsToComplete"}
    assert price == {"MessagePrice": [0.0333], "currency": "EUR"}


def test_a_repeated_callback(callbacks, racing, signals, output):
    """A callback that comes again, and a later status with the same price, write no result."""
    callbacks.handler(callback_event(callback("read", **PRICE)), None)
    output()
    callbacks.handler(callback_event(callback("read", **PRICE)), None)
    callbacks.handler(callback_event(callback("delivered", **PRICE)), None)
    assert results(output()) == []


@pytest.mark.parametrize("repeated", [True, False])
def test_a_lost_answer(callbacks, racing, signals, output, repeated):
    """If the answer to the write is lost, the results are written once, whether or not the client repeats the write."""
    lose_the_answer(callbacks.outside.table.client, "put_item", repeated=repeated)
    callbacks.handler(callback_event(callback("read", **PRICE)), None)
    assert [next(iter(NAMES & set(one))) for one in results(output())].count("WorkflowsCompleted") == 1


def test_a_process_that_dies_after_its_write(callbacks, racing, signals, output, monkeypatch):
    """The callback that the vendor repeats after a process died finds the change written, and writes no result."""

    class DiedError(BaseException):
        pass

    def die(*_):
        raise DiedError

    with monkeypatch.context() as dying:
        dying.setattr("failover.use_cases.workflow.transition.count_results", die)
        with pytest.raises(DiedError):
            callbacks.handler(callback_event(callback("read", **PRICE)), None)
    callbacks.handler(callback_event(callback("read", **PRICE)), None)
    assert results(output()) == []


def test_refused(world, messages, outside, output):
    """A last step that the Messages API refuses writes the workflow's failure, with its outcome as the reason."""
    world.put(workflow("sms"), [SMS])
    messages.script = [server.http(422)]
    send(outside, "sms", ID, 0)
    assert results(output()) == [{"WorkflowsFailed": [1.0], "reason": "refused"}]


def test_rejected(world, callbacks, messages, outside, output):
    """A last step whose message is rejected writes the workflow's failure."""
    world.put(workflow("sms"), [SMS])
    messages.script = [server.accepted("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab")]
    send(outside, "sms", ID, 0)
    callbacks.handler(callback_event(callback("rejected")), None)
    assert results(output()) == [{"WorkflowsFailed": [1.0], "reason": "rejected"}]
