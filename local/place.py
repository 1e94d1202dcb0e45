"""Where a local stack lives: its ports, its folder, its tools."""

import os
import platform
import socket
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
REGION = "eu-west-1"
STAGE = "beta"


_ROOT = "ak", "sk"
"""Root of the local AWS: what moto signs the state machine's calls with, whatever it is told."""


class LocalFailure(Exception):
    """Something about this machine stands in the way; the message is the one line to show."""


@dataclass(frozen=True)
class Place:
    """One local stack. Two of them, with other ports and folders, can stand side by side."""

    folder: Path
    """State of the run: logs, process ids, build, credentials."""
    api_port: int
    """The API, and every AWS service but Step Functions."""
    stepfunctions_port: int
    proxy_ports: tuple[int, int] | None = None
    """Where proxies that break things stand between the functions and these two; None: nothing does."""
    inbox_port: int = 4580
    """Where `make inbox` takes webhooks."""

    @property
    def host(self) -> str:
        return "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.api_port}"

    @property
    def api_url(self) -> str:
        """Under which the stack's API answers."""
        return f"{self.url}/{STAGE}"

    @property
    def public_url(self) -> str:
        """Under which the stack calls itself: its callbacks and its sandbox."""
        return f"http://{self.host}:{self.proxy_ports[0]}/{STAGE}" if self.proxy_ports else self.api_url

    @property
    def stepfunctions_url(self) -> str:
        return f"http://{self.host}:{self.stepfunctions_port}"

    @property
    def inbox_url(self) -> str:
        return f"http://{self.host}:{self.inbox_port}/webhooks"

    @property
    def aws_environment(self) -> dict[str, str]:
        """The environment in which AWS tools speak to this stack, and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_SFN": self.stepfunctions_url,
            "AWS_ACCESS_KEY_ID": _ROOT[0],
            "AWS_SECRET_ACCESS_KEY": _ROOT[1],
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    @property
    def functions_environment(self) -> dict[str, str]:
        """By which way the functions reach AWS."""
        if self.proxy_ports is None:
            return {}
        aws, stepfunctions = (f"http://{self.host}:{port}" for port in self.proxy_ports)
        return {"AWS_ENDPOINT_URL": aws, "AWS_ENDPOINT_URL_SFN": stepfunctions}

    def environment(self, **more: str) -> dict[str, str]:
        """This process's environment, made local: our tools first on PATH, no proxy, no profile."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and k.lower() not in _PROXIES}
        path = os.pathsep.join([str(ROOT / ".venv/bin"), os.environ.get("PATH", "")])
        return {**kept, **self.aws_environment, "PATH": path, **more}


_PROXIES = {"http_proxy", "https_proxy", "all_proxy"}


def write_private(path: Path, content: bytes | str) -> None:
    """Write a file that holds credentials: only its owner may read it, from the moment it exists."""
    raw = content.encode() if isinstance(content, str) else content
    path.unlink(missing_ok=True)  # a file that is there keeps its mode
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(raw)


def default_place() -> Place:
    """The place of `make up` and `make demo`; API_PORT, STEPFUNCTIONS_PORT and INBOX_PORT move it."""
    return Place(
        ROOT / ".local",
        _port("API_PORT", 4566),
        _port("STEPFUNCTIONS_PORT", 5001),
        inbox_port=_port("INBOX_PORT", 4580),
    )


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _port(name: str, otherwise: int) -> int:
    text = os.environ.get(name) or str(otherwise)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise LocalFailure(f"{name}={text} is not a port")
    return int(text)


def architecture() -> str:
    """This machine's processor, in the template's word."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"
