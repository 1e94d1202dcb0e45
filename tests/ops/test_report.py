"""Findings, and the exit code they lead to."""

import io

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from ops.__main__ import VERBS
from ops.__main__ import main as ops
from ops.report import failure, findings, ok, show, warning


@pytest.mark.parametrize(
    ("found", "code"),
    [([ok("a", "fine")], 0), ([ok("a", "fine"), warning("b", "small")], 0), ([failure("c", "gone"), ok("a", "")], 1)],
)
def test_exit_code(found, code):
    """Only a failure makes the exit code 1; each finding has a line, with its verdict first."""
    out = io.StringIO()
    assert show(found, out) == code
    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines[:-1]] == [one.verdict for one in found]


def refused():
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "user/secret-name may not"}}, "DescribeAlarms")


def offline():
    raise NoCredentialsError


def test_what_aws_does_not_tell():
    """A refused call is a warning without AWS's words, and the checks after it go on."""
    checks = [("alarms", refused), ("queues", offline), ("stack", lambda: [ok("stack", "there")])]
    found = list(findings(checks))
    assert [one.verdict for one in found] == ["warning", "warning", "ok"]
    assert found[0].text == "could not check: DescribeAlarms was answered AccessDenied"
    assert found[1].text == "could not check: NoCredentialsError"


def test_verbs(capsys):
    """Without a verb, or with one that does not exist, the verbs are listed, and the exit code is 2."""
    assert ops([]) == ops(["dance"]) == 2
    printed = capsys.readouterr().out
    assert all(verb in printed for verb in VERBS)
