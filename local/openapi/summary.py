"""The schemas of a summary."""

from failover.rules.workflow.state import STATES
from failover.rules.workflow.summary import MOST_POINTS, MOST_WORKFLOWS
from local.openapi.shapes import Schema, array, count, mark, record, ref, text


def schemas() -> dict[str, Schema]:
    return {
        "Summary": record(
            {
                "as_of": ref("Instant"),
                "since": ref("Instant"),
                "until": ref("Instant"),
                "exact": mark(f"False: only the newest {MOST_WORKFLOWS} workflows of the span were looked at."),
                "workflows": count() | {"maximum": MOST_WORKFLOWS},
                "outcomes": ref("StatusCounts"),
                "reached": array(ref("ReachedStep")),
                "reached_twice": count() | {"description": "Workflows with messages of two steps delivered or read."},
                "failovers": array(ref("ClosedSteps")),
                "hours": array(ref("HourOfWorkflows")),
                "times": array(ref("TimesToCondition")),
            },
            {"usage": ref("Total")},
        ),
        "StatusCounts": record({status: count() for status in STATES}),
        "ReachedStep": record({"step": count(), "channel": ref("Channel"), "workflows": count(1)}),
        "ClosedSteps": record({"channel": ref("Channel"), "outcome": text(), "steps": count(1)}),
        "HourOfWorkflows": record({"from": ref("Instant")} | {status: count() for status in STATES}),
        "TimesToCondition": record(
            {
                "channel": ref("Channel"),
                "condition_status": ref("ConditionStatus"),
                "sent": count(1) | {"description": "Steps whose message was, or may have been, accepted."},
                "met": count() | {"description": "Steps among them whose message met the condition, late or not."},
                "expiry_times": array(ref("ExpiryTimeOfSteps")),
                "curve": {**array(ref("PointOfCurve")), "maxItems": MOST_POINTS},
            }
        ),
        "ExpiryTimeOfSteps": record({"seconds": count(), "steps": count(1)}),
        "PointOfCurve": record({"seconds": {"type": "number", "minimum": 0}, "steps": count(1)}),
    }
