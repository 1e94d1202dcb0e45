"""Where a local stack lives: its name, ports and folder."""

import os
import platform
import socket
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
STACK = "workflows-local"
REGION = "eu-west-1"
STAGE = "beta"
ALIAS = "live"
"""Of each function and of the state machine."""


_ROOT = "ak", "sk"
"""The root credentials of the local AWS. moto signs the state machine's calls with these and no others."""


class LocalFailure(Exception):
    """A local verb cannot go on. The message is one line for the user."""


@dataclass(frozen=True)
class Place:
    """One local stack. Several can run at once, each with its own ports and folder."""

    folder: Path
    """Logs, process ids, build and credentials."""
    api_port: int
    """The API, and every AWS service except Step Functions."""
    stepfunctions_port: int
    proxy_ports: tuple[int, int] | None = None
    """Ports of the fault-injecting proxies in front of the two ports above, if there are any."""
    inbox_port: int = 4580
    """The port on which `make inbox` takes webhooks."""

    @property
    def host(self) -> str:
        return "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.api_port}"

    @property
    def api_url(self) -> str:
        """The base URL of the stack's API."""
        return f"{self.url}/{STAGE}"

    @property
    def public_url(self) -> str:
        """The base URL under which the stack calls its own API: for callbacks and the sandbox."""
        return f"http://{self.host}:{self.proxy_ports[0]}/{STAGE}" if self.proxy_ports else self.api_url

    @property
    def stepfunctions_url(self) -> str:
        return f"http://{self.host}:{self.stepfunctions_port}"

    @property
    def inbox_url(self) -> str:
        return f"http://{self.host}:{self.inbox_port}/webhooks"

    @property
    def aws_environment(self) -> dict[str, str]:
        """The environment variables that point AWS tools at this stack."""
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
        """The environment variables that route the functions' AWS calls through the proxies."""
        if self.proxy_ports is None:
            return {}
        aws, stepfunctions = (f"http://{self.host}:{port}" for port in self.proxy_ports)
        return {"AWS_ENDPOINT_URL": aws, "AWS_ENDPOINT_URL_SFN": stepfunctions}

    def environment(self, **more: str) -> dict[str, str]:
        """This process's environment, pointed at this stack: our tools first on PATH, no HTTP proxy, no AWS profile."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and k.lower() not in _PROXIES}
        path = os.pathsep.join([str(ROOT / ".venv/bin"), os.environ.get("PATH", "")])
        return {**kept, **self.aws_environment, "PATH": path, **more}


_PROXIES = {"http_proxy", "https_proxy", "all_proxy"}


def write_private(path: Path, content: bytes | str) -> None:
    """Write a file that holds credentials. Only its owner can read it, from the moment it exists."""
    raw = content.encode() if isinstance(content, str) else content
    path.unlink(missing_ok=True)  # an existing file would keep its mode
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(raw)


def default_place() -> Place:
    """The place of the Makefile's verbs. API_PORT, STEPFUNCTIONS_PORT and INBOX_PORT change its ports."""
    return Place(
        ROOT / ".local",
        _port("API_PORT", 4566),
        _port("STEPFUNCTIONS_PORT", 5001),
        inbox_port=_port("INBOX_PORT", 4580),
    )


def free_port() -> int:
    """A port of 127.0.0.1 that is free now."""
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
    """This machine's processor, as the template's parameter `Architecture` names it."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"
