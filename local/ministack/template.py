"""The process from which Lambda workers are forked: `python -P template.py <socket> <layers>`.

It imports what every function imports, then forks a worker for each request on its socket. It creates no client and
reads no setting: a worker's environment is set after the fork, before any of our modules with settings is imported.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import socket
import sys
from pathlib import Path
from typing import NamedTuple, NoReturn

_SHARED = (
    "boto3.dynamodb.types",
    "botocore.endpoint",
    "botocore.handlers",
    "botocore.httpsession",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch",
    "jwt",
    "pydantic",
    "requests",
    "requests_hardened",
    "simplejson",
)
"""Modules that are slow to import. A missing name costs only time."""
_PURE = "failover.rules"
"""Our package that does not read the environment."""


class Request(NamedTuple):
    """The script, folder and environment of a new worker."""

    script: str
    folder: str
    environment: dict[str, str]


def main(control: socket.socket, layers: str) -> None:
    fresh = list(sys.path)
    _import_shared(layers)
    sys.path[:] = fresh
    gc.collect()
    gc.freeze()
    while asked := _receive(control):
        request, streams = asked
        pid = os.fork()
        if pid == 0:
            control.close()
            _become_worker(request, streams)
        for stream in streams:
            os.close(stream)
        pidfd = os.pidfd_open(pid)
        socket.send_fds(control, [str(pid).encode()], [pidfd])
        os.close(pidfd)


def _import_shared(layers: str) -> None:
    for layer in layers.split(os.pathsep):
        sys.path[:0] = [layer, f"{layer}/python"]
    for name in _SHARED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    with contextlib.suppress(ImportError):
        for module in pkgutil.walk_packages(importlib.import_module(_PURE).__path__, f"{_PURE}."):
            importlib.import_module(module.name)


def _receive(control: socket.socket) -> tuple[Request, list[int]] | None:
    """Return the next request and its three streams, or None if MiniStack has ended. Reap ended workers."""
    message, streams, _flags, _address = socket.recv_fds(control, 1 << 20, 3)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return (Request(**json.loads(message)), streams) if message else None


def _become_worker(request: Request, streams: list[int]) -> NoReturn:
    """Run the script like a new interpreter with this folder, environment and streams."""
    status = 1
    try:
        for target, stream in enumerate(streams):
            os.dup2(stream, target)
            os.close(stream)
        sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
        sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
        os.environ.clear()
        os.environ.update(request.environment)
        os.chdir(request.folder)
        sys.argv = [request.script]
        sys.path.insert(0, str(Path(request.script).parent))
        runpy.run_path(request.script, run_name="__main__")
        status = 0
    except BaseException:  # noqa: BLE001 - like an interpreter, it prints the traceback and exits
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
