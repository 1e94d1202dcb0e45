"""Invokes a function once with the SAM CLI's Runtime Interface Emulator, without a container.

The process has its own root folder with Lambda's layout: the function in `/var/task` and its layers in `/opt`, both
read-only, the runtime client and boto3 in `/var/runtime`, Python in `/var/lang`, and an empty `/tmp`. Of this machine
it sees the C libraries, `/etc`, `/dev` and the network, but neither the checkout nor a virtual environment.
"""

import shlex
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from local.lambda_runtime import runtime
from local.lambda_runtime.functions import Function
from local.lambda_runtime.processes import stop
from local.place import ROOT, LocalFailure, Place, architecture, free_port

_START_SECONDS = 30
_STOP_SECONDS = 10
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
NAMESPACES = (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"])


@dataclass(frozen=True)
class Invocation:
    answer: str
    """The function's result, or the runtime's description of its failure. Empty if the runtime died."""
    log: str


@cache
def namespace() -> list[str]:
    """Return the command that runs another one in a new mount namespace. Raises LocalFailure if that is impossible."""
    refused = "there is no `unshare`"
    for command in NAMESPACES:
        try:
            subprocess.run([*command, "true"], env={"PATH": _PATH}, capture_output=True, text=True, check=True)
        except FileNotFoundError:
            break
        except subprocess.CalledProcessError as error:
            refused = error.stderr.strip()
        else:
            return command
    raise LocalFailure(f"this machine allows no mount namespace, so functions cannot run as on Lambda: {refused}")


def invoke(place: Place, function: Function, event: bytes, build: Path | None = None) -> Invocation:
    """Run a function of the stack once, from `build` (default: the deployed build). Raises LocalFailure."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        script = _lay_out(function, build or place.folder / "build", folder)
        variables = (f"{name}={value}" for name, value in _environment(place, function).items())
        emulator = [
            f"/var/rapid/aws-lambda-rie-{architecture()}",
            *("--log-level", "error"),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
            *("--runtime-api-address", f"127.0.0.1:{free_port()}"),
            *("/var/lang/bin/python3.13", "-S", "/var/runtime/bootstrap.py"),
        ]
        process = subprocess.Popen(
            [*namespace(), "sh", "-ec", script, "sh", *variables, *emulator],
            env={"PATH": _PATH},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            answer = _answer(process, port, event, function.settings["Timeout"])
        finally:
            stop(process, _STOP_SECONDS)
        log.seek(0)
        return Invocation(answer, log.read().decode(errors="replace"))


def _lay_out(function: Function, build: Path, root: str) -> str:
    """Return the shell script that lays out `root` and starts the emulator in it. It needs a mount namespace."""
    own = {f"/{name}": f"/{name}" for name in ("dev", "etc", "proc", "sys", "usr")}
    lines = ["mount --make-rprivate /", f"mount -t tmpfs root {root}", f"cd {root}"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            lines.append(f"ln -s {shlex.quote(str(path.readlink()))} {name}")
        elif path.is_dir():
            own[f"/{name}"] = f"/{name}"
    folders = own | {
        "/var/lang": sys.base_prefix,
        "/var/rapid": str(next(ROOT.glob(".venv-sam/lib/python3.*/site-packages/samcli/local/rapid"))),
    }
    files: dict[str, str] = {}
    for name, path in runtime.contents().items():
        (folders if path.is_dir() else files)[f"/var/runtime/{name}"] = str(path)
    lines += [f"mkdir -p .{target} && mount --rbind {shlex.quote(path)} .{target}" for target, path in folders.items()]
    lines += [f"touch .{target} && mount --bind {shlex.quote(path)} .{target}" for target, path in files.items()]
    over = {"/var/task": [build / function.name], "/opt": [build / layer for layer in reversed(function.layers)]}
    for target, paths in over.items():  # an overlay without an upper folder is read-only, and needs two lower ones
        lower = shlex.quote("lowerdir=" + ":".join(str(path) for path in [*paths, "none"]))
        lines.append(f"mkdir -p none .{target} && mount -t overlay -o {lower} overlay .{target}")
    lines += ["mkdir tmp", "mount -t tmpfs tmp tmp", "mount -o remount,bind,ro ."]
    lines += ['exec chroot . env -i -C /var/task "$@"']
    return "\n".join(lines)


def _environment(place: Place, function: Function) -> dict[str, str]:
    """The function's own variables, those of the local stack, and those that Lambda sets."""
    settings = function.settings
    return {
        **function.environment,
        **place.aws_environment,
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "LD_LIBRARY_PATH": "/var/lang/lib:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
        "PYTHONPATH": "/var/runtime",
        "PYTHONDONTWRITEBYTECODE": "1",  # on Lambda these folders are read-only
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "AWS_LAMBDA_FUNCTION_NAME": settings["FunctionName"],
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings["MemorySize"]),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(settings["Timeout"]),
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "_HANDLER": settings["Handler"],
    }


def _answer(process: subprocess.Popen[bytes], port: int, event: bytes, seconds: int) -> str:
    """Send the event, once the emulator listens, and return the answer. It is empty if the emulator ends first."""
    url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
    request = urllib.request.Request(url, event, {"Content-Type": "application/json"})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None:
        try:
            with direct.open(request, timeout=seconds + _START_SECONDS) as response:
                answer: str = response.read().decode()
                return answer
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except (urllib.error.URLError, ConnectionError) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            if not isinstance(reason, ConnectionRefusedError):
                return ""
            if time.monotonic() > deadline:
                raise LocalFailure(f"the runtime emulator did not start within {_START_SECONDS} s") from None
            time.sleep(0.02)
    return ""
