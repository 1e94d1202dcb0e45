"""Clients that are generated from the OpenAPI document, against the deployed stack."""

import compileall
import re
import shutil
import subprocess
import sys

import pytest

from local import credentials
from local.openapi import PATH
from local.place import ROOT
from tests.e2e import node

SOURCE = node.SOURCE / "generated"
DOCUMENTATION = (ROOT / "docs/api.md").read_text()


@pytest.fixture
def project(tmp_path):
    """A project of a user: the document, and the programs of the documentation."""
    shutil.copy(PATH, tmp_path)
    for file in SOURCE.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path


def documented(start):
    """The command of the documentation that begins so, as its words."""
    (line,) = re.findall(rf"^{start}.*$", DOCUMENTATION, re.MULTILINE)
    return line.split()


def run(project, *command, **variables):
    """What a command that succeeds prints."""
    environment = {"PATH": node.path(), "HOME": str(project), **variables}
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def assert_fails_over(deployed, printed):
    """A program has printed the id and status of a workflow that fails over to the SMS and completes."""
    workflow_id, status = printed.split()
    assert status in ("running", "completed")
    assert deployed.over(workflow_id)["status"] == "completed"
    assert deployed.sent(workflow_id) == ["messenger", "sms"]


def test_python(deployed, project):
    """openapi-python-client makes a client that compiles; a program with its types posts a workflow and reads it."""
    run(project, *documented("openapi-python-client generate"), "--fail-on-warning")
    assert compileall.compile_dir(project / "workflows_api_client", quiet=1)
    run(project, sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent", "workflow.py")
    printed = run(project, sys.executable, "workflow.py", **credentials.read_all(deployed.place))
    assert_fails_over(deployed, printed)


def test_typescript(deployed, project):
    """openapi-typescript makes types that compile; a program with them posts a workflow and reads it."""
    (project / "node_modules").symlink_to(node.modules())
    run(project, *documented("npx openapi-typescript"))
    run(project, *documented("npx tsc"))
    printed = run(project, "node", "workflow.mjs", **credentials.read_all(deployed.place))
    assert_fails_over(deployed, printed)
