"""What runs the functions as Lambda does, as far as it can be seen without running one."""

import os
import socket
import subprocess
import sys
import threading

import pytest

from local.lambda_runtime import docker, emulator, ports, runtime
from local.lambda_runtime.functions import failure
from local.place import LocalFailure
from tests.world import ROOT


@pytest.mark.parametrize("output", ["null", '{"statusCode": 202, "body": "{}"}', '{"looked_after": 0}', '{"a": 1}\n'])
def test_success(output):
    """A function succeeds with any answer that names no failure."""
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
    """A dead runtime, an exception, a refusal of `accounts`, and a status that is not 2xx are failures."""
    assert failure(output) == fault


def test_runtime():
    """`/var/runtime` has AWS's runtime client, boto3 and what they need, and nothing else that the tests have."""
    contents = runtime.contents()
    assert {"bootstrap.py", "awslambdaric", "boto3", "botocore", "urllib3", "six.py"} <= set(contents)
    assert not {"jwt", "pydantic", "requests", "pytest", "aws_lambda_powertools"} & set(contents)
    assert all(path.exists() for path in contents.values())


def test_no_namespace(monkeypatch):
    """Where no namespace can be had, one sentence says so."""
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
    """What containers lack is said in one line, before anything is started."""
    for name in there:
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(docker.NoContainers, match=message):
        docker.require()


def test_no_containers_exit_code(tmp_path):
    """`python -m local sam-local` then exits with 69, so that a caller can tell it from a function that failed."""
    environment = {**os.environ, "PYTHONPATH": "layers/failover", "PATH": str(tmp_path)}
    command = [sys.executable, "-m", "local", "sam-local"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (69, "")
    assert done.stderr == "sam-local: there is no `docker`: on Debian, apt-get install docker.io\n"


def test_ports(tmp_path):
    """A port of loopback is reached through its socket, both ways, however long the folder's path is."""
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
        with ports.served(folder, server.getsockname()[1]) as (path,), socket.socket(socket.AF_UNIX) as client:
            opened = os.open(folder, os.O_RDONLY)
            client.connect(f"/proc/self/fd/{opened}/{path.name}")
            os.close(opened)
            client.sendall(b"hello")
            assert client.recv(100) == b"HELLO"
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100) == b""
        thread.join()
