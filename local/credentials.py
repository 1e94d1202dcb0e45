"""The account of a local stack, and the file that tells it to whoever wants to call."""

from dataclasses import dataclass
from pathlib import Path

from local import stack
from local.place import ROOT, Place


@dataclass(frozen=True)
class Credentials:
    api_key: str
    api_secret: str


def create(place: Place) -> Credentials:
    """Create an account and write `credentials.env`."""
    created = stack.invoke(place, "accounts", {"action": "create_account", "name": "local"})
    account = Credentials(created["api_key"], created["api_secret"])
    lines = {"API_URL": place.url, "API_KEY": account.api_key, "API_SECRET": account.api_secret}
    path = _path(place)
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    return account


def read(place: Place) -> Credentials:
    lines = dict(line.split("=", 1) for line in _path(place).read_text().splitlines())
    return Credentials(lines["API_KEY"], lines["API_SECRET"])


def written(place: Place) -> bool:
    return _path(place).exists()


def remove(place: Place) -> None:
    _path(place).unlink(missing_ok=True)


def shown_path(place: Place) -> str:
    path = _path(place)
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def _path(place: Place) -> Path:
    return place.folder / "credentials.env"
