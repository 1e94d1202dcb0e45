"""Running functions as Lambda does: the parts that can be tested without a run."""

import os
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.lambda_runtime import docker, emulator, ports, runtime
from local.lambda_runtime.functions import failure
from local.place import LocalFailure
from tests.world import ROOT


@pytest.mark.parametrize("output", ["null", '{"statusCode": 202, "body": "{}"}', '{"looked_after": 0}', '{"a": 1}\n'])
def test_success(output):
    """An invocation succeeds with any answer that reports no failure."""
    assert failure(output) is None


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        ("", "no answer"),
        ('{"errorType": "E", "errorMessage": "m"}', "E: m"),
        ('{"error": "no such account"}', "no such account"),
        ('{"statusCode": 500, "body": "b"}', "status 500: b"),
        ('{"statusCode": 302}', "status 302: None"),
    ],
)
def test_failure(output, fault):
    """A dead runtime, an exception, a refusal by `accounts` and a status other than 2xx are failures."""
    assert failure(output) == fault


def test_runtime():
    """`/var/runtime` has AWS's runtime client, boto3 and their dependencies, and no other package of the tests."""
    contents = runtime.contents()
    assert {"bootstrap.py", "awslambdaric", "boto3", "botocore", "urllib3", "six.py"} <= set(contents)
    assert not {"jwt", "pydantic", "requests", "pytest", "aws_lambda_powertools"} & set(contents)
    assert all(path.exists() for path in contents.values())


def test_no_namespace(monkeypatch):
    """Without namespaces the error is one sentence that says so."""
    monkeypatch.setattr(emulator, "NAMESPACES", (["sh", "-c", "echo unshare: refused >&2; exit 1", "sh"],))
    emulator.namespace.cache_clear()
    with pytest.raises(LocalFailure, match="functions cannot run as on Lambda: unshare: refused"):
        emulator.namespace()
    emulator.namespace.cache_clear()


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ([], "there is no `docker`"),
        (["docker"], "to start one dockerd, unshare, ip is missing"),
        (["docker", "unshare", "ip"], "to start one dockerd is missing"),
    ],
)
def test_no_containers(monkeypatch, tmp_path, there, message):
    """Missing container support is reported in one line, before anything is started."""
    for name in there:
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(docker.NoContainers, match=message):
        docker.require()


def test_no_containers_exit_code(tmp_path):
    """`python -m local sam-local` exits with 69 then, so a caller can distinguish it from a failed function."""
    environment = {**os.environ, "PYTHONPATH": "layers/failover", "PATH": str(tmp_path)}
    command = [sys.executable, "-m", "local", "sam-local"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (69, "")
    assert done.stderr == "sam-local: there is no `docker`: on Debian, apt-get install docker.io\n"


def test_ports(tmp_path):
    """A loopback port is reachable through its socket in both directions, with a folder path of any length."""
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def echo():
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(100):
                    connection.sendall(data.upper())

        thread = threading.Thread(target=echo)
        thread.start()

        def talk():
            with ports.served(folder, server.getsockname()[1]) as (path,), socket.socket(socket.AF_UNIX) as client:
                opened = os.open(folder, os.O_RDONLY)
                client.connect(f"/proc/self/fd/{opened}/{path.name}")
                os.close(opened)
                client.sendall(b"hello")
                assert client.recv(100) == b"HELLO"
                client.shutdown(socket.SHUT_WR)
                assert client.recv(100) == b""

        with ThreadPoolExecutor(1) as executor:  # the main thread may have the event loop of a browser
            executor.submit(talk).result()
        thread.join()
