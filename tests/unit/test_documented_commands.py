"""Every documented command exists in the AWS CLI."""

import json
import re
import shlex

import boto3
import pytest
from botocore import xform_name

from tests.world import ROOT, template

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CLI_ONLY = {"query", "output"}
"""Options of the CLI itself."""


LOCAL = r"(?:env \$\(cat \.local/aws\.env\) |local/env )?"
WHOLE = re.compile(rf"^{LOCAL}(aws .*)$")
PART = re.compile(rf"^(?:\w+=\$\(|\w+\(\) {{ ){LOCAL}(aws [^|]*?)(?: \| .*)?(?:\)|; }})$")
"""A plain command, one whose output goes into a variable, or one in the body of a shell function."""


def commands():
    for page in PAGES:
        for block in re.findall(r"^ *```\w*\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                if match := WHOLE.match(line.strip()) or PART.match(line.strip()):
                    yield pytest.param(match[1], id=f"{page.stem}: {' '.join(match[1].split()[1:3])}")


COMMANDS = list(commands())


def test_there_are_commands():
    """The docs contain commands."""
    assert len(COMMANDS) > 5


@pytest.mark.parametrize("command", COMMANDS)
def test_command(command):
    """A documented command's service, operation and options exist, and all required options are given."""
    words = shlex.split(re.sub(r"<[^>]*>", "x", command))
    _, service, operation, *rest = words
    model = boto3.client(service, region_name="eu-west-1").meta.service_model
    names = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(names[operation]).input_shape
    options = {xform_name(name, "-"): name in shape.required_members for name in shape.members}
    given = {word.removeprefix("--").removeprefix("no-") for word in rest if word.startswith("--")}
    assert given - CLI_ONLY <= set(options)
    assert {option for option, required in options.items() if required} <= given


def variables(properties):
    """A function's own variables in the template and the global ones."""
    of_all = template()["Globals"]["Function"]["Environment"]["Variables"]
    return of_all | properties["Environment"]["Variables"]


def test_local_invoke():
    """The `env.json` for `sam local invoke` has every resource name that its functions need, and no variable that
    SAM would drop because the template does not declare it."""
    (block,) = re.findall(r"^```json\n(.*?)^```", (ROOT / "docs/deploy.md").read_text(), re.MULTILINE | re.DOTALL)
    resources = template()["Resources"]
    for function, given in json.loads(block).items():
        named = variables(resources[function]["Properties"])
        of_resources = {
            name for name, value in named.items() if isinstance(value, dict) and value.get("Ref") in resources
        }
        assert of_resources <= set(given) <= set(named), function


def test_no_lasting_environment():
    """No command exports the local stack's endpoints into the shell, where a deployment to AWS would use them."""
    for page in PAGES:
        assert "source .local/aws.env" not in page.read_text(), page
        assert ". .local/aws.env" not in page.read_text(), page
