"""A Docker daemon: the running one, or a temporary one that leaves nothing behind."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from local.place import LocalFailure

_START_SECONDS = 60
_CGROUPS = Path("/sys/fs/cgroup")
_BRIDGE = Path("/sys/class/net/docker0")


class NoContainers(LocalFailure):
    """This machine cannot run containers. The message says what is missing."""


def require() -> None:
    """Raises NoContainers if `daemon` certainly cannot work here."""
    if sys.platform != "linux":
        raise NoContainers("the image is built from this machine's own Python, so this works on Linux only")
    if not shutil.which("docker"):
        raise NoContainers("there is no `docker`: on Debian, apt-get install docker.io")
    if _answers({}):
        return
    if missing := [tool for tool in ("dockerd", "unshare", "ip") if not shutil.which(tool)]:
        raise NoContainers(f"no Docker daemon is running, and to start one {', '.join(missing)} is missing")
    if os.geteuid():
        raise NoContainers("no Docker daemon is running, and only root can start one")


@contextmanager
def daemon(data: Path) -> Iterator[dict[str, str]]:
    """Yield the environment variables for a daemon. A temporary one keeps its images in `data`. Raises NoContainers."""
    if _answers({}):
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="docker-") as run:
        environment = {"DOCKER_HOST": f"unix://{run}/docker.sock"}
        Path(run, "daemon.json").write_text("{}")  # otherwise it would read the machine's own
        bridged = _BRIDGE.exists()
        with (data / "dockerd.log").open("wb") as log:
            process = subprocess.Popen(_command(data, Path(run)), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            _wait(process, environment, data / "dockerd.log")
            yield environment
        finally:
            process.kill()  # which kills the first process of its namespace, and so all others in it
            process.wait()
            if not bridged:
                command = ["ip", "link", "delete", _BRIDGE.name]
                subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
            _remove_cgroups()


def _command(data: Path, run: Path) -> list[str]:
    """The command of a daemon whose containers end with it, and which does not change firewall or routing."""
    return [
        *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
        *("sh", "-c", 'mount -t tmpfs run /run && exec "$@"', "sh"),
        *("dockerd", "--host", f"unix://{run}/docker.sock", "--config-file", f"{run}/daemon.json"),
        *("--data-root", str(data / "docker"), "--exec-root", f"{run}/exec", "--pidfile", f"{run}/docker.pid"),
        *("--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"),
    ]


def _answers(environment: dict[str, str]) -> bool:
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, check=False)
    return done.returncode == 0


def _wait(process: subprocess.Popen[bytes], environment: dict[str, str], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(environment):
        if process.poll() is not None or time.monotonic() > deadline:
            last = log.read_text(errors="replace").strip().rpartition("\n")[2]
            raise NoContainers(f"dockerd does not start: {last}")
        time.sleep(0.2)


def _remove_cgroups() -> None:
    """Remove the empty control groups that a daemon leaves behind."""
    for top in [_CGROUPS / "docker", *_CGROUPS.glob("*/docker")]:
        for group in sorted([top, *top.rglob("*/")], reverse=True):
            with suppress(OSError):
                group.rmdir()
