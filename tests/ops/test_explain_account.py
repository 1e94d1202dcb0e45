"""The chronological account: its words, its order, and what it never shows."""

import json
import re

import pytest

from failover.rules.workflow.state import EVENTS
from ops.explain import shown
from ops.explain.account import account, of_entry, of_history, of_log_line
from ops.explain.story import Attempt, Execution, Moment, Story, Webhook
from tests import acts, examples
from tests.acts import LATER, NOW, lived

FLOW = lived(acts.sent(0), acts.status(0, "rejected", LATER - 20_000), acts.sent(1, LATER), acts.status(1, "delivered"))


def test_the_order():
    """Moments of all sources stand in the order of time, each with the time since the request."""
    story = Story(
        FLOW,
        LATER,
        (Webhook(4, "delivered", (Attempt(1, LATER + 90, 80, 200),)),),
        (Execution(1, "SUCCEEDED", NOW + 40, LATER + 5, (Moment(NOW + 50, "execution", "invokes"),)),),
        (Moment(NOW + 60, "log", "send_messenger: step sent"),),
    )
    lines = [re.fullmatch(r"(\S+) +(\S+ s) +(\w+) +(.+)", line) for line in account(story)]
    assert [line[1] for line in lines] == sorted(line[1] for line in lines)
    assert [line[3] for line in lines[:3]] == ["workflow", "workflow", "workflow"]
    assert [(line[2], line[3], line[4]) for line in lines if line[3] != "workflow"] == [
        ("+0.0 s", "execution", "execution 1 starts"),
        ("+0.1 s", "execution", "invokes"),
        ("+0.1 s", "log", "send_messenger: step sent"),
        ("+700.0 s", "execution", "execution 1 ends: succeeded"),
        ("+700.1 s", "webhook", "webhook 4 (rejected of step 0), attempt 1: 200 after 0.1 s"),
    ]


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_has_words(event):
    """Every kind of entry of the timeline has words of its own."""
    entry = {"sequence": 1, "at": NOW, "event": event, "step": 0, "status": "read", "reason": "why"}
    text = of_entry(FLOW, entry)
    assert len(text.split()) > 3
    assert "why" in text or event not in ("postponed", "unsent", "unknown", "left", "error")


def test_a_callback_that_came_late():
    """A callback says how long after the status it came, and whether its step had ended."""
    late = {"sequence": 1, "at": NOW, "event": "status", "step": 0, "status": "read", "timestamp": NOW - 5_000}
    assert of_entry(FLOW, late) == "callback: step 0 (messenger) is read (5.0 s after it happened)"
    assert "after the step had ended" in of_entry(FLOW, late | {"late": True})


def test_a_log_line():
    """A log line is shown with its service, its level if something is wrong, and known fields only."""
    line = {"level": "WARNING", "service": "send_sms", "message": "claim released", "step": 0, "reason": "HTTP 429"}
    shown_line = of_log_line(json.dumps(line | {"location": "send:12", "anything": "447700900001"}))
    assert shown_line == "send_sms: WARNING claim released (step 0, reason HTTP 429)"


def test_an_unexpected_failure():
    """An unexpected failure is shown with its type and the place where it was raised."""
    line = {"level": "ERROR", "service": "send_sms", "message": "unexpected failure", "error": "KeyError"}
    assert of_log_line(json.dumps(line | {"frames": ["app.py:1 handler", "send.py:9 send"]})) == (
        "send_sms: ERROR unexpected failure (error KeyError, in send.py:9 send)"
    )


@pytest.mark.parametrize("line", ["", "no JSON", "[]", '{"_aws": {}, "message": "x"}', '{"type": "platform.report"}'])
def test_other_lines(line):
    """Metrics and lines of Lambda itself are left out."""
    assert of_log_line(line) is None


def history(kind, **details):
    return {"type": kind, f"{kind[0].lower()}{kind[1:]}EventDetails": details}


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "Send"}}, "invokes the send of a step"),
        ({"type": "PassStateEntered", "stateEnteredEventDetails": {"name": "Turn"}}, None),
        (history("TaskFailed", error="NotYourTurn", cause="447700900001"), "its time has not come: the send will be"),
        (
            history("TaskFailed", error="Lambda.TooManyRequestsException"),
            "task failed: Lambda.TooManyRequestsException",
        ),
        (history("TaskFailed", error="to 447700900001"), "task failed: an error"),
        (history("TaskSucceeded"), None),
    ],
)
def test_an_event_of_an_execution(event, text):
    """What an execution does is described in our words; of an error only its type is shown."""
    told = of_history(event)
    assert told == text or (text is not None and told.startswith(text))


def test_the_whole_answer():
    """The verdict comes first, then what could not be read, then the account; nothing of the content is in it."""
    lines = shown(Story(FLOW, LATER, gaps=("the logs: StartQuery was answered AccessDeniedException",)))
    assert lines[0] == f"Workflow {examples.ID}"
    assert lines[2].startswith("Step 1 (sms) met its condition")
    assert "  - the logs: StartQuery was answered AccessDeniedException" in lines
    assert lines[-1].endswith("the workflow is completed, by step 1 (sms)")
