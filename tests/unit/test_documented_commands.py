"""Every documented command exists in the AWS CLI."""

import importlib.util
import json
import re
from dataclasses import dataclass
from functools import reduce

import boto3
import jmespath
import pytest
from botocore import xform_name

from failover.rules.requests.request import validated
from ops import connect
from ops.__main__ import VERBS
from ops.planned import planned
from tests.shell_blocks import PAGES, aws_commands, blocks
from tests.world import ROOT, template

CLI_ONLY = {"query", "output"}
"""Options of the CLI itself."""
DECODED = {"TemplateBody"}
"""Texts that the CLI decodes: documents of any shape."""
RENAMED = {"deploy": "codedeploy"}
"""Services that have another name in the CLI."""

COMMANDS = [
    pytest.param(words, id=f"{page.stem}: {' '.join(words[1:3])}")
    for page in PAGES
    for block in blocks(page)
    for words in aws_commands(block)
]


def test_there_are_commands():
    """The docs contain commands, and each is seen, also those in functions, substitutions and pipes."""
    shown = sum(len(re.findall(r"\baws [a-z0-9-]+ [a-z0-9-]+ ", block)) for page in PAGES for block in blocks(page))
    assert len(COMMANDS) == shown > 100


@pytest.mark.parametrize("words", COMMANDS)
def test_command(words):
    """A documented command's service, operation and options exist, all required options are given, and it selects what
    the answer has."""
    _, service, operation, *rest = words
    if (service, operation) == ("s3", "cp"):  # the CLI's own, above the API
        return
    client = boto3.client(RENAMED.get(service, service), region_name="eu-west-1")
    model = client.meta.service_model
    if operation == "wait":
        operation = xform_name(_waits_with(client, rest.pop(0)), "-")
    names = {xform_name(name, "-"): name for name in model.operation_names}
    called = model.operation_model(names[operation])
    options = {
        xform_name(name, "-"): name in called.input_shape.required_members for name in called.input_shape.members
    }
    given = {word.removeprefix("--").removeprefix("no-") for word in rest if word.startswith("--")}
    assert given - CLI_ONLY <= set(options)
    assert {option for option, required in options.items() if required} <= given
    if "--query" in rest:
        selects(jmespath.compile(rest[rest.index("--query") + 1]).parsed, called.output_shape)


def test_what_is_selected():
    """A name that the answer does not have is found, also behind a filter, in a list and in a function."""
    shape = boto3.client("cloudwatch", region_name="eu-west-1").meta.service_model.operation_model(
        "GetMetricStatistics"
    )
    selects(jmespath.compile("sort_by(Datapoints, &Timestamp)[].[Timestamp,Sum]").parsed, shape.output_shape)
    for wrong in (
        "Datapoint",
        "Datapoints[].Totals",
        "Datapoints[?Totals=='1'].Sum",
        "Datapoints[].[Sum,Totals]",
        "sort_by(Datapoints, &Time)",
        "Label.Name",
    ):
        with pytest.raises(AssertionError):
            selects(jmespath.compile(wrong).parsed, shape.output_shape)


@dataclass(frozen=True)
class Several:
    """A list, of values of one shape."""

    member: object


def listed(shape):
    """A list's shape as `Several`; another one unchanged."""
    return Several(shape.member) if getattr(shape, "type_name", None) == "list" else shape


