"""The functions' roles: which kinds of items each may access, as docs/security.md says."""

import re

import pytest
import yaml

from failover.adapters import table
from tests import permissions
from tests.world import ROOT, SEND_FUNCTIONS, logical_id, template

TABLE = permissions.arn(template(), "Table")
PAGE = (ROOT / "docs/security.md").read_text()
MATRIX = PAGE.partition("\n### The roles\n")[2].partition("\n## ")[0]
KINDS = list(dict.fromkeys(re.findall(r"^(\w+#)<", table.__doc__ or "", re.MULTILINE)))
"""As listed in the table's description."""
READS = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
ROLES = [name for name, resource in template()["Resources"].items() if "Role" in resource.get("Properties", {})]
"""The functions and the state machine. Each has a role, so its logical id stands for the role's."""


def of_the_table(role):
    """What a role may do on the table and its indexes."""
    grants = permissions.grants(template(), role)
    return [grant for grant in grants if re.fullmatch(rf"{re.escape(TABLE)}(/index/\w+)?", grant.resource)]


def reached(role):
    """{kind of item: "R", "W" or "RW"}, and the indexes as `{"index": "listed, referred"}`."""
    reach, indexes = dict.fromkeys(KINDS, ""), []
    for grant in of_the_table(role):
        if "/index/" in grant.resource:
            indexes.append(grant.resource.rpartition("/")[2])
            continue
        for pattern in grant.leading_keys:
            letter = "R" if grant.action in READS else "W"
            reach[pattern.removesuffix("*")] = "".join(sorted({*reach[pattern.removesuffix("*")], letter}))
    return {**reach, "index": ", ".join(indexes)}


def documented():
    """{role: the same} from the page's table."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in MATRIX.splitlines() if line[:1] == "|"]
    header, _, *rows = lines
    columns = [name.strip("`") for name in header[1:-1]]
    return {
        name: dict(zip(columns, (cell.replace("`", "") for cell in cells), strict=True))
        for row in rows
        for name, cells in ((name, row[1:-1]) for name in roles_of(row[0]))
    }


def roles_of(cell):
    """The roles that a row is about; `send_<channel>` stands for those of all send functions."""
    return SEND_FUNCTIONS if cell == "`send_<channel>`" else re.findall(r"`(\w+)`", cell)


def test_role_matrix():
    """The page's matrix matches the template's policies, for every role, kind of item and index."""
    named = {"".join(f"_{c.lower()}" if c.isupper() else c for c in role).lstrip("_"): role for role in ROLES}
    assert documented() == {name: reached(role) for name, role in named.items()}


@pytest.mark.parametrize("role", ROLES)
def test_every_statement_names_its_kinds(role):
    """On the table itself each statement names whole kinds of items, and allows only actions with leading keys.

    `Scan` and PartiQL read without naming a partition, so `ForAllValues` holds: they must not be granted.
    """
    for grant in of_the_table(role):
        if "/index/" in grant.resource:
            assert (grant.action, grant.leading_keys) == ("dynamodb:Query", None)
        else:
            assert grant.action in READS | WRITES
            assert grant.leading_keys
            assert {pattern.removesuffix("*") for pattern in grant.leading_keys} <= set(KINDS)
            assert all(pattern.endswith("#*") for pattern in grant.leading_keys)


@pytest.mark.parametrize("role", ROLES)
def test_only_accounts_writes_callers(role):
    """An attacker who takes over one function cannot register a caller or change a secret."""
    written = {kind for kind, letters in reached(role).items() if "W" in letters}
    callers = {"account#", "application#", "registry#"}
    assert written & callers == (callers if role == "Accounts" else set())


def test_the_state_machine():
    """The state machine may invoke the send functions, write the table and deliver its logs, and nothing else."""
    definition = yaml.safe_load((ROOT / "statemachine/failover.asl.yaml").read_text())
    needed = set()
    for state in _tasks(definition):
        resource = state["Resource"]
        if resource.endswith(":lambda:invoke"):
            assert state["Parameters"]["FunctionName.$"] == "States.Format('${SendFunction}-{}:live', $.step.channel)"
            pattern = "arn:aws:lambda:eu-west-1:123456789012:function:stack-send-*"
            needed.add(permissions.Grant("lambda:InvokeFunction", pattern))
        else:
            assert resource.endswith(":aws-sdk:dynamodb:updateItem.waitForTaskToken")
            assert state["Parameters"]["Key"]["pk"]["S.$"].startswith("States.Format('workflow#{}',")
            needed.add(permissions.Grant("dynamodb:UpdateItem", permissions.arn(template(), "Table"), ("workflow#*",)))
    granted = set(permissions.grants(template(), "StateMachine"))
    used = {grant for grant in granted if not grant.action.startswith("logs:")}
    assert used == needed
    assert {grant.resource for grant in granted if grant.action.startswith("logs:")} == {"*"}


def test_which_functions_the_state_machine_invokes():
    """Of all functions, the state machine may invoke exactly the send functions, also by an alias."""
    (invoke,) = [one for one in permissions.grants(template(), "StateMachine") if one.action.startswith("lambda:")]
    functions = [name for name, one in template()["Resources"].items() if one["Type"] == "AWS::Serverless::Function"]
    for qualifier in ("", ":live"):
        calls = {
            name: permissions.Call(invoke.action, permissions.arn(template(), name) + qualifier) for name in functions
        }
        assert {name for name, call in calls.items() if invoke.allows(call)} == set(map(logical_id, SEND_FUNCTIONS))


def _tasks(node):
    """Every task state of a definition."""
    if isinstance(node, dict):
        if node.get("Type") == "Task":
            yield node
        for value in node.values():
            yield from _tasks(value)
    elif isinstance(node, list):
        for item in node:
            yield from _tasks(item)
