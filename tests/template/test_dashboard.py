"""The CloudWatch dashboard: valid, complete, and about metrics that exist."""

import ast
import json
import re
from itertools import combinations

import pytest

from failover.observability import ALARMED
from failover.rules.workflow.state import OUTCOMES
from local.dashboard.body import with_dashboard
from local.dashboard.workflows import ANSWERS, FAILOVERS, FAILURES
from tests.template.test_template import references
from tests.world import ROOT, template

RESOURCES = template()["Resources"]
TEXT = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
PSEUDO = {"AWS::StackName": "workflows-prod", "AWS::Region": "eu-west-1", "AWS::Partition": "aws"}
PSEUDO |= {"AWS::AccountId": "123456789012", "AWS::NoValue": ""}
STACK = PSEUDO["AWS::StackName"]


def substituted(text):
    """What CloudFormation makes of the text: each reference becomes its own name, and `${!x}` becomes `${x}`."""
    filled = re.sub(r"\$\{([^!}]+)\}", lambda found: PSEUDO.get(found[1], found[1]), text)
    return filled.replace("${!", "${")


BODY = json.loads(substituted(TEXT))
WIDGETS = BODY["widgets"]
GRAPHS = [widget["properties"] for widget in WIDGETS if widget["type"] == "metric"]
TITLES = [graph["title"] for graph in GRAPHS]

STAGED = {"ApiName", "Method", "Resource", "Stage"}
OF_AWS = {
    ("AWS/ApiGateway", "Count"): ({"ApiName"}, STAGED),
    ("AWS/ApiGateway", "4XXError"): ({"ApiName"},),
    ("AWS/ApiGateway", "5XXError"): ({"ApiName"},),
    ("AWS/ApiGateway", "Latency"): ({"ApiName"},),
    ("AWS/ApiGateway", "IntegrationLatency"): (STAGED,),
    ("AWS/Lambda", "Invocations"): ({"FunctionName"},),
    ("AWS/Lambda", "Errors"): ({"FunctionName"},),
    ("AWS/Lambda", "Throttles"): ({"FunctionName"},),
    ("AWS/Lambda", "Duration"): ({"FunctionName"},),
    ("AWS/Lambda", "ConcurrentExecutions"): ({"FunctionName"},),
    ("AWS/Lambda", "IteratorAge"): ({"FunctionName"},),
    ("AWS/States", "ExecutionsStarted"): ({"StateMachineArn"},),
    ("AWS/States", "ExecutionsSucceeded"): ({"StateMachineArn"},),
    ("AWS/States", "ExecutionsFailed"): ({"StateMachineArn"},),
    ("AWS/States", "ExecutionsAborted"): ({"StateMachineArn"},),
    ("AWS/States", "ExecutionsTimedOut"): ({"StateMachineArn"},),
    ("AWS/States", "ThrottledEvents"): ({"APIName"}, {"ServiceMetric"}),
    ("AWS/States", "OpenExecutionCount"): (set(),),
    ("AWS/States", "OpenExecutionLimit"): (set(),),
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits"): ({"TableName"},),
    ("AWS/DynamoDB", "ConsumedWriteCapacityUnits"): ({"TableName"}, {"TableName", "GlobalSecondaryIndexName"}),
    ("AWS/DynamoDB", "ReadThrottleEvents"): ({"TableName"}, {"TableName", "GlobalSecondaryIndexName"}),
    ("AWS/DynamoDB", "WriteThrottleEvents"): ({"TableName"}, {"TableName", "GlobalSecondaryIndexName"}),
    ("AWS/DynamoDB", "SuccessfulRequestLatency"): ({"TableName", "Operation"},),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): ({"QueueName"},),
    ("AWS/SQS", "ApproximateNumberOfMessagesDelayed"): ({"QueueName"},),
    ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible"): ({"QueueName"},),
    ("AWS/SQS", "NumberOfMessagesSent"): ({"QueueName"},),
    ("AWS/SQS", "NumberOfMessagesDeleted"): ({"QueueName"},),
}
"""The metrics of AWS in use, with their dimensions, from each service's page "… metrics and dimensions"."""


