"""docs/reliability.md lists every promise and every fault, with tests that exist."""

import ast
import re
from functools import cache

import pytest

from tests.world import ROOT

PAGE = (ROOT / "docs/reliability.md").read_text()
ROWS = {number: line for line in PAGE.splitlines() for number in re.findall(r"^\| ([FI]\d+) \|", line)}
NUMBERS = [f"I{number}" for number in (*range(1, 14), 15)] + [
    f"F{number}" for number in (*range(1, 36), *range(40, 50))
]


@cache
def names_in(file):
    tree = ast.parse((ROOT / "tests" / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_number():
    """Each promise and each fault has one row, in order."""
    assert re.findall(r"^\| ([FI]\d+) \|", PAGE, re.MULTILINE) == NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_shown(number):
    """A row names at least one test, and each named test exists."""
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", ROWS[number])
    assert named
    for file, test in named:
        assert test in names_in(file), f"{file}::{test}"


def test_alarms():
    """Every alarm on the page is in the template."""
    template = (ROOT / "template.yaml").read_text()
    for name in re.findall(r"`([a-z]+-[a-z-]+)`", PAGE):
        assert f"${{AWS::StackName}}-{name}\n" in template, name
