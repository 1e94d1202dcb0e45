"""docs/runbooks.md: an entry for each alarm, and commands that look at what exists."""

import ast
import json
import re

import pytest

from failover.observability import ALARMED
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


def commands(word):
    """The arguments of each use of one of the page's own commands, those in its definitions left out."""
    for block in re.findall(r"^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1:]:
        for line in block.splitlines():
            if match := re.match(rf" *{word} (.+)$", line):
                yield match[1]


def test_metrics():
    """Each metric in a command exists under the dimensions that the command gives it."""
    found = [*commands("metric"), *commands("series"), *commands("lambda"), *commands("table"), *commands("of")]
    assert len(found) > 30
    assert {*commands("metric")} <= ALARMED
    for service, metric in (line.split() for line in commands("series")):
        assert (metric, frozenset()) in OURS
        assert service.replace("_", "-") in FUNCTIONS
    for function, metric in (line.split() for line in commands("lambda")):
        assert ("AWS/Lambda", metric) in OF_AWS
        assert function in FUNCTIONS


def messages():
    """The message of every log line of ours."""
    for path in [*(ROOT / "layers/failover/failover").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        for call in [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]:
            if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "logger" and call.args:
                first = call.args[0]
                if isinstance(first, ast.Constant):
                    yield first.value


def test_log_lines():
    """Each search of a log names a function of the stack, and messages that our code writes."""
    written = set(messages())
    for line in commands("lines"):
        function, pattern = re.fullmatch(r'"?([a-z$-]+)"? \'(.+)\'', line).groups()
        assert function == "$function" or function in FUNCTIONS
        assert set(re.findall(r'\$\.message = "([^"]+)"', pattern)) <= written


def test_resources():
    """Each resource that a command names is one of the stack, also those that SAM makes of a schedule."""
    schedules = {
        f"{name}{event}" for name, one in RESOURCES.items() for event in one.get("Properties", {}).get("Events", {})
    }
    named = set(re.findall(r"\$\(resource (\w+)\)", PAGE))
    assert named <= {*RESOURCES, *schedules}


SERVICES = {"stepfunctions": "states"}
"""The names of services in IAM, where the AWS CLI has another one."""


def test_the_operator_may_run_them():
    """The operator's policy grants every call of the page, and those of `ops explain`."""
    granted = {
        action
        for one in json.loads((ROOT / "ops/policies/operator.json").read_text())["Statement"]
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }
    calls = set(re.findall(r"\baws ([a-z]+) ([a-z-]+) --", PAGE)) | set(
        re.findall(r"\baws ([a-z]+) ([a-z-]+)$", PAGE, re.M)
    )
    wanted = {
        f"{SERVICES.get(service, service)}:{''.join(word.title() for word in operation.split('-'))}"
        for service, operation in calls
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
    assert len(wanted) > 8
    assert wanted | explained <= granted


def test_signals():
    """What is worth a look without an alarm is on the dashboard."""
    table = PAGE.partition("## Worth a look without an alarm")[2]
    signals = set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE))
    on_it = {metric for _, metric, _ in shown()} | set(re.findall(r'MetricName=\\"(\w+)', TEXT))
    assert signals
    assert signals <= on_it
