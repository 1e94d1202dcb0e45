"""The verbs find the ports of the stack that is up."""

import json
import signal
import socket
import subprocess
import sys
import time

import pytest

from local import __main__ as verbs
from local import engines
from local.place import Place, free_port, write_private


@pytest.fixture
def up(tmp_path, monkeypatch):
    """A stack that is up on other ports than the usual ones: its files, and a process in place of its engines."""
    place = Place(tmp_path / ".local", free_port(), free_port(), inbox_port=free_port())
    place.folder.mkdir()
    lines = {"API_URL": place.url, "INBOX_URL": place.inbox_url, "SIGNATURE_SECRET": "s"}
    for name, content in (("credentials.env", lines), ("aws.env", place.aws_environment)):
        write_private(place.folder / name, "".join(f"{key}={value}\n" for key, value in content.items()))
    command = [sys.executable, "-c", "import time; time.sleep(600)", "local.ministack"]
    engine = subprocess.Popen(command, start_new_session=True)
    (place.folder / "engines.json").write_text(json.dumps({"ministack": engine.pid}))
    deadline = time.monotonic() + 10
    while not engines.running(place):  # its command line appears in /proc a moment after the start
        assert time.monotonic() < deadline
        time.sleep(0.01)
    monkeypatch.setattr("local.place.ROOT", tmp_path)
    for name in ("API_PORT", "STEPFUNCTIONS_PORT", "INBOX_PORT"):
        monkeypatch.delenv(name, raising=False)
    before = signal.getsignal(signal.SIGTERM)
    yield place, engine
    signal.signal(signal.SIGTERM, before)
    engine.kill()
    engine.wait()


def run(verb, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["local", verb])
    return verbs.main()


def test_place(up):
    """All three ports are those of the stack that is up."""
    assert verbs._place() == up[0]


def test_not_up(up):
    """When the stack's engines have died, the ports are those that the caller asks for."""
    up[1].kill()
    up[1].wait()
    assert verbs._place() == Place(up[0].folder, 4566, 5001, inbox_port=4580)


def test_up(up, monkeypatch, capsys):
    """`make up` shows where the stack is that is up."""
    assert run("up", monkeypatch) == 0
    printed = capsys.readouterr().out
    assert f"{up[0].api_url}\n" in printed
    assert up[0].inbox_url in printed


@pytest.mark.timeout(60)
def test_inbox(up, monkeypatch, capsys):
    """`make inbox` listens where the stack that is up sends its webhooks: here the port is taken, and named."""
    with socket.create_server(("127.0.0.1", up[0].inbox_port)):
        assert run("inbox", monkeypatch) == 1
    assert f"port {up[0].inbox_port} is busy" in capsys.readouterr().err


def test_down(up, monkeypatch):
    """`make down` stops a stack on any ports."""
    assert run("down", monkeypatch) == 0
    assert up[1].wait(10) == -signal.SIGTERM
    assert not (up[0].folder / "credentials.env").exists()
