"""The plan: the earliest and the latest time of each step."""

import json
import re
from datetime import datetime

import pytest

from failover.rules.channels.channel_table import CHANNELS
from failover.rules.requests.plan import START_SECONDS, planned
from failover.rules.requests.request import validated
from failover.rules.sending import backoff
from failover.rules.sending.answers import Unknown
from failover.rules.timing.instants import iso
from failover.rules.workflow import transitions
from failover.rules.workflow.expiry import expires_at
from tests.examples import EVERY_CHANNEL, HOUR, MESSENGER, NOW, SMS, VIBER, changed, request, workflow
from tests.world import ROOT

WINDOW = 72 * HOUR


def milliseconds(text):
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def planned_for(*steps):
    return planned(validated(request(*steps)), None, NOW, WINDOW)


def test_a_single_step():
    """One step may be sent now, and ends at the latest with its receipt window."""
    plan = planned_for(SMS)
    (step,) = plan["steps"]
    assert (step["earliest_send"], step["latest_send"]) == (iso(NOW), iso(NOW + 30_000))
    assert plan["over_at_latest"] == iso(NOW + (30 + 30 + WINDOW) * 1000)
    assert (plan["template"], plan["dry_run"]) == ("failover", True)


@pytest.mark.decision("Receipt window")
@pytest.mark.parametrize("name", EVERY_CHANNEL)
@pytest.mark.parametrize("configured", [0, HOUR])
def test_the_window_of_the_last_channel(name, configured):
    """Without a configured window the last step waits as long as the vendor sends receipts on its channel."""
    plan = planned(validated(request(EVERY_CHANNEL[name])), None, NOW, configured)
    assert plan["over_at_latest"] == iso(NOW + (30 + 30 + (configured or CHANNELS[name].receipt_window)) * 1000)


def test_every_step_may_be_sent_at_once():
    """Each step's earliest time is now, because all steps before it may fail at once."""
    assert {step["earliest_send"] for step in planned_for(MESSENGER, VIBER, SMS)["steps"]} == {iso(NOW)}


@pytest.mark.parametrize("expiry", [15, 20, 600, 86400])
def test_latest(expiry):
    """Each earlier step adds its start, its longest send and its expiry."""
    step = changed(MESSENGER, "failover.expiry_time", expiry)
    sends = [milliseconds(step["latest_send"]) for step in planned_for(step, step, SMS)["steps"]]
    later = (START_SECONDS + 30 + expiry) * 1000
    assert sends == [NOW + 30_000, NOW + 30_000 + later, NOW + 30_000 + 2 * later]


def test_no_workflow_is_slower_than_its_plan():
    """A workflow whose steps each take their longest claims each as planned, and ends by the planned end."""
    steps = (("messenger", "read", 600), ("viber_service_msg", "delivered", 15), "sms")
    plan = planned_for(MESSENGER, changed(VIBER, "failover.expiry_time", 15), SMS)
    flow, now = workflow(*steps), NOW
    for number, step in enumerate(plan["steps"]):
        now += START_SECONDS * 1000
        assert milliseconds(step["latest_send"]) == now
        flow = transitions.claimed(flow, number, now)
        now += int(backoff.LONGEST_SEND * 1000)
        flow = transitions.answered(flow, number, Unknown("timeout"), now)
        now = expires_at(flow.steps[number])
    assert transitions.unconfirmed(flow, milliseconds(plan["over_at_latest"])).status == "error"
    assert transitions.unconfirmed(flow, milliseconds(plan["over_at_latest"]) - 1) is None


def test_what_a_step_says():
    """A planned step has its number, channel, sender, recipient, failover and reference as they would be used."""
    tolerated = changed(changed(VIBER, "to.number", "+447700900004"), "failover.expiry_time", "600")
    first, last = planned_for(changed(tolerated, "message.client_ref", "mine"), SMS)["steps"]
    sends = {"earliest_send", "latest_send"}
    assert {name: value for name, value in first.items() if name not in sends} == {
        "step": 0,
        "channel": "viber_service_msg",
        "from": VIBER["from"],
        "to": VIBER["to"],
        "expiry_time": 600,
        "condition_status": "delivered",
        "client_ref": "mine",
    }
    assert set(last) == {"step", "channel", "from", "to", *sends}


def test_no_text():
    """A plan contains no message text."""
    assert "Hello" not in json.dumps(planned_for(MESSENGER, VIBER, SMS))


def test_documented_plan():
    """The documented plan belongs to the documented request."""
    page = (ROOT / "docs/api.md").read_text()
    blocks = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)]
    asked = next(
        block for block in blocks if block.get("template") == "failover" and isinstance(block.get("workflow"), list)
    )
    documented = next(block for block in blocks if block.get("dry_run"))
    now = milliseconds(documented["steps"][0]["earliest_send"])
    assert planned(validated(asked), None, now, WINDOW) == documented
