"""Register who may call: accounts with a key and a secret, applications with a public key."""

import uuid
from typing import Annotated, Any, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import BaseModel, ConfigDict, Discriminator, Field, TypeAdapter, ValidationError

from failover.adapters.store import Outdated
from failover.observability import logger
from failover.outside import Outside
from failover.rules import credentials

_Name = Annotated[str, Field(min_length=1, max_length=100)]
_Url = Annotated[str, Field(max_length=2000, pattern=r"^https?://[^\s]+$")]


class InvalidCommand(Exception):
    """The event is not one of the commands; the message names the fields and says nothing of their values."""


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class CreateAccount(_Command):
    """{"action": "create_account", "name": …, "status_url": …}"""

    action: Literal["create_account"]
    name: _Name
    status_url: _Url | None = None


class CreateApplication(_Command):
    """{"action": "create_application", "api_key": …, "name": …, "public_key": "-----BEGIN PUBLIC KEY-----…"}"""

    action: Literal["create_application"]
    api_key: str
    name: _Name
    public_key: Annotated[str, Field(max_length=5000)]
    status_url: _Url | None = None


class RotateSecret(_Command):
    """{"action": "rotate_secret", "api_key": …, "overlap_hours": 24}: the old secret stays valid that much longer."""

    action: Literal["rotate_secret"]
    api_key: str
    overlap_hours: Annotated[int, Field(ge=0, le=720)] = 24


type _AnyCommand = CreateAccount | CreateApplication | RotateSecret
_COMMANDS: TypeAdapter[_AnyCommand] = TypeAdapter(
    Annotated[CreateAccount | CreateApplication | RotateSecret, Discriminator("action")]
)
_HOUR = 3_600_000


def register(outside: Outside, event: Any) -> dict[str, str]:
    """Carry out one command; a secret is in the answer, and nowhere else ever again. Raises InvalidCommand."""
    try:
        command = _COMMANDS.validate_python(event)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'][1:])) or 'action'}: {fault['msg']}" for fault in error.errors()]
        raise InvalidCommand("; ".join(faults)) from None
    match command:
        case CreateAccount():
            return _create_account(outside, command)
        case CreateApplication():
            return _create_application(outside, command)
        case RotateSecret():
            return _rotate_secret(outside, command)


def _create_account(outside: Outside, command: CreateAccount) -> dict[str, str]:
    api_key, secret = credentials.new_api_key(), credentials.new_secret()
    account = {"name": command.name, "secrets": [credentials.kept(secret)], "created_at": outside.now()}
    if command.status_url:
        account["status_url"] = command.status_url
    outside.store.add_account(api_key, account)
    logger.info("account created", api_key=api_key)
    return {"api_key": api_key, "api_secret": secret}


def _create_application(outside: Outside, command: CreateApplication) -> dict[str, str]:
    if outside.store.find_account(command.api_key) is None:
        raise InvalidCommand("api_key: there is no such account")
    _check_public_key(command.public_key)
    application_id = str(uuid.uuid4())
    application = {
        "account": command.api_key,
        "name": command.name,
        "public_key": command.public_key,
        "created_at": outside.now(),
    }
    if command.status_url:
        application["status_url"] = command.status_url
    outside.store.add_application(application_id, application)
    logger.info("application created", application_id=application_id)
    return {"application_id": application_id}


def _rotate_secret(outside: Outside, command: RotateSecret) -> dict[str, str]:
    account = outside.store.find_account(command.api_key)
    if account is None:
        raise InvalidCommand("api_key: there is no such account")
    secret = credentials.new_secret()
    overlap = command.overlap_hours * _HOUR
    secrets = credentials.rotated(account["secrets"], secret, outside.now(), overlap)
    try:
        outside.store.replace_secrets(command.api_key, account["secrets"], secrets)
    except Outdated:
        raise InvalidCommand("api_key: somebody else has rotated this secret just now") from None
    logger.info("secret rotated", api_key=command.api_key)
    return {"api_key": command.api_key, "api_secret": secret}


def _check_public_key(pem: str) -> None:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidCommand("public_key: not a public key in PEM") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < 2048:
        raise InvalidCommand("public_key: RS256 wants an RSA key of at least 2048 bits")
