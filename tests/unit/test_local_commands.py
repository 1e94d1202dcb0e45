"""The scripts of `local/` that run other programs."""

import shutil
import subprocess
import sys

import pytest

from tests.world import ROOT

PIP_MISSING = '#!/bin/sh\ncase $2 in *pip*) exit 1 ;; esac\nexec "{python}" "$@"\n'


@pytest.fixture
def run(tmp_path):
    """Run a script of `local/` in a checkout that has no more than these scripts and the settings of a local stack."""
    (tmp_path / "local").mkdir()
    for name in ("env", "sam", "find-python"):
        shutil.copy(ROOT / "local" / name, tmp_path / "local")
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/aws.env").write_text("AWS_ENDPOINT_URL=http://127.0.0.1:1\nAWS_REGION=eu-west-1\n")
    (tmp_path / ".venv-sam/bin").mkdir(parents=True)
    (tmp_path / ".venv-sam/bin/sam").write_text('#!/bin/sh\necho "$@" "$AWS_ENDPOINT_URL"\n')
    (tmp_path / ".venv-sam/bin/sam").chmod(0o755)

    def run(name, *arguments, **environment):
        command = [tmp_path / "local" / name, *arguments]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **environment}
        return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)

    return run


def test_env(run):
    """`local/env` gives a command the local stack's settings, and hides a profile of AWS."""
    given = run("env", "env", AWS_PROFILE="prod", AWS_SESSION_TOKEN="t", AWS_REGION="us-east-1").stdout.splitlines()
    assert {"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_REGION=eu-west-1"} <= set(given)
    assert not [line for line in given if line.startswith(("AWS_PROFILE", "AWS_SESSION_TOKEN"))]


def test_env_without_stack(run, tmp_path):
    """Without a local stack `local/env` runs nothing."""
    (tmp_path / ".local/aws.env").unlink()
    done = run("env", "echo", "ran")
    assert (done.returncode, done.stdout) == (1, "")
    assert "make up" in done.stderr


@pytest.mark.parametrize("chosen", [[], ["--config-env", "local"], ["--config-env=local"]])
def test_sam(run, chosen):
    """`local/sam` runs the SAM CLI with the local stack's settings and samconfig's `local`."""
    done = run("sam", "list", "resources", *chosen)
    assert done.stdout.startswith("list resources")
    assert done.stdout.endswith("--config-env local http://127.0.0.1:1\n")


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_sam_itself(run, option):
    """An option of the SAM CLI itself is passed on alone."""
    assert run("sam", option).stdout == f"{option} http://127.0.0.1:1\n"


@pytest.mark.parametrize("chosen", [["--config-env", "prod"], ["--config-env=prod"], ["--config-env", "default"]])
def test_sam_of_aws(run, chosen):
    """`local/sam` refuses a command meant for AWS."""
    done = run("sam", "deploy", *chosen)
    assert (done.returncode, done.stdout) == (2, "")


def test_find_python(run, tmp_path):
    """A Python without the module is passed over, wherever it stands on PATH, and the path found is absolute."""
    (tmp_path / "first").mkdir()
    (tmp_path / "first/python3.13").write_text(PIP_MISSING.format(python=sys.executable))
    (tmp_path / "first/python3.13").chmod(0o755)
    (tmp_path / "second").mkdir()
    (tmp_path / "second/python3.13").symlink_to(sys.executable)
    path = f"{tmp_path}/first:{tmp_path}/second:/usr/bin:/bin"
    assert run("find-python", PATH=path).stdout == f"{sys.executable}\n"
    assert run("find-python", "pip", PATH=path).stdout == f"{tmp_path}/second/python3.13\n"


def test_find_python_in_vain(run):
    """Without such a Python nothing is printed, and the exit code is not 0."""
    done = run("find-python", "no_such_module")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
