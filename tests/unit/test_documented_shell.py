"""Shell blocks of the docs that destroy or stop something do so once, also when they are run again."""

import os
import re
import subprocess
from collections import Counter

import pytest

from ops import adopt
from tests.shell_blocks import PAGES, blocks_of
from tests.world import ROOT, template

BASH = ["bash", "--noprofile", "--norc"]


def page(name):
    return (ROOT / f"docs/{name}.md").read_text()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_tools(path):
    """Our own tools are run by `make`, which knows their Python and its path."""
    assert not re.search(r"python3? -m (ops|local)\b", path.read_text())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_parameters_are_set_in_a_file(path):
    """On the command line, where the next deployment forgets it, a deployment to AWS gets a value for itself alone."""
    given = re.findall(r"sam deploy[^\n`]*--parameter-overrides ([^\n`]*)", path.read_text())
    assert set(given) <= {"GradualDeployments=false"}


def test_parameters_of_an_import():
    """The command that adopts what a deleted stack has left names all parameters of its template."""
    (given,) = re.findall(r'PARAMETERS="([^"]*)"', page("restore"))
    named = {one.partition("=")[0] for one in given.split()}
    assert named == set(adopt.import_template(template())["Parameters"])


@pytest.fixture
def bash(tmp_path):
    """Run commands in a folder where `aws` is a script, of which each call is kept. Returns the calls."""

    def run(commands, aws):
        script = tmp_path / "aws"
        script.write_text(f'#!/bin/sh\necho "$2" >> calls\n{aws}\n')
        script.chmod(0o755)
        (tmp_path / "calls").write_text("")
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "STACK": "w"}
        subprocess.run([*BASH, "-c", commands], cwd=tmp_path, env=environment, capture_output=True, check=False)
        return Counter((tmp_path / "calls").read_text().split())

    return run


def steps(text, title):
    return blocks_of(text.partition(f"\n## {title}\n")[2].partition("\n## ")[0])


LISTED = """case "$2" in
list-stack-resources) echo "w-accounts w-send-sms";;
get-function-concurrency) {answer};;
esac"""


def test_what_was_reserved_is_kept(bash, tmp_path):
    """The stop before a restore may be repeated: what was reserved stays noted, and is not the 0 of the first stop."""
    first, stop, *_ = steps(page("restore"), "Restore")
    bash(first + stop, LISTED.format(answer="echo 60"))
    calls = bash(first + stop, LISTED.format(answer="echo 0"))
    assert calls["put-function-concurrency"] == 2
    assert {(tmp_path / f"restore/w-{name}").read_text() for name in ("accounts", "send-sms")} == {"60\n"}


def test_nothing_stops_before_it_is_noted(bash):
    """If AWS does not say what was reserved, the function runs on, and the next run stops it."""
    first, stop, *_ = steps(page("restore"), "Restore")
    assert bash(first + stop, LISTED.format(answer="exit 1"))["put-function-concurrency"] == 0


SECRET = """case "$2" in
get-secret-value) {answer};;
get-template) echo {owner};;
esac"""
OLD = """echo '{"hashing_key": "old"}'"""


def saved_and_deleted(bash, answer, owner="None"):
    first, *_ = steps(page("upgrade"), "Roll back")
    return bash(first, SECRET.format(answer=answer, owner=owner))["delete-secret"]


def test_a_key_is_saved_before_it_is_deleted(bash, tmp_path):
    """After a rollback the key of recipients is deleted once it is in a file that only its owner can read."""
    assert saved_and_deleted(bash, OLD) == 1
    (saved,) = (tmp_path / ".credentials").iterdir()
    assert saved.read_text() == '{"hashing_key": "old"}\n'
    assert saved.stat().st_mode & 0o777 == 0o600


def test_a_key_that_could_not_be_saved(bash):
    """If the key cannot be read, it is not deleted."""
    assert saved_and_deleted(bash, "exit 1") == 0
    assert saved_and_deleted(bash, OLD) == 1


def test_another_key_than_the_saved_one(bash, tmp_path):
    """Once the upgrade has made another key, the same commands neither delete it nor overwrite the saved one."""
    saved_and_deleted(bash, OLD)
    assert saved_and_deleted(bash, """echo '{"hashing_key": "new"}'""") == 0
    (saved,) = (tmp_path / ".credentials").iterdir()
    assert saved.read_text() == '{"hashing_key": "old"}\n'


def test_the_key_of_a_stack(bash):
    """The key of a stack that has one is not deleted."""
    assert saved_and_deleted(bash, OLD, owner="AWS::SecretsManager::Secret") == 0


def resources(kind):
    return {name: one["Properties"] for name, one in template()["Resources"].items() if one["Type"] == kind}


def test_secrets_of_a_stack_that_is_there(bash):
    """The secrets that a stack has left, all of them, are deleted only if it is gone."""
    *_, last = steps(page("deploy"), "Delete the stack")
    assert bash(last, '[ "$2" != wait ]')["delete-secret"] == 0
    assert bash(last, "")["delete-secret"] == len(resources("AWS::SecretsManager::Secret"))


def test_what_starts_executions(bash):
    """Before a stack is deleted, the functions are stopped that may start executions."""
    first, *_ = steps(page("deploy"), "Delete the stack")
    roles = {name for name, one in resources("AWS::IAM::Role").items() if "states:StartExecution" in str(one)}
    functions = resources("AWS::Serverless::Function").values()
    starting = {
        one["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
        for one in functions
        if f"{one['Role']['Fn::GetAtt'][0]}" in roles
    }
    assert set(re.search(r"^for name in (.*); do$", first, re.MULTILINE)[1].split()) == starting
