"""The account of a local stack, and the files that tell it, and the engines' addresses, to whoever wants to call."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from local import stack
from local.place import ROOT, Place


@dataclass(frozen=True)
class Credentials:
    api_key: str
    api_secret: str

    @property
    def basic(self) -> str:
        """The `Authorization` header of these credentials."""
        return "Basic " + b64encode(f"{self.api_key}:{self.api_secret}".encode()).decode()


def create(place: Place) -> Credentials:
    """Create an account; write `credentials.env`, and `aws.env` for AWS's own tools."""
    created = stack.invoke(place, "accounts", {"action": "create_account", "name": "local"})
    account = Credentials(created["api_key"], created["api_secret"])
    lines = {"API_URL": place.url, "API_KEY": account.api_key, "API_SECRET": account.api_secret}
    _write(_path(place), lines)
    _write(place.folder / "aws.env", place.aws_environment)
    return account


def _write(path: Path, lines: dict[str, str]) -> None:
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))


def read(place: Place) -> Credentials:
    lines = dict(line.split("=", 1) for line in _path(place).read_text().splitlines())
    return Credentials(lines["API_KEY"], lines["API_SECRET"])


def written(place: Place) -> bool:
    return _path(place).exists()


def remove(place: Place) -> None:
    for path in (_path(place), place.folder / "aws.env"):
        path.unlink(missing_ok=True)


def shown_path(place: Place) -> str:
    path = _path(place)
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def _path(place: Place) -> Path:
    return place.folder / "credentials.env"
