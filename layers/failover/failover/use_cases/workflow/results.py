"""Count what a workflow's change comes to, after it was written: once for each change, by the process that wrote it.

A process that dies between its write and these lines leaves a workflow uncounted; none is counted twice. The workflows
themselves are exact: docs/api.md, "Summary".
"""

from failover.observability import count, measure_price, measure_seconds
from failover.rules.workflow.race import Change
from failover.rules.workflow.results import Completed, Failed, ending, spent


def count_results(change: Change) -> None:
    match ending(change):
        case Completed() as completed:
            count("WorkflowsCompleted", channel=completed.channel)
            measure_seconds("SecondsToCondition", completed.seconds_to_condition, channel=completed.channel)
            measure_seconds("SecondsToComplete", completed.seconds_to_complete)
        case Failed(reason):
            count("WorkflowsFailed", reason=reason)
    for currency, price in spent(change).items():
        measure_price("MessagePrice", float(price), currency=currency)
