"""The workflow files of GitHub Actions. `make lint` checks their syntax."""

import json
import re
import tomllib

import pytest
import yaml

from tests.world import ROOT, template

FILES = {file.stem: file for file in (ROOT / ".github/workflows").glob("*.yml")}
TEXT = {name: file.read_text() for name, file in FILES.items()}
WORKFLOWS = {name: yaml.safe_load(text) for name, text in TEXT.items()}
SAMCONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text())
PAGE = (ROOT / "docs/continuous-deployment.md").read_text()
every_file = pytest.mark.parametrize("name", FILES)


def jobs(name):
    return WORKFLOWS[name]["jobs"]


def runs(job):
    return [step["run"] for step in job.get("steps", []) if "run" in step]


@every_file
def test_actions_are_pinned(name):
    """An action is named by a commit, which cannot change, with the release as a comment; our own file by its path."""
    for used in re.findall(r"uses: (.*)", TEXT[name]):
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\./\.github/workflows/[\w-]+\.yml", used), (
            used
        )


@every_file
def test_permissions(name):
    """A workflow may read the repository. Only jobs that deploy may ask for AWS credentials, and none may write."""
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
    for job in jobs(name).values():
        more = {permission: level for permission, level in job.get("permissions", {}).items() if level != "read"}
        assert more in ({}, {"id-token": "write"})
        assert not more or "environment" in job or job["uses"].endswith("/deploy-to.yml")


@every_file
def test_limits(name):
    """A job ends by itself, keeps no credentials of the repository, and uses the product's Python."""
    for job in jobs(name).values():
        if "uses" in job:
            continue
        assert job["timeout-minutes"] <= 90
        options = [step.get("with", {}) for step in job["steps"]]
        assert {"persist-credentials": False} in options
        assert {"python-version": "3.13"} in options
    assert "secrets." not in TEXT[name]


def test_checks():
    """The jobs run what `make check` runs."""
    commands = {command for job in jobs("checks").values() for command in runs(job)}
    checked = (ROOT / ".ci/run").read_text().partition('cd "$(dirname "$0")/.."\n')[2].split("\n")
    assert {command for command in checked if command} <= commands


def test_a_commit_is_checked_once():
    """A pull request from a branch of this repository is not checked again, and main is checked by its deployment."""
    triggers = WORKFLOWS["checks"][True]  # YAML reads `on` as true
    assert triggers["push"] == {"branches-ignore": ["main"]}
    assert WORKFLOWS["deploy"][True] == {"push": {"branches": ["main"]}}
    for job in jobs("checks").values():
        assert job["if"].startswith("github.event_name != 'pull_request' || ")


def test_one_build_for_all():
    """One job builds, for the template's default processor; checks and build come before dev, and dev before prod."""
    building = [
        name for name, file in WORKFLOWS.items() for job in file["jobs"].values() if "sam build" in str(runs(job))
    ]
    assert building == ["deploy"]
    assert jobs("deploy")["build"]["env"]["ARCHITECTURE"] == template()["Parameters"]["Architecture"]["Default"]
    needs = {name: job.get("needs", []) for name, job in jobs("deploy").items()}
    assert needs == {"checks": [], "build": [], "dev": ["checks", "build"], "prod": ["dev"]}


def test_nothing_is_installed_with_credentials():
    """Packages are installed, and the build unpacked, before a job gets AWS credentials."""
    steps = jobs("deploy-to")["deploy"]["steps"]
    first = next(number for number, step in enumerate(steps) if "configure-aws-credentials" in step.get("uses", ""))
    later = [step["run"] for step in steps[first:] if "run" in step]
    assert [command.split()[0] for command in later] == [".venv-sam/bin/sam", ".venv/bin/python"]


def test_no_cache_in_what_is_deployed():
    """A cache could be filled by another run, so builds and deployments have none."""
    assert [name for name in FILES if "actions/cache@" in TEXT[name]] == ["checks"]


def test_environments():
    """Each environment is a section of samconfig.toml with a stack of that name, and nothing waits for an answer."""
    named = [job["with"]["environment"] for job in jobs("deploy").values() if "with" in job]
    assert named == ["dev", "prod"]
    for environment in named:
        assert SAMCONFIG[environment]["global"]["parameters"]["stack_name"] == f"workflows-{environment}"
    assert "--no-confirm-changeset" in TEXT["deploy-to"]
    assert 'doctor --stack "workflows-$TARGET"' in TEXT["deploy-to"]


def test_documented():
    """The page names each variable of an environment, and each policy."""
    for variable in set(re.findall(r"vars\.(\w+)", TEXT["deploy-to"])):
        assert f"`{variable}`" in PAGE
    for policy in (ROOT / "ops/policies").glob("*.json"):
        assert f"{policy.name}" in PAGE


def test_documented_placeholders():
    """The page's command fills in every placeholder of the policies."""
    texts = [file.read_text() for file in (ROOT / "ops/policies").glob("*.json")]
    used = {name for text in texts for name in re.findall(r"\$\{(\w+)\}", text)}
    (command,) = re.findall(r"^policy\(\) \{.*?\}$", PAGE, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"\\\$\{(\w+)\}", command)) == used
    assert all(json.loads(text)["Version"] == "2012-10-17" for text in texts)
