"""Who gives commands: the selector for CloudTrail in docs/permissions.md, "Who gave which command"."""

import json
import re

from tests import permissions
from tests.world import ROOT, template

PAGE = (ROOT / "docs/permissions.md").read_text()


def test_the_documented_selector():
    """The selector records the invocations of every function that nothing in the stack invokes, and of no other."""
    (block,) = [one for one in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) if "FieldSelectors" in one]
    (selector,) = json.loads(block)
    category, kind, functions = selector["FieldSelectors"]
    assert category == {"Field": "eventCategory", "Equals": ["Data"]}
    assert kind == {"Field": "resources.type", "Equals": ["AWS::Lambda::Function"]}
    assert functions["Field"] == "resources.ARN"
    pattern = "arn:aws:lambda:<region>:<account>:function:<stack>"
    assert set(functions["StartsWith"]) == {f"{pattern}-{name}" for name in commanded()}


def test_the_documented_logs():
    """The blocks that show what was done read the log of each of these functions."""
    read = re.findall(r"^for function in (.+); do\n.*-log-events .*\$STACK-\$function", PAGE, re.MULTILINE)
    assert [set(names.split()) for names in read] == [set(commanded())] * 2
    assert PAGE.count(" filter-log-events ") == len(read)


def commanded():
    """Functions without an event of their own that the state machine does not invoke either."""
    (invoke,) = [one for one in permissions.grants(template(), "StateMachine") if one.action.startswith("lambda:")]
    for name, resource in template()["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function" and "Events" not in resource["Properties"]:
            arn = permissions.arn(template(), name)
            if not invoke.allows(permissions.Call(invoke.action, arn)):
                yield arn.rpartition(":stack-")[2]
