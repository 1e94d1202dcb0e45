"""The engines: MiniStack for AWS, moto for Step Functions, and fault-injecting proxies in front of both."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from local.place import REGION, ROOT, LocalFailure, Place

ACCOUNT = "000000000000"
_READY_SECONDS = 60
_STOP_SECONDS = 12


_children: dict[int, subprocess.Popen[bytes]] = {}
"""Engines that this process started, by process id. It must reap them when they end."""


def start(place: Place) -> None:
    """Start the engines and wait until they answer. Raises LocalFailure, with nothing left running."""
    for name, port in (("API_PORT", place.api_port), ("STEPFUNCTIONS_PORT", place.stepfunctions_port)):
        _require_free(place.host, name, port)
    workspace = place.folder / "engines"
    workspace.mkdir(parents=True, exist_ok=True)
    engines: dict[str, subprocess.Popen[bytes]] = {}
    try:
        engines["ministack"] = _spawn(
            place,
            "ministack",
            [sys.executable, "-m", "local.ministack"],
            PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "layers/failover")]),
            GATEWAY_PORT=str(place.api_port),
            BIND_HOST=place.host,
            MINISTACK_REGION=REGION,
            LAMBDA_EXECUTOR="local",
            IOT_MTLS_ENABLED="0",
            AUTH=str(place.proxy_ports is None).lower(),  # requests through a proxy are signed for the proxy's address
            LAMBDA_ACCOUNT_CONCURRENCY="0",  # local.ministack.slots limits concurrency
            TMPDIR=str(workspace),
            STATE_DIR=str(workspace),
            **place.functions_environment,
        )
        engines["moto"] = _spawn(
            place,
            "moto",
            [sys.executable, "-m", "local.moto", "-H", place.host, "-p", str(place.stepfunctions_port)],
            PYTHONPATH=str(ROOT),
            MOTO_ACCOUNT_ID=ACCOUNT,
            MOTO_PORT=str(place.api_port),
        )
        _remember(place, {name: engine.pid for name, engine in engines.items()})
        _wait(place, engines["ministack"], "ministack", f"{place.url}/_ministack/health")
        _wait(place, engines["moto"], "moto", f"{place.stepfunctions_url}/moto-api/data.json")
        _configure_moto(place)
        engines |= _start_proxies(place)
        _remember(place, {name: engine.pid for name, engine in engines.items()})
    except BaseException:
        for engine in engines.values():
            _stop_process(engine.pid)
        _forget(place)
        raise


def _start_proxies(place: Place) -> dict[str, subprocess.Popen[bytes]]:
    proxies = {}
    upstreams = (place.url, place.stepfunctions_url)
    for port, upstream in zip(place.proxy_ports or (), upstreams, strict=False):
        name = f"microburst-{port}"
        command = [str(Path(sys.executable).parent / "microburst"), "--upstream", upstream, "--port", str(port)]
        proxies[name] = _spawn(place, name, command)
        _wait(place, proxies[name], name, f"http://{place.host}:{port}/_microburst/health")
    return proxies


def running(place: Place) -> bool:
    """Return whether all engines of this place are alive."""
    pids = _remembered(place)
    return bool(pids) and all(map(_alive, pids.values()))


def stop(place: Place) -> bool:
    """Stop what `start` started. Returns False if nothing was running."""
    pids = _remembered(place)
    for pid in pids.values():
        _stop_process(pid)
    _forget(place)
    return bool(pids)


def _require_free(host: str, name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise LocalFailure(
                f"port {port} is busy ({error.strerror}): free it, or choose another with {name}=…"
            ) from None


def _spawn(place: Place, name: str, command: list[str], **settings: str) -> subprocess.Popen[bytes]:
    with (place.folder / f"{name}.log").open("wb") as log:
        engine = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=place.environment(**settings),
            cwd=place.folder,
            start_new_session=True,
        )
    _children[engine.pid] = engine
    return engine


def _wait(place: Place, engine: subprocess.Popen[bytes], name: str, url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if engine.poll() is not None:
            raise LocalFailure(f"{name} ended with code {engine.returncode}: see {place.folder / f'{name}.log'}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise LocalFailure(f"{name} did not answer within {_READY_SECONDS} s: see {place.folder / f'{name}.log'}")


def _configure_moto(place: Place) -> None:
    body = json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode()
    request = urllib.request.Request(f"{place.stepfunctions_url}/moto-api/config", data=body, method="POST")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=10):
        pass


def _pid_file(place: Place) -> Path:
    return place.folder / "engines.json"


def _remember(place: Place, pids: dict[str, int]) -> None:
    _pid_file(place).write_text(json.dumps(pids))


def _remembered(place: Place) -> dict[str, int]:
    try:
        pids: dict[str, int] = json.loads(_pid_file(place).read_text())
    except FileNotFoundError:
        return {}
    return pids


def _forget(place: Place) -> None:
    _pid_file(place).unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    """Return whether the process runs and is an engine. Its id may belong to another program by now."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z" and (any(engine in command for engine in (b"local.ministack", b"local.moto", b"microburst")))


def _stop_process(pid: int) -> None:
    """Send SIGTERM to the engine, wait, then send SIGKILL to the engine and its workers."""
    if _alive(pid):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while _alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    if pid in _children:
        _children.pop(pid).wait()
