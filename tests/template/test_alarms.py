"""The template's alarms, and where everything asynchronous ends when it fails for good."""

import json
import re

import pytest

from failover.observability import ALARMED, NAMESPACE, count, measure_seconds
from tests.template.test_template import references
from tests.world import ROOT, SEND_FUNCTIONS, logical_id, template

RESOURCES = template()["Resources"]
ALARMS = {name: one for name, one in RESOURCES.items() if one["Type"] == "AWS::CloudWatch::Alarm"}
OPERATIONS = (ROOT / "docs/operations.md").read_text()
TABLE = {"Ref": "Table"}
RECEIPT = RESOURCES["MessageStatus"]["Properties"]["Events"]["Receipt"]["Properties"]
CALLBACKS = {"Resource": RECEIPT["Path"], "Method": RECEIPT["Method"], "Stage": {"Ref": "Api.Stage"}}
"""What makes a metric of the API one of the callbacks alone."""


def watched(alarm):
    """(namespace, metric, {dimension: value}) of each metric an alarm watches."""
    properties = alarm["Properties"]
    stats = [one["MetricStat"]["Metric"] for one in properties.get("Metrics", []) if "MetricStat" in one]
    return [
        (metric["Namespace"], metric["MetricName"], {one["Name"]: one["Value"] for one in metric.get("Dimensions", [])})
        for metric in stats or [properties]
    ]


def alarm_on(*wanted):
    return [name for name, alarm in ALARMS.items() if watched(alarm) == [wanted]]


def sources():
    """(function, what it is called by) for everything that calls a function and does not wait for its answer."""
    for name, resource in RESOURCES.items():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] != "Api":
                yield pytest.param(name, event, id=f"{event['Type']} to {name}")


SOURCES = list(sources())


def test_there_are_such_sources():
    """The stream, the schedule, the queue of webhooks and the sandbox's queue."""
    assert sorted(param.id.split()[0] for param in SOURCES) == ["DynamoDB", "SQS", "SQS", "Schedule"]


@pytest.mark.parametrize(("function", "event"), SOURCES)
def test_where_failures_end(function, event):
    """Whatever calls a function and does not wait leaves its failures in a queue, or in a metric, that has an alarm."""
    properties = event["Properties"]
    if event["Type"] == "Schedule":
        assert alarm_on(NAMESPACE, "OldestOverdueSeconds", {"table": TABLE}) == ["ReconcileBehind"]
        assert ALARMS["ReconcileBehind"]["Properties"]["TreatMissingData"] == "breaching", "a run that is not made"
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
    """A webhook's attempts that fail ring long before the webhook is a dead letter, which takes hours."""
    assert alarm_on("AWS/Lambda", "Errors", {"FunctionName": {"Ref": "DeliverWebhook"}}) == ["DeliveriesFailing"]


def test_our_own_metrics(capsys, monkeypatch):
    """Each of our metrics that an alarm watches is written under the dimension the alarm knows, and has an alarm."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "publish_events")
    monkeypatch.setenv("TABLE_NAME", "workflows")
    ours = [one for alarm in ALARMS.values() for one in watched(alarm) if one[0] == NAMESPACE]
    assert {metric for _, metric, _ in ours} == ALARMED
    for _, metric, dimensions in ours:
        assert dimensions == {"table": TABLE}
        if metric.endswith("Seconds"):
            measure_seconds(metric, 1)
        else:
            count(metric, kind="any")
        line = json.loads(capsys.readouterr().out)
        (written,) = line["_aws"]["CloudWatchMetrics"]
        assert written["Namespace"] == NAMESPACE
        assert [one["Name"] for one in written["Metrics"]] == [metric]
        assert ["table"] in written["Dimensions"]
        assert line["table"] == "workflows"


def test_other_metrics(capsys, monkeypatch):
    """A metric without an alarm is written under its own dimensions only: each further set is a metric to pay for."""
    monkeypatch.setenv("TABLE_NAME", "workflows")
    count("WorkflowsCreated", kind="any")
    (written,) = json.loads(capsys.readouterr().out)["_aws"]["CloudWatchMetrics"]
    assert len(written["Dimensions"]) == 1


def test_every_function_has_a_table_name():
    """The dimension of our alarms is the table's name, which every function has."""
    assert template()["Globals"]["Function"]["Environment"]["Variables"]["TABLE_NAME"] == TABLE


@pytest.mark.parametrize("name", ALARMS)
def test_each_alarm(name):
    """An alarm is named after its stack, says what is wrong, watches something there is, and tells the topic."""
    properties = ALARMS[name]["Properties"]
    assert properties["AlarmName"]["Fn::Sub"].startswith("${AWS::StackName}-")
    assert properties["AlarmDescription"].endswith(".")
    topic = {"Fn::If": ["WithAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    assert properties["AlarmActions"] == properties["OKActions"] == topic
    for _, _, dimensions in watched(ALARMS[name]):
        for value in dimensions.values():
            there = {name.partition(".")[0] for name in references(value)}
            assert there or value in CALLBACKS.values()
            assert there <= {*RESOURCES, "AWS::StackName"}


def test_alarms_are_documented():
    """Every alarm has its one row in the documentation, with what to do, and every row is an alarm."""
    names = [one["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-") for one in ALARMS.values()]
    section = OPERATIONS.partition("\n## Alarms\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z-]+|send-<channel>-failing)` \| [^|]+ \| ([^|]+) \|$", section, re.MULTILINE)
    sends = [f"{function.replace('_', '-')}-failing" for function in SEND_FUNCTIONS]
    told = [name for row, _ in rows for name in (sends if "<channel>" in row else [row])]
    assert sorted(told) == sorted(names)
    assert all(len(what_to_do) > 20 for _, what_to_do in rows)


def test_the_topic_is_optional():
    """Without a topic the alarms have no action; nothing else depends on it."""
    assert template()["Parameters"]["AlarmTopicArn"]["Default"] == ""
    assert json.dumps(template()).count("WithAlarmTopic") == 1 + 2 * len(ALARMS)
