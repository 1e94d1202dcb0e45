"""A webhook has the same body each time it is sent, after any later event."""

import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from failover.rules.webhooks import bodies
from failover.rules.workflow import publication
from failover.rules.workflow.state import FINAL_REPORTS, from_plain, to_plain
from tests.described import check
from tests.examples import MESSENGER
from tests.properties.test_histories import EVENTS, STEPS, histories


def written(flow, entry):
    return simplejson.dumps(bodies.body(flow, [MESSENGER] * len(flow.steps), entry), use_decimal=True)


@settings(max_examples=600, deadline=None)
@given(STEPS, EVENTS, st.sampled_from(["workflow", "dispatch"]))
def test_bodies_do_not_change(flow, happenings, word):
    """A webhook's body depends on nothing after its own entry, to the byte."""
    flow = from_plain({**to_plain(flow), "word": word, "client_ref": "order 7"})
    first = {}
    for _, _, after in histories(flow, happenings):
        for entry in publication.webhooks(after):
            now = written(after, entry)
            assert first.setdefault(entry["sequence"], now) == now


@settings(max_examples=300, deadline=None)
@given(STEPS, EVENTS)
def test_every_status_and_one_report_are_told(flow, happenings):
    """I10: each status and each advance is a webhook, each new price or reason is another, the end is one report."""
    for _, _, after in histories(flow, happenings):
        flow = after
    webhooks = publication.webhooks(flow)
    statuses = [entry for entry in webhooks if entry["event"] == "status"]
    recorded = {(number, status) for number, step in enumerate(flow.steps) for status in step.statuses}
    assert {(entry["step"], entry["status"]) for entry in statuses} == recorded
    brought = [(entry["step"], entry["status"], str(entry.get("usage")), str(entry.get("error"))) for entry in statuses]
    assert len(set(brought)) == len(brought)
    left = [entry for entry in flow.timeline if entry["event"] == "left" and entry["outcome"] == "advanced"]
    assert [entry for entry in webhooks if entry["event"] == "left"] == left
    told = [bodies.body(flow, None, entry) for entry in left]
    assert [(one["status"], one["reason"]) for one in told] == [("advanced", entry["reason"]) for entry in left]
    for entry in webhooks:
        kind = "FinalReport" if entry["event"] in FINAL_REPORTS else "MessageStatusWebhook"
        check(kind, simplejson.loads(written(flow, entry)))
    reports = [bodies.body(flow, None, entry) for entry in webhooks if entry["event"] in FINAL_REPORTS]
    assert [report.get("amended", False) for report in reports] == [number > 0 for number in range(len(reports))]
    assert bool(reports) is not flow.running
    assert all(report["status"] == flow.status for report in reports)
