"""Clients generated from the OpenAPI document, with the deployed stack."""

import compileall
import re
import shutil
import subprocess
import sys

import pytest

from local import credentials, npm
from local.openapi import PATH
from local.place import ROOT

SOURCE = npm.CLIENTS / "generated"
DOCUMENTATION = (ROOT / "docs/api.md").read_text()


@pytest.fixture
def project(tmp_path):
    """A user's project: the document and the documented programs."""
    shutil.copy(PATH, tmp_path)
    for file in SOURCE.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path


def documented(start):
    """The documented command that begins so, as words."""
    (line,) = re.findall(rf"^{start}.*$", DOCUMENTATION, re.MULTILINE)
    return line.split()


def run(project, *command, **variables):
    """Run a command that must succeed and return its output."""
    environment = {"PATH": npm.path(), "HOME": str(project), **variables}
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def assert_fails_over(deployed, printed):
    """A program printed the id and status of a workflow that fails over to the SMS and completes."""
    workflow_id, status = printed.split()
    assert status in ("running", "completed")
    assert deployed.over(workflow_id)["status"] == "completed"
    assert deployed.sent(workflow_id) == ["messenger", "sms"]


def test_python(deployed, project):
    """openapi-python-client makes a client that compiles, and a program with its types posts and reads a workflow."""
    run(project, *documented("openapi-python-client generate"), "--fail-on-warning")
    assert compileall.compile_dir(project / "workflows_api_client", quiet=1)
    run(project, sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent", "workflow.py")
    printed = run(project, sys.executable, "workflow.py", **credentials.read_all(deployed.place))
    assert_fails_over(deployed, printed)


def test_typescript(deployed, project):
    """openapi-typescript makes types that compile, and a program with them posts and reads a workflow."""
    (project / "node_modules").symlink_to(npm.modules(npm.CLIENTS))
    run(project, *documented("npx openapi-typescript"))
    run(project, *documented("npx tsc"))
    printed = run(project, "node", "workflow.mjs", **credentials.read_all(deployed.place))
    assert_fails_over(deployed, printed)
