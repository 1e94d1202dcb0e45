"""Every promise on the security page is shown by a test."""

import re

import pytest

from failover.use_cases.callers.register import COMMANDS
from tests.world import ROOT, template

PAGE = (ROOT / "docs/security.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.endswith("| test |")]
TESTS = sorted(set(re.findall(r"`([\w/]+\.py)::(test_\w+)`", PAGE)))


@pytest.mark.parametrize(("file", "test"), TESTS)
def test_every_test_exists(file, test):
    """Every named test exists."""
    assert re.search(rf"^def {test}\(", (ROOT / "tests" / file).read_text(), re.MULTILINE)


@pytest.mark.parametrize("line", ROWS)
def test_every_line_names_its_test(line):
    """Every table row names a test in its last cell."""
    last = line.strip("|").split("|")[-1].strip()
    assert re.fullmatch(r"`[\w/]+\.py::test_\w+`(, `[\w/]+\.py::test_\w+`)*", last)


def test_every_secret_is_listed():
    """Every secret of the template is in the table of leaked credentials."""
    names = [
        resource["Properties"]["Name"]["Fn::Sub"].removeprefix("${AWS::StackName}/")
        for resource in template()["Resources"].values()
        if resource["Type"] == "AWS::SecretsManager::Secret"
    ]
    assert names
    assert all(f"`<stack>/{name}`" in PAGE for name in names)


def test_what_ends_a_leak_exists():
    """Every command that ends a leak is one of the function `accounts`."""
    commands = set(re.findall(r"`((?:rotate|set|disable)_\w+)`", PAGE))
    assert commands
    assert commands <= set(COMMANDS.entries)


def test_every_parameter_exists():
    """Every named parameter is in the template."""
    named = set(re.findall(r"`((?:\w+RetentionDays)|WebAclArn)`", PAGE))
    assert named <= set(template()["Parameters"])