def selects(node, shape):
    """The shape of what a part of a JMESPath expression selects from a shape; None for a literal.

    Fails if it names what the shape does not have.
    """
    shape = listed(shape)
    kind, parts = node["type"], node["children"]
    if kind == "field":
        if getattr(shape, "type_name", None) == "map":
            return shape.value
        if getattr(shape, "name", None) in DECODED:
            return shape
        assert node["value"] in getattr(shape, "members", {}), f"{node['value']} is not in the answer"
        return shape.members[node["value"]]
    if kind in ("subexpression", "index_expression", "pipe"):
        return reduce(lambda inner, part: selects(part, inner), parts, shape)
    if kind in ("projection", "filter_projection"):
        several, of_each, *conditions = parts
        each = listed(selects(several, shape))
        for condition in conditions:
            selects(condition, each.member)
        return Several(selects(of_each, each.member))
    if kind == "multi_select_list":
        return Several([selects(part, shape) for part in parts])
    if kind == "comparator":
        return [selects(part, shape) for part in parts]
    if kind == "function_expression":
        several, *of_each = parts
        all_of_them = selects(several, shape)
        for part in of_each:
            selects(part["children"][0], all_of_them.member)
        return all_of_them
    if kind == "flatten":
        outer = listed(selects(parts[0], shape))
        return listed(outer.member) if isinstance(listed(outer.member), Several) else outer
    if kind == "index":
        return shape.member
    assert kind in ("identity", "literal", "slice"), kind
    return None if kind == "literal" else shape


MADE = re.compile(r"^(?:[A-Z_]+=\S+ )*make ([a-z-]+)((?: [A-Z_]+=\S+)*)", re.MULTILINE)


def made():
    """Each `make <verb> NAME=…` in a block of a page, or in a text."""
    for page in PAGES:
        blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL)
        inline = re.findall(r"`([^`\n]*make [^`\n]*)`", page.read_text())
        for text in [*blocks, *inline]:
            for verb, given in MADE.findall(text):
                yield pytest.param(verb, frozenset(re.findall(r"([A-Z_]+)=", given)), id=f"{page.stem}: {verb}{given}")


@pytest.mark.parametrize(("verb", "given"), sorted(set(made()), key=lambda one: str(one.id)))
def test_make(verb, given):
    """A documented verb of the Makefile exists, and its variables have an effect there or in the program it runs."""
    makefile = (ROOT / "Makefile").read_text()
    rule = re.search(rf"^{verb}: .*?(?=^\S|\Z)", makefile, re.MULTILINE | re.DOTALL)
    assert rule, f"there is no make {verb}"
    programs = "".join(path.read_text() for path in (ROOT / "local").rglob("*.py"))
    assert {name for name in given if f"$({name})" not in makefile and f'"{name}"' not in programs} == set()


RUN_BY_MAKE = [verb for verb in VERBS if f"-m ops {verb} " in (ROOT / "Makefile").read_text()]


@pytest.mark.parametrize("verb", [verb for verb in RUN_BY_MAKE if importlib.util.find_spec(f"ops.{verb}")])
def test_options_of_the_tools(verb, capsys):
    """The Makefile gives each operators' tool only options that it has."""
    makefile = (ROOT / "Makefile").read_text()
    (given,) = re.findall(rf"-m ops {verb} (.*)$", makefile, re.MULTILINE)
    tool = importlib.import_module(f"ops.{verb}")
    with pytest.raises(SystemExit):
        tool.main(["--help"])
    assert set(re.findall(r"--[a-z-]+", given)) <= set(re.findall(r"--[a-z-]+", capsys.readouterr().out))


def first_deployment():
    """The README's commands from a clone to the first message."""
    section = (ROOT / "README.md").read_text().partition("## Deploy to AWS")[2]
    (block,) = re.findall(r"^```\n(.*?)^```", section.partition("\n## ")[0], re.MULTILINE | re.DOTALL)
    return block


def test_five_commands():
    """From a clone to the first real message there are five commands, and the last one posts a valid workflow."""
    block = first_deployment()
    commands = re.sub(r"'.*?'", "…", block, flags=re.DOTALL).splitlines()
    assert len(commands) == 5
    assert validated(json.loads(re.search(r"-d '(.*?)'", block, re.DOTALL)[1])).steps


def test_the_file_that_is_sourced():
    """The README sources the file that `make connect` writes for the stack that `sam deploy` has deployed."""
    plan = planned(re.search(r"--config-env (\w+)", first_deployment())[1])
    assert f"make connect STACK={plan.stack}" in first_deployment()
    assert f"source {connect.FOLDER.relative_to(ROOT)}/{plan.stack}.env" in first_deployment()


def _waits_with(client, waiter):
    """The operation that a waiter calls."""
    return client.get_waiter(waiter.replace("-", "_")).config.operation


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
