"""The local verbs, as a new user meets them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local import demo, engines
from local.place import ROOT, LocalFailure, Place, free_port


def local(verb, **environment):
    """Run `python -m local <verb>` with other ports."""
    return subprocess.run(
        [sys.executable, "-m", "local", verb],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "layers/failover", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", ["API_PORT", "STEPFUNCTIONS_PORT"])
def test_busy_port(tmp_path, name):
    """A busy port gives one clear line and a non-zero exit, and leaves no process behind."""
    with socket.create_server(("127.0.0.1", 0)) as busy:
        ports = {"API_PORT": free_port(), "STEPFUNCTIONS_PORT": free_port(), name: busy.getsockname()[1]}
        place = Place(tmp_path, ports["API_PORT"], ports["STEPFUNCTIONS_PORT"])
        with pytest.raises(LocalFailure, match=f"port {ports[name]} is busy.*{name}="):
            engines.start(place)
    assert not engines.running(place)
    assert not _engines_of(place)


def test_dead_engine(tmp_path, monkeypatch):
    """If an engine dies at start, one clear line says so, and the other engine is stopped."""
    place = Place(tmp_path, free_port(), free_port())
    spawn = engines._spawn

    def broken(place, name, command, **settings):
        return spawn(place, name, ["false"] if name == "moto" else command, **settings)

    monkeypatch.setattr(engines, "_spawn", broken)
    with pytest.raises(LocalFailure, match="moto ended with code 1"):
        engines.start(place)
    assert not _engines_of(place)


@pytest.mark.parametrize("port", ["x", "0", "70000"])
def test_no_port(port):
    """An invalid port is named in one line."""
    done = local("up", API_PORT=port)
    assert done.returncode == 1
    assert done.stderr == f"up: API_PORT={port} is not a port\n"


def test_verbs():
    """`make` alone lists the verbs."""
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("make ")}
    assert {"demo", "up", "down", "check", "test", "lint"} <= listed


def test_demo(deployed, capsys):
    """The demo shows both endings: read in time, and an SMS after the expiry, each with its price."""
    demo.demo(deployed.place)
    shown = capsys.readouterr().out
    assert f"Ben  messenger  given up after {demo.EXPIRY} s: delivered, but not read" in shown
    assert "final report: completed, 0.0333 EUR" in shown
    assert "final report: completed, 0.0666 EUR" in shown


def test_demo_notices(deployed, monkeypatch):
    """The demo fails if something else happens than it says."""
    monkeypatch.setattr(demo, "_READ", demo._READ[:-1])
    with pytest.raises(LocalFailure, match="Ann"):
        demo.demo(deployed.place)


def test_clean_stops_first():
    """`make clean` stops a running stack before it removes the files with its process ids."""
    done = subprocess.run(["make", "--dry-run", "clean"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 0 <= done.stdout.find("-m local down") < done.stdout.find("rm -rf")


def test_engines_are_stopped(tmp_path):
    """Stopping leaves no process, and stopping twice is no error."""
    place = Place(tmp_path, free_port(), free_port())
    engines.start(place)
    assert engines.running(place)
    assert engines.stop(place)
    assert not _engines_of(place)
    assert not engines.stop(place)


def test_killed_engine_is_noticed(tmp_path):
    """A stack with a killed engine counts as not running, and its other engine can still be stopped."""
    place = Place(tmp_path, free_port(), free_port())
    engines.start(place)
    pid = json.loads((tmp_path / "engines.json").read_text())["moto"]
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while engines.running(place):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    engines.stop(place)
    assert not _engines_of(place)


def _engines_of(place):
    """Return the processes that still work in the place's folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            folder = (process / "cwd").readlink()
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z" and folder.is_relative_to(place.folder):
            found.append(process.name)
    return found
