"""The commands of the documentation are ones the AWS CLI knows."""

import re
import shlex

import boto3
import pytest
from botocore import xform_name

from tests.world import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CLI_ONLY = {"query", "output"}
"""Options of the CLI itself."""


def commands():
    for page in PAGES:
        for block in re.findall(r"^ *```\w*\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip().startswith("aws "):
                    yield pytest.param(line.strip(), id=f"{page.stem}: {' '.join(line.split()[1:3])}")


COMMANDS = list(commands())


def test_there_are_commands():
    """The documentation has some."""
    assert len(COMMANDS) > 5


@pytest.mark.parametrize("command", COMMANDS)
def test_command(command):
    """Service, operation and options of a documented command are there, and those that must be given are."""
    words = shlex.split(re.sub(r"<[^>]*>", "x", command))
    _, service, operation, *rest = words
    model = boto3.client(service, region_name="eu-west-1").meta.service_model
    names = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(names[operation]).input_shape
    options = {xform_name(name, "-"): name in shape.required_members for name in shape.members}
    given = {word.removeprefix("--").removeprefix("no-") for word in rest if word.startswith("--")}
    assert given - CLI_ONLY <= set(options)
    assert {option for option, required in options.items() if required} <= given
