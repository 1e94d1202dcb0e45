"""The local stack's account, and the files with its credentials and the engines' addresses."""

from base64 import b64encode
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from local import stack
from local.place import ROOT, Place, write_private


@dataclass(frozen=True)
class Credentials:
    api_key: str
    api_secret: str

    @property
    def basic(self) -> str:
        """The `Authorization` header of these credentials."""
        return "Basic " + b64encode(f"{self.api_key}:{self.api_secret}".encode()).decode()


def create(place: Place) -> Credentials:
    """Create an account with an application. Write `credentials.env`, and `aws.env` for AWS's tools."""
    created = stack.invoke(place, "accounts", {"action": "create_account", "name": "local"})
    account = Credentials(created["api_key"], created["api_secret"])
    private_key = place.folder / "private.key"
    application = {
        "action": "create_application",
        "api_key": account.api_key,
        "name": "local",
        "public_key": _new_key(private_key),
    }
    lines = {
        "API_URL": place.url,
        "API_KEY": account.api_key,
        "API_SECRET": account.api_secret,
        "SIGNATURE_SECRET": created["signature_secret"],
        "APPLICATION_ID": stack.invoke(place, "accounts", application)["application_id"],
        "PRIVATE_KEY_PATH": str(private_key),
        "INBOX_URL": place.inbox_url,
    }
    _write(_path(place), lines)
    _write(place.folder / "aws.env", place.aws_environment)
    return account


def _new_key(path: Path) -> str:
    """Write a new private key to `path` and return its public key. Both are PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _write(path: Path, lines: dict[str, str]) -> None:
    write_private(path, "".join(f"{name}={value}\n" for name, value in lines.items()))


def read(place: Place) -> Credentials:
    lines = read_all(place)
    return Credentials(lines["API_KEY"], lines["API_SECRET"])


def read_all(place: Place) -> dict[str, str]:
    """Return the variables of `credentials.env`."""
    return _lines(_path(place))


def as_written(place: Place) -> Place:
    """Return the place with the ports in its files: those that its stack was started with."""
    lines = read_all(place) | _lines(place.folder / "aws.env")
    api, stepfunctions, inbox = (
        int(lines[name].split(":")[2].split("/")[0]) for name in ("API_URL", "AWS_ENDPOINT_URL_SFN", "INBOX_URL")
    )
    return replace(place, api_port=api, stepfunctions_port=stepfunctions, inbox_port=inbox)


def written(place: Place) -> bool:
    return _path(place).exists()


def remove(place: Place) -> None:
    for path in (_path(place), place.folder / "aws.env", place.folder / "private.key"):
        path.unlink(missing_ok=True)


def shown_path(place: Place) -> str:
    path = _path(place)
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def _lines(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def _path(place: Place) -> Path:
    return place.folder / "credentials.env"
