"""Workers that are forked from a template process. MiniStack itself starts an interpreter for each."""

import array
import fcntl
import hashlib
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
import weakref
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.ministack import raised

_LAYERS = "_LAMBDA_LAYERS_DIRS"
"""The variable in which MiniStack's worker finds the folders of its layers."""
_LONGEST_DRAIN = 0.25
_TEMPLATE = Path(__file__).with_name("template.py")


class SharingWorker(lambda_runtime.Worker):  # type: ignore[misc]
    """MiniStack's worker, except that workers share the folders of their layers and no call waits for later logs."""

    config: dict[str, Any]
    _proc: "Process | None"

    def _spawn(self) -> None:
        if layers := self.config.get("Layers"):
            variables = self.config.get("Environment", {}).get("Variables", {})
            folders = os.pathsep.join(map(_unpacked, layers))
            self.config = {
                **self.config,
                "Layers": [],
                "Environment": {"Variables": {**variables, _LAYERS: folders}},
            }
        super()._spawn()

    def invoke(self, *event: Any, **how: Any) -> dict[str, Any]:
        return raised.named(super().invoke(*event, **how))

    def _drain_stderr_bounded(self, *_: Any, **__: Any) -> str:
        """Return what a call has logged. All of it is in the pipe when the answer arrives."""
        ends = time.monotonic() + _LONGEST_DRAIN
        while self._proc is not None and self._proc.unread() and time.monotonic() < ends:
            time.sleep(0.001)
        time.sleep(0.001)  # for the reading thread to hand over the last line
        return str(self._drain_stderr())


_unpacking = threading.Lock()


def _unpacked(layer: str | dict[str, Any]) -> str:
    """Return the folder of an unpacked layer. Raises RuntimeError if MiniStack does not have the layer."""
    packed = lambda_svc._resolve_layer_zip(layer)
    if packed is None:
        raise RuntimeError(f"no layer {layer}")
    folder = Path(tempfile.gettempdir()) / "layers" / hashlib.sha256(packed).hexdigest()
    with _unpacking:
        if not folder.exists():
            fresh = Path(tempfile.mkdtemp(prefix="layer-"))
            zipfile.ZipFile(io.BytesIO(packed)).extractall(fresh)
            folder.parent.mkdir(exist_ok=True)
            fresh.rename(folder)
    return str(folder)


class Forking:
    """The part of the module `subprocess` that MiniStack's worker uses."""

    PIPE = subprocess.PIPE
    DEVNULL = subprocess.DEVNULL
    STDOUT = subprocess.STDOUT
    TimeoutExpired = subprocess.TimeoutExpired

    @staticmethod
    def Popen(command: list[str], **how: Any) -> Any:  # noqa: N802 - as `subprocess` has it
        """Fork a worker from the template of its layers. Any other command is started as usual."""
        if command[0] != sys.executable:
            return subprocess.Popen(command, **how)
        return _template(how["env"].get(_LAYERS, "")).fork(command[1], how["cwd"], how["env"])


class _Template:
    """Our end of a template process (`template.py`)."""

    def __init__(self, layers: str) -> None:
        self._asking = threading.Lock()
        self._socket, its_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-P", str(_TEMPLATE), str(its_end.fileno()), layers]
        self.process = subprocess.Popen(command, pass_fds=[its_end.fileno()], stdin=subprocess.DEVNULL)
        its_end.close()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        self._socket.close()
        self.process.wait()

    def fork(self, script: str, folder: str, environment: dict[str, str]) -> "Process":
        """Fork a worker. Raises RuntimeError if the template has died."""
        request = json.dumps({"script": script, "folder": folder, "environment": environment}).encode()
        pipes = [os.pipe() for _ in range(3)]
        (stdin, our_stdin), (our_stdout, stdout), (our_stderr, stderr) = pipes
        try:
            with self._asking:
                socket.send_fds(self._socket, [request], [stdin, stdout, stderr])
                answer, pidfds, _flags, _address = socket.recv_fds(self._socket, 64, 1)
            if not pidfds:
                raise RuntimeError("the template of the workers has died")
        except BaseException:
            for stream in (our_stdin, our_stdout, our_stderr):
                os.close(stream)
            raise
        finally:
            for stream in (stdin, stdout, stderr):
                os.close(stream)
        return Process(int(answer), pidfds[0], our_stdin, our_stdout, our_stderr)


_templates: dict[str, _Template] = {}
"""By their layers."""
_starting = threading.Lock()


def _template(layers: str) -> _Template:
    with _starting:
        template = _templates.get(layers)
        if template and not template.alive:
            template.close()
            template = None
        template = _templates[layers] = template or _Template(layers)
        return template


def close() -> None:
    """End the templates by closing their sockets. Workers continue."""
    with _starting:
        for template in _templates.values():
            template.close()
        _templates.clear()


class Process:
    """A worker, with the part of `subprocess.Popen` that MiniStack uses."""

    def __init__(self, pid: int, pidfd: int, stdin: int, stdout: int, stderr: int) -> None:
        self.pid = pid
        self.stdin = open(stdin, "w", buffering=1)  # noqa: SIM115 - a pipe, closed with the object
        self.stdout = open(stdout)  # noqa: SIM115
        self.stderr = open(stderr)  # noqa: SIM115
        self._pidfd = pidfd
        weakref.finalize(self, os.close, pidfd)

    def poll(self) -> int | None:
        """Return None while it runs, then 0: only its template can know its exit status."""
        return 0 if self._ended(0) else None

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return 0

    def unread(self) -> int:
        """Return the number of bytes of its stderr that are still in the pipe."""
        size = array.array("i", [0])
        fcntl.ioctl(self.stderr, termios.FIONREAD, size)
        return size[0]

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> bool:
        ends = select.poll()
        ends.register(self._pidfd, select.POLLIN)
        return bool(ends.poll(None if timeout is None else timeout * 1000))

    def _signal(self, number: signal.Signals) -> None:
        if not self._ended(0):
            signal.pidfd_send_signal(self._pidfd, number)
