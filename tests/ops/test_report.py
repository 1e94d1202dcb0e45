"""Findings, and the exit code they lead to; and what ends a verb."""

import io
import os
import signal
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from ops import __main__ as verbs
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted(monkeypatch, capsys, number):
    """A verb that is stopped, by Ctrl-C or a closed terminal, ends what it has begun. The exit code is 130."""
    ended = []

    def doctor(_):
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        finally:
            ended.append(number)

    monkeypatch.setattr(verbs, "import_module", lambda _: SimpleNamespace(main=doctor))
    before = signal.getsignal(number)
    assert ops(["doctor"]) == 130
    assert ended == [number]
    assert capsys.readouterr().err == "doctor: interrupted; it can be run again\n"
    assert signal.getsignal(number) == before


def test_without_a_terminal(monkeypatch):
    """A verb that runs under nohup goes on when the terminal is closed."""
    seen = []
    monkeypatch.setattr(
        verbs,
        "import_module",
        lambda _: SimpleNamespace(main=lambda _: seen.append(signal.getsignal(signal.SIGHUP)) or 0),
    )
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert ops(["doctor"]) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert seen == [signal.SIG_IGN]