def written():
    """(metric, own dimensions) of every call that writes one of our metrics."""
    for path in [*(ROOT / "layers/failover/failover").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        for call in [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]:
            name = getattr(call.func, "id", "")
            if name in ("count", "count_many", "count_none", "measure_seconds", "measure_price"):
                first = call.args[0] if call.args else None
                if isinstance(first, ast.Constant):
                    yield first.value, frozenset(keyword.arg for keyword in call.keywords)


OURS = set(written())


def shown():
    """(namespace, metric, {dimension: value}) of every series that a graph names."""
    for graph in GRAPHS:
        for line in graph["metrics"]:
            if not isinstance(line[0], dict):
                namespace, metric, *pairs = [one for one in line if not isinstance(one, dict)]
                yield namespace, metric, dict(zip(pairs[::2], pairs[1::2], strict=True))


SEARCH = re.compile(r"SEARCH\('\{([^}]+)\} ([^']+)', '(\w+)', (\d+)\)")
EXPRESSIONS = [(graph, line[0]) for graph in GRAPHS for line in graph["metrics"] if isinstance(line[0], dict)]


def test_generated():
    """The template has the dashboard that local/dashboard describes: `make generate`."""
    assert with_dashboard() == (ROOT / "template.yaml").read_text()


def test_references():
    """The dashboard refers to resources that every stack has."""
    named = set(references(RESOURCES["Dashboard"])) - set(PSEUDO)
    assert named <= set(RESOURCES)
    assert not any("Condition" in RESOURCES[name] for name in named)


def test_its_name():
    """The dashboard has the names of the stack and of its Region: dashboards of all Regions share their names."""
    name = {"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}
    assert RESOURCES["Dashboard"]["Properties"]["DashboardName"] == name


def test_no_widget_covers_another():
    """Every widget is within the grid's 24 columns, and none overlaps another."""
    for one in WIDGETS:
        assert one["x"] >= 0
        assert one["y"] >= 0
        assert one["x"] + one["width"] <= 24
    for one, other in combinations(WIDGETS, 2):
        beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        below = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
        assert beside or below, (one, other)


def test_no_gaps():
    """Each line of widgets is 24 columns wide."""
    lines = {}
    for one in WIDGETS:
        lines[one["y"]] = lines.get(one["y"], 0) + one["width"]
    assert set(lines.values()) == {24}


def test_rows():
    """Each row begins with its title; the business comes first, and the alarms' states last."""
    titles = [one["properties"]["markdown"].splitlines()[0] for one in WIDGETS if one["type"] == "text"]
    wanted = ["Business", "Messages API", "API", "Functions", "State machine", "Table", "Queues", "Alarms"]
    assert titles == [f"## {title}" for title in wanted]
    assert (WIDGETS[0]["type"], WIDGETS[-1]["type"]) == ("text", "alarm")
    assert len(set(TITLES)) == len(TITLES)


@pytest.mark.parametrize(("namespace", "metric", "dimensions"), list(shown()))
def test_each_series_exists(namespace, metric, dimensions):
    """A series of AWS has known dimensions; one of ours is written by that function, or by all under the stack."""
    if namespace != "Workflows":
        assert set(dimensions) in OF_AWS[namespace, metric]
        return
    assert dimensions["stack"] == STACK
    own = set(dimensions) - {"service", "stack"}
    assert not own
    if "service" in dimensions:
        assert (metric, frozenset()) in OURS
        services = [
            one["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
            for one in RESOURCES.values()
            if one["Type"] == "AWS::Serverless::Function"
        ]
        assert dimensions["service"] in services
    else:
        assert metric in ALARMED


def test_every_search():
    """A search names the metric's own dimensions, the function's and the stack's, and values that the code writes."""
    found = [(graph, one) for graph, line in EXPRESSIONS for one in SEARCH.findall(line["expression"])]
    assert found
    values = {"reason": {*OUTCOMES, "throttled", "unreachable"}, "answer": set(ANSWERS)}
    for graph, (schema, terms, _, period) in found:
        namespace, *dimensions = schema.split(",")
        equal = dict(re.findall(r'(\w+)="([^"]+)"', terms))
        metric = equal.pop("MetricName")
        assert (namespace, equal.pop("stack")) == ("Workflows", STACK)
        assert (metric, frozenset(dimensions) - {"service", "stack"}) in OURS, metric
        assert {"service", "stack"} <= set(dimensions)
        assert all(value in values[name] for name, value in equal.items())
        assert int(period) == graph["period"]


def test_every_expression():
    """An expression is a search, or uses ids of its own graph; a label's property is a dimension of its search."""
    for graph, line in EXPRESSIONS:
        text = line["expression"]
        for dimension in re.findall(r"\$\{PROP\('Dim\.(\w+)'\)\}", line["label"]):
            assert dimension in SEARCH.search(text)[1].split(",")
        if "SEARCH" not in text:
            ids = {options["id"] for *_, options in graph["metrics"] if "id" in options}
            assert set(re.findall(r"[a-z_]+", text)) <= ids


def test_reasons():
    """The graphs of failovers and of failures show every outcome that can be the reason."""
    assert {*FAILOVERS, *FAILURES} == set(OUTCOMES) - {"met"}


def test_every_function_and_alarm():
    """Every function and every alarm that all stacks have is on the dashboard."""
    functions = {name for name, one in RESOURCES.items() if one["Type"] == "AWS::Serverless::Function"}
    always = {name for name in functions if "Condition" not in RESOURCES[name]}
    assert {dimensions["FunctionName"] for _, metric, dimensions in shown() if metric == "Invocations"} == always
    names = [
        one["Properties"]["AlarmName"]["Fn::Sub"].replace("${AWS::StackName}", STACK)
        for one in RESOURCES.values()
        if one["Type"] == "AWS::CloudWatch::Alarm" and "Condition" not in one
    ]
    arns = [f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}" for name in names]
    assert WIDGETS[-1]["properties"]["alarms"] == arns
    assert len(arns) <= 100, "what an alarm widget takes"


def test_the_most_series():
    """No graph has more lines than people can tell apart, and the whole is below CloudWatch's limits."""
    assert max(len(graph["metrics"]) for graph in GRAPHS) <= 20
    assert sum(len(graph["metrics"]) for graph in GRAPHS) < 500
    assert len(WIDGETS) <= 500
