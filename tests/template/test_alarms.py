"""The template's alarms, and where failed asynchronous invocations end."""

import json

import pytest

from failover.observability import ALARMED, NAMESPACE, count, measure_seconds
from tests.template.test_template import references
from tests.world import SEND_FUNCTIONS, logical_id, template

RESOURCES = template()["Resources"]
EVERY_ALARM = {name: one for name, one in RESOURCES.items() if one["Type"] == "AWS::CloudWatch::Alarm"}
DEPLOYMENTS = {name: one for name, one in EVERY_ALARM.items() if one.get("Condition") == "WithGradualDeployments"}
"""The alarms that take a change back. They notify no one: `tests/template/test_deployments.py`."""
ALARMS = {name: one for name, one in EVERY_ALARM.items() if name not in DEPLOYMENTS}
STACK = {"Ref": "AWS::StackName"}
RECEIPT = RESOURCES["MessageStatus"]["Properties"]["Events"]["Receipt"]["Properties"]
CALLBACKS = {"Resource": RECEIPT["Path"], "Method": RECEIPT["Method"], "Stage": {"Ref": "Api.Stage"}}
"""The dimensions that limit a metric of the API to the callbacks."""


def watched(alarm):
    """(namespace, metric, {dimension: value}) of each metric that an alarm watches."""
    properties = alarm["Properties"]
    stats = [one["MetricStat"]["Metric"] for one in properties.get("Metrics", []) if "MetricStat" in one]
    return [
        (metric["Namespace"], metric["MetricName"], {one["Name"]: one["Value"] for one in metric.get("Dimensions", [])})
        for metric in stats or [properties]
    ]


def alarm_on(*wanted):
    """The alarms that watch this metric."""
    return [name for name, alarm in ALARMS.items() if wanted in watched(alarm)]


def constants():
    """The values of dimensions that are not references: paths, verbs, indexes, functions, channels, calls."""
    for resource in RESOURCES.values():
        properties = resource.get("Properties", {})
        yield from (one["IndexName"] for one in properties.get("GlobalSecondaryIndexes", []))
        for event in properties.get("Events", {}).values():
            yield from (event["Properties"][name] for name in ("Path", "Method") if event["Type"] == "Api")
    yield from SEND_FUNCTIONS
    yield from (name.removeprefix("send_") for name in SEND_FUNCTIONS)
    yield from ("StartExecution", "SendTaskFailure", "StateTransition")


def sources():
    """(function, source) of everything that invokes a function without waiting for the answer."""
    for name, resource in RESOURCES.items():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] != "Api":
                yield pytest.param(name, event, id=f"{event['Type']} to {name}")


SOURCES = list(sources())
OLDEST = {
    "Reconcile": ("OldestOverdueSeconds", "ReconcileBehind"),
    "StartWorkflows": ("OldestUnstartedSeconds", "StartsBehind"),
}
"""The metric that each run of a scheduled function writes, and its alarm."""


def test_there_are_such_sources():
    """The sources are the stream, two schedules, the webhook queue and the sandbox's queue."""
    assert sorted(param.id.split()[0] for param in SOURCES) == ["DynamoDB", "SQS", "SQS", "Schedule", "Schedule"]


@pytest.mark.parametrize(("function", "event"), SOURCES)
def test_where_failures_end(function, event):
    """A source that invokes a function without waiting leaves failures in a queue or metric that has an alarm."""
    properties = event["Properties"]
    if event["Type"] == "Schedule":
        metric, alarm = OLDEST[function]
        assert alarm_on(NAMESPACE, metric, {"stack": STACK}) == [alarm]
        assert ALARMS[alarm]["Properties"]["TreatMissingData"] == "breaching", "a run that is not made"
        return
    if event["Type"] == "DynamoDB":
        (end, _) = properties["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"]
    else:
        (queue, _) = properties["Queue"]["Fn::GetAtt"]
        (end, _) = RESOURCES[queue]["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"]
    assert RESOURCES[end]["Properties"]["MessageRetentionPeriod"] == 14 * 86400
    name = {"QueueName": {"Fn::GetAtt": [end, "QueueName"]}}
    (alarm,) = alarm_on("AWS/SQS", "ApproximateNumberOfMessagesVisible", name)
    assert ALARMS[alarm]["Properties"]["Threshold"] == 0
    assert ALARMS[alarm].get("Condition") == RESOURCES[end].get("Condition")


