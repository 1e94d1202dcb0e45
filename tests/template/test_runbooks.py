"""docs/runbooks.md: an entry for each alarm, and commands that look at what exists."""

import ast
import json
import os
import re
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from failover.edges.task_edge import TaskFailed
from failover.observability import ALARMED
from failover.rules.pacing.turns import NotYourTurn
from failover.use_cases.callers import register
from tests.template.test_alarms import EVERY_ALARM
from tests.template.test_dashboard import OF_AWS, OURS, TEXT, shown
from tests.world import ROOT, SEND_FUNCTIONS, template

PAGE = (ROOT / "docs/runbooks.md").read_text()
ENTRIES = dict(re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
OF_EACH_CHANNEL = "send-<channel>-failing"
RESOURCES = template()["Resources"]
FUNCTIONS = {
    one["Properties"]["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
    for one in RESOURCES.values()
    if one["Type"] == "AWS::Serverless::Function"
}


def name_of(alarm):
    """The name of the alarm's entry."""
    name = EVERY_ALARM[alarm]["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
    sends = [f"{function.replace('_', '-')}-failing" for function in SEND_FUNCTIONS]
    return OF_EACH_CHANNEL if name in sends else name


def anchor(heading):
    """The anchor of a heading in a page, as test_links has it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_an_entry_for_each_alarm():
    """Every alarm has one entry, and every entry is an alarm."""
    assert sorted(ENTRIES) == sorted(set(map(name_of, EVERY_ALARM)))
    assert len(re.findall(r"^### ", PAGE, re.MULTILINE)) == len(ENTRIES)


@pytest.mark.parametrize("alarm", EVERY_ALARM)
def test_a_description_leads_to_its_entry(alarm):
    """An alarm's description ends with the address of its entry, and is as short as CloudWatch wants."""
    description = EVERY_ALARM[alarm]["Properties"]["AlarmDescription"]
    assert description.endswith(f". See docs/runbooks.md#{anchor(name_of(alarm))}")
    assert len(description) <= 1024


@pytest.mark.parametrize("name", ENTRIES)
def test_each_entry(name):
    """An entry says whom it wakes, when it fires, what to do, a command to see it, and what ends it."""
    wakes = re.findall(r"^## (.+)$", PAGE.partition(f"\n### {name}\n")[0], re.MULTILINE)[-1]
    assert wakes in ("Page", "Ticket", "Deployment")
    fires, meaning, *rest = ENTRIES[name].strip().split("\n\n")
    assert fires.startswith(f"**{wakes}.** Fires when ")
    assert len(meaning) > 40
    assert re.search(r"^```\n.+^```$", ENTRIES[name], re.MULTILINE | re.DOTALL)
    assert rest[-1].startswith("Ends ")


STACK = "workflows-prod"
SHELL = """
set -u
aws() {
  [ "$2" = "$REFUSED" ] && return 1
  { printf '%s\\0' "$@"; printf '\\n\\0'; } >> "$CALLS"
  case "$2" in
    describe-stacks) printf '%s\\n' Sandbox MessagesPerSecond GradualDeployments ;;
    describe-stack-resource) echo "the ${6:?}" ;;
    invoke) { printf 'payload\\0'; cat "${6#fileb://}"; printf '\\0\\n\\0'; } >> "$CALLS"
      if grep -q '"cursor": null' "${6#fileb://}"; then echo '{"complete": false, "cursor": "1.a"}'
      else echo '{"complete": true, "cursor": null}'; fi > "$7" ;;
  esac
}
make() { :; }
sleep() { :; }
"""
"""Commands that write down how they are called, and answer what the page's own need."""


@cache
def calls(refused="no operation"):
    """The arguments of every `aws` that the blocks of the page run, all of them in one shell.

    `refused`: an operation that AWS refuses.
    """
    blocks = re.findall(r"^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "calls"
        environment = {"PATH": os.environ["PATH"], "CALLS": str(file), "REFUSED": refused}
        done = subprocess.run(
            ["bash"],
            input=SHELL + "\n".join(blocks),
            env=environment,
            cwd=folder,
            timeout=60,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return [call.split("\0") for call in file.read_text().split("\0\n\0")[:-1]]


def options(*command):
    """{option: values} of each call of a command of the AWS CLI."""
    for call in calls():
        if call[:2] == list(command):
            found = {}
            for word in call[2:]:
                if word.startswith("--"):
                    found[word.removeprefix("--")] = values = []
                else:
                    values.append(word)
            yield found


def value(option):
    """The one value of an option."""
    (only,) = option
    return only


def dimensions(given):
    return dict(re.fullmatch(r"Name=(.+),Value=(.+)", one).groups() for one in given)


PAYLOAD = "payload"
"""In place of a service: what an invocation was given."""


def commands():
    """Every command that the page gives to the function `accounts`, in order."""
    return [json.loads(call[1]) for call in calls() if call[0] == PAYLOAD]


def test_stop_one_customer():
    """The account is disabled, then its workflows are cancelled until that is complete, each time from the cursor."""
    first, *others = commands()
    assert {one["function-name"][0] for one in options("lambda", "invoke")} == {f"{STACK}-accounts"}
    assert first["action"] == "disable_account"
    assert [one.get("cursor") for one in others if one["action"] == "cancel_workflows"] == [None, "1.a"]


def test_commands():
    """Each command to `accounts` is one that it reads."""
    assert {register.COMMANDS.read(one).action for one in commands()} == {
        "disable_account",
        "cancel_workflows",
        "pause_sends",
        "resume_sends",
    }


SERVICES = {function.replace("-", "_") for function in FUNCTIONS}
OF_AWS_HERE = OF_AWS | {("AWS/Lambda", "UnreservedConcurrentExecutions"): (set(),)}


def test_metrics():
    """Each metric that a command asks for is written, or is one of AWS's, with exactly the dimensions that it names."""
    asked = list(options("cloudwatch", "get-metric-statistics"))
    assert len(asked) > 60
    for one in asked:
        namespace, metric, given = value(one["namespace"]), value(one["metric-name"]), dimensions(one["dimensions"])
        if namespace != "Workflows":
            assert set(given) in OF_AWS_HERE[namespace, metric]
            assert given.get("FunctionName", STACK).removeprefix(f"{STACK}-") in {STACK, *FUNCTIONS}
            assert given.get("GlobalSecondaryIndexName", "due") in INDEXES
        elif "service" in given:
            assert (metric, frozenset()) in OURS
            assert set(given) == {"service", "stack"}
            assert given["service"] in SERVICES
        else:
            assert metric in ALARMED
            assert given == {"stack": STACK}


INDEXES = {index["IndexName"] for index in RESOURCES["Table"]["Properties"]["GlobalSecondaryIndexes"]}


def test_metrics_with_dimensions():
    """Each search finds a metric of this stack by all of its dimensions."""
    searches = [
        query["Expression"]
        for one in options("cloudwatch", "get-metric-data")
        for query in json.loads(value(one["metric-data-queries"]))
    ]
    assert len(searches) > 5
    for search in searches:
        own, metric, stack = re.fullmatch(
            r"""SEARCH\('{Workflows,(.+),service,stack} MetricName="(\w+)" stack="(.+)"', 'Sum', 300\)""", search
        ).groups()
        assert (metric, frozenset(own.split(","))) in OURS, search
        assert stack == STACK


def patterns():
    """(log group, pattern) of each search of a log."""
    for one in options("logs", "filter-log-events"):
        yield value(one["log-group-name"]), value(one["filter-pattern"])


GROUPS = {
    one["Properties"]["LogGroupName"]["Fn::Sub"].replace("${AWS::StackName}", STACK)
    for one in RESOURCES.values()
    if one["Type"] == "AWS::Logs::LogGroup"
}


def written():
    """Message of a log line of ours → the fields that its call names."""
    found = {}
    for path in [*(ROOT / "layers/failover/failover").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        for call in [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]:
            if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "logger" and call.args:
                first = call.args[0]
                if isinstance(first, ast.Constant):
                    found.setdefault(first.value, set()).update(keyword.arg for keyword in call.keywords)
    return found


OF_LAMBDA = {"errorType", "type", "record.status", "record.errorType"}
"""Fields of lines that Lambda and its runtime write:
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html"""


def test_log_lines():
    """Each search of a log is of a group of the stack, and its messages and their fields are written by our code."""
    ours, found = written(), set(patterns())
    assert len(found) > 30
    for group, pattern in found:
        assert group in GROUPS
        compared = re.findall(r'\$\.([\w.]+) (?:!?= "([^"]+)"|NOT EXISTS)', pattern)
        assert len(compared) == pattern.count("$.")
        messages = [text for name, text in compared if name == "message"]
        assert set(messages) <= set(ours)
        fields = {name for name, _ in compared} - {"message"}
        if group.startswith("/aws/apigateway/"):
            assert fields == {"answeredBy"}
            assert '"answeredBy"' in RESOURCES["Api"]["Properties"]["AccessLogSetting"]["Fn::If"][1]["Format"]
        elif messages:
            assert all(fields <= ours[message] for message in messages)
        else:
            assert fields == {"level"} | OF_LAMBDA


def test_what_failed():
    """The general search finds our lines at the levels that failures have, and leaves out what is no failure.

    A send that waits ends in an exception, and for each the runtime writes a line at the level ERROR.
    """
    (failed,) = {pattern for _, pattern in patterns() if "$.level" in pattern}
    assert set(re.findall(r'\$\.level = "(\w+)"', failed)) == {"WARNING", "ERROR"}
    left_out = set(re.findall(r'\$\.errorType != "(\w+)"', failed))
    assert left_out == {NotYourTurn.__name__, TaskFailed.__name__}


def test_every_function():
    """`sends` looks at every send function, and `others` at all that every other stack has."""
    searched = {group.removeprefix(f"/aws/lambda/{STACK}-") for group, pattern in patterns() if "$.level" in pattern}
    assert searched == {*FUNCTIONS, "sandbox"} - {"sandbox-messages", "sandbox-receipts"}
    unexpected = {group for group, pattern in patterns() if "unexpected failure" in pattern}
    assert len(unexpected) == len(searched) - 1


def test_alarms():
    """Each alarm whose history a command shows exists."""
    names = {
        one["Properties"]["AlarmName"]["Fn::Sub"].replace("${AWS::StackName}", STACK) for one in EVERY_ALARM.values()
    }
    asked = {value(one["alarm-name"]) for one in options("cloudwatch", "describe-alarm-history")}
    assert asked
    assert asked <= names


def test_resources():
    """Each resource that a command names is one of the stack, also those that SAM makes of a schedule."""
    events = {
        f"{name}{event}" for name, one in RESOURCES.items() for event in one.get("Properties", {}).get("Events", {})
    }
    named = {value(one["logical-resource-id"]) for one in options("cloudformation", "describe-stack-resource")}
    assert {"Table", "ReconcileEachMinute", "PublishEventsTimeline"} <= named
    assert named <= {*RESOURCES, *events}


def test_change_one_parameter():
    """Parameters that are not named keep their values, and the template and the code stay."""
    (update,) = options("cloudformation", "update-stack")
    assert update["stack-name"] == [STACK]
    assert "use-previous-template" in update
    assert update["capabilities"] == ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    assert update["parameters"] == [
        "ParameterKey=Sandbox,UsePreviousValue=true",
        "ParameterKey=MessagesPerSecond,ParameterValue='15'",
        "ParameterKey=GradualDeployments,ParameterValue='false'",
    ]


def test_change_nothing_by_accident():
    """If the parameters cannot be read, nothing is changed: those that are not named would get their defaults."""
    assert [call for call in calls("describe-stacks") if call[1] == "update-stack"] == []


def test_what_pages():
    """The pager's filter leaves out exactly the alarms of the part for tickets."""
    policies = [
        json.loads(value(one["attribute-value"]))
        for one in options("sns", "set-subscription-attributes")
        if one["attribute-name"] == ["FilterPolicy"]
    ]
    tickets = re.findall(r"^### (.+)$", PAGE.partition("\n## Ticket\n")[2].partition("\n## ")[0], re.MULTILINE)
    assert policies == [{"AlarmName": [{"anything-but": [f"{STACK}-{name}" for name in tickets]}]}]


IAM = {"stepfunctions": "states"}
"""The names of services in IAM, where the AWS CLI has another one."""
NOT_OF_OPERATORS = {"cloudformation:UpdateStack", "lambda:Invoke", "sns:SetSubscriptionAttributes"}
"""What changes the stack, or how its alarms reach people; and the commands of `accounts`, which only a few may give."""


def test_the_operator_may_run_them():
    """The operator's policy grants every call of the page that changes no setting, and those of `ops explain`."""
    granted = {
        action
        for one in json.loads((ROOT / "ops/policies/operator.json").read_text())["Statement"]
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }
    wanted = {
        f"{IAM.get(service, service)}:{''.join(word.title() for word in operation.split('-'))}"
        for service, operation in (call[:2] for call in calls())
        if operation != "wait" and service != PAYLOAD
    }
    explained = {
        "cloudformation:ListStackResources",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "states:DescribeExecution",
        "states:GetExecutionHistory",
        "logs:StartQuery",
        "logs:GetQueryResults",
    }
    assert len(wanted) > 12
    assert (wanted | explained) - granted == NOT_OF_OPERATORS


def test_signals():
    """What is worth a look without an alarm is on the dashboard."""
    table = PAGE.partition("## Worth a look without an alarm")[2]
    signals = set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE))
    on_it = {metric for _, metric, _ in shown()} | set(re.findall(r'MetricName=\\"(\w+)', TEXT))
    assert signals
    assert signals <= on_it