def test_executions():
    """There is an alarm on failed executions, and one on the repeated failures of every channel's function."""
    assert alarm_on("AWS/States", "ExecutionsFailed", {"StateMachineArn": {"Ref": "StateMachine"}})
    for name in map(logical_id, SEND_FUNCTIONS):
        assert alarm_on("AWS/Lambda", "Errors", {"FunctionName": {"Ref": name}}) == [f"{name}Failing"]


def test_attempts_that_fail():
    """The alarm on failed attempts at a webhook fires long before the webhook becomes a dead letter."""
    assert alarm_on("AWS/Lambda", "Errors", {"FunctionName": {"Ref": "DeliverWebhook"}}) == ["DeliveriesFailing"]


def test_our_own_metrics(capsys, monkeypatch):
    """Each of our metrics in an alarm is written with the alarm's dimensions: its own, or the stack alone."""
    monkeypatch.setenv("STACK_NAME", "workflows-prod")
    ours = [one for alarm in EVERY_ALARM.values() for one in watched(alarm) if one[0] == NAMESPACE]
    assert {metric for _, metric, dimensions in ours if len(dimensions) == 1} == ALARMED
    for _, metric, dimensions in ours:
        assert dimensions["stack"] == STACK
        expected = dimensions | {"stack": "workflows-prod"}
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", dimensions.get("service", "publish_events"))
        if metric.endswith("Seconds"):
            measure_seconds(metric, 1)
        elif len(dimensions) == 1:
            count(metric, kind="any")
        else:
            count(metric)
        line = json.loads(capsys.readouterr().out)
        (written,) = line["_aws"]["CloudWatchMetrics"]
        assert written["Namespace"] == NAMESPACE
        assert [one["Name"] for one in written["Metrics"]] == [metric]
        assert set(expected) in [set(one) for one in written["Dimensions"]]
        assert expected.items() <= line.items()
        assert {"service", "stack"} <= set(written["Dimensions"][0])


def test_other_metrics(capsys, monkeypatch):
    """A metric without an alarm is written once, under its stack too: each further set costs another metric."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "workflows_api")
    monkeypatch.setenv("STACK_NAME", "workflows-prod")
    count("WorkflowsCreated", kind="any")
    (written,) = json.loads(capsys.readouterr().out)["_aws"]["CloudWatchMetrics"]
    (dimensions,) = written["Dimensions"]
    assert sorted(dimensions) == ["kind", "service", "stack"]


def test_every_function_has_its_stacks_name():
    """Every function has the stack's name, the dimension that keeps the metrics of two stacks apart."""
    assert template()["Globals"]["Function"]["Environment"]["Variables"]["STACK_NAME"] == STACK


@pytest.mark.parametrize("name", EVERY_ALARM)
def test_each_alarm(name):
    """An alarm's name begins with its stack; it has a description, an existing resource to watch, and the topic."""
    properties = EVERY_ALARM[name]["Properties"]
    assert properties["AlarmName"]["Fn::Sub"].startswith("${AWS::StackName}-")
    topic = {"Fn::If": ["WithAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    expected = None if name in DEPLOYMENTS else topic
    assert properties.get("AlarmActions") == properties.get("OKActions") == expected
    for _, _, dimensions in watched(EVERY_ALARM[name]):
        for value in dimensions.values():
            there = {name.partition(".")[0] for name in references(value)}
            assert there or value in set(constants())
            assert there <= {*RESOURCES, "AWS::StackName"}


def test_the_topic_is_optional():
    """Without a topic the alarms have no action, the budget's warnings go to its e-mail address only, and nothing else
    changes."""
    assert template()["Parameters"]["AlarmTopicArn"]["Default"] == ""
    warnings = RESOURCES["Budget"]["Properties"]["NotificationsWithSubscribers"]
    assert json.dumps(template()).count("WithAlarmTopic") == 1 + 2 * len(ALARMS) + len(warnings)
