"""Register who may call: accounts with a key and a secret, applications with a public key."""

import uuid
from typing import Annotated, Any, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter
from pydantic_core import PydanticUseDefault

from failover.adapters import callers
from failover.adapters.callers import Outdated
from failover.errors import Invalid
from failover.observability import logger
from failover.outside import Outside
from failover.rules.callers import account_secrets
from failover.rules.channels.kinds import Text, Whole
from failover.rules.channels.objects import Case, Object, Tagged
from failover.rules.requests import models
from failover.rules.requests.models import Of
from failover.rules.timing.instants import iso
from failover.rules.webhooks import signing, webhook_url


class InvalidCommand(Invalid):
    """The event is not one of the commands; the message names the fields and says nothing of their values."""


def _given(value: Any) -> Any:
    """A null counts as no value."""
    if value is None:
        raise PydanticUseDefault
    return value


_OPTIONAL = BeforeValidator(_given)
_Id = Annotated[str, Of(Text(100))]
_Name = Annotated[str, Of(Text(100))]
_PublicKey = Annotated[str, Of(Text(5000))]
_Url = Annotated[str, Of(Text(webhook_url.LONGEST))]
_Hours = Annotated[int, Of(Whole(0, 720, "hours")), _OPTIONAL]


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class CreateAccount(_Command):
    """{"action": "create_account", "name": …, "status_url": …}"""

    action: Literal["create_account"]
    name: _Name
    status_url: Annotated[_Url | None, _OPTIONAL] = None


class CreateApplication(_Command):
    """{"action": "create_application", "api_key": …, "name": …, "public_key": "-----BEGIN PUBLIC KEY-----…"}"""

    action: Literal["create_application"]
    api_key: _Id
    name: _Name
    public_key: _PublicKey
    status_url: Annotated[_Url | None, _OPTIONAL] = None


class SetPublicKey(_Command):
    """{"action": "set_public_key", "api_key": …, "application_id": …, "public_key": …}: the old key is dead at once."""

    action: Literal["set_public_key"]
    api_key: _Id
    application_id: _Id
    public_key: _PublicKey


class RotateSecret(_Command):
    """{"action": "rotate_secret", "api_key": …, "overlap_hours": 24}: the old secret stays valid that much longer."""

    action: Literal["rotate_secret"]
    api_key: _Id
    overlap_hours: _Hours = 24


class RotateSignatureSecret(_Command):
    """{"action": "rotate_signature_secret", "api_key": …, "in_hours": 24}: webhooks are signed with it from then on."""

    action: Literal["rotate_signature_secret"]
    api_key: _Id
    in_hours: _Hours = 24


class SetStatusUrl(_Command):
    """{"action": "set_status_url", "api_key": …, "status_url": …}, of an application with its "application_id"."""

    action: Literal["set_status_url"]
    api_key: _Id
    status_url: _Url
    application_id: Annotated[_Id | None, _OPTIONAL] = None


type Command = CreateAccount | CreateApplication | SetPublicKey | RotateSecret | RotateSignatureSecret | SetStatusUrl

COMMANDS: dict[str, type[Command]] = {
    "create_account": CreateAccount,
    "create_application": CreateApplication,
    "set_public_key": SetPublicKey,
    "rotate_secret": RotateSecret,
    "rotate_signature_secret": RotateSignatureSecret,
    "set_status_url": SetStatusUrl,
}
_BY_ACTION = Tagged("action", tuple(Case(action, Object(())) for action in COMMANDS))
_COMMAND: TypeAdapter[Command] = TypeAdapter(models.union(_BY_ACTION, COMMANDS))
_HOUR = 3_600_000


def register(outside: Outside, event: Any) -> dict[str, str]:
    """Carry out one command; a secret is in the answer, and nowhere else ever again. Raises InvalidCommand."""
    command = _command(event)
    match command:
        case CreateAccount():
            return _create_account(outside, command)
        case CreateApplication():
            return _create_application(outside, command)
        case SetPublicKey():
            return _set_public_key(outside, command)
        case RotateSecret():
            return _rotate_secret(outside, command)
        case RotateSignatureSecret():
            return _rotate_signature_secret(outside, command)
        case SetStatusUrl():
            return _set_status_url(outside, command)


def _command(event: Any) -> Command:
    """Raises InvalidCommand with all the faults there are."""
    command: Command
    command, faults = models.read_as(_COMMAND, event, "" if isinstance(event, dict) else "command")
    if faults:
        raise InvalidCommand("; ".join(f"{fault['name']}: {fault['reason']}" for fault in faults))
    return command


def _create_account(outside: Outside, command: CreateAccount) -> dict[str, str]:
    api_key, secret = callers.new_api_key(), callers.new_secret()
    account = {"name": command.name, "secrets": [account_secrets.kept(secret)], "created_at": outside.now()}
    if command.status_url is not None:
        account["status_url"] = _checked_url(outside, command.status_url)
    signature_secret = _signature_secret(outside, api_key, 1)
    outside.callers.add_account(api_key, account)
    logger.info("account created", api_key=api_key)
    return {"api_key": api_key, "api_secret": secret, "signature_secret": signature_secret}


def _create_application(outside: Outside, command: CreateApplication) -> dict[str, str]:
    _account(outside, command.api_key)
    _check_public_key(command.public_key)
    application_id = str(uuid.uuid4())
    application = {
        "account": command.api_key,
        "name": command.name,
        "public_key": command.public_key,
        "created_at": outside.now(),
    }
    if command.status_url is not None:
        application["status_url"] = _checked_url(outside, command.status_url)
    outside.callers.add_application(application_id, application)
    logger.info("application created", application_id=application_id)
    return {"application_id": application_id}


def _rotate_secret(outside: Outside, command: RotateSecret) -> dict[str, str]:
    account = _account(outside, command.api_key)
    secret = callers.new_secret()
    overlap = command.overlap_hours * _HOUR
    secrets = account_secrets.rotated(account["secrets"], secret, outside.now(), overlap)
    _replace(outside, account, "api_key", secrets=secrets)
    logger.info("secret rotated", api_key=command.api_key)
    return {"api_key": command.api_key, "api_secret": secret}


def _rotate_signature_secret(outside: Outside, command: RotateSignatureSecret) -> dict[str, str]:
    """The secret is told before it is used, so that the receivers of webhooks can learn it first."""
    account = _account(outside, command.api_key)
    since = outside.now() + command.in_hours * _HOUR
    generations = signing.with_new_generation(account.get("signatures", []), outside.now(), since)
    number = generations[-1]["number"]
    secret = _signature_secret(outside, command.api_key, number)  # first: none may come into use that nobody was told
    _replace(outside, account, "api_key", signatures=generations)
    logger.info("signature secret rotated", api_key=command.api_key)
    return {"api_key": command.api_key, "signature_secret": secret, "in_use_from": iso(since)}


def _set_status_url(outside: Outside, command: SetStatusUrl) -> dict[str, str]:
    account, url = _account(outside, command.api_key), _checked_url(outside, command.status_url)
    if command.application_id is None:
        _replace(outside, account, "api_key", status_url=url)
        return {"api_key": command.api_key, "status_url": url}
    application = _application(outside, command.api_key, command.application_id)
    _replace(outside, application, "application_id", status_url=url)
    return {"application_id": command.application_id, "status_url": url}


def _set_public_key(outside: Outside, command: SetPublicKey) -> dict[str, str]:
    _account(outside, command.api_key)
    _check_public_key(command.public_key)
    application = _application(outside, command.api_key, command.application_id)
    _replace(outside, application, "application_id", public_key=command.public_key)
    logger.info("public key replaced", application_id=command.application_id)
    return {"application_id": command.application_id}


def _account(outside: Outside, api_key: str) -> dict[str, Any]:
    account = outside.callers.find_account(api_key)
    if account is None:
        raise InvalidCommand("api_key: there is no such account")
    return account


def _replace(outside: Outside, known: dict[str, Any], field: str, **changes: Any) -> None:
    """`field`: what a command calls the account or the application. Raises InvalidCommand."""
    try:
        outside.callers.replace(known, **changes)
    except Outdated:
        raise InvalidCommand(f"{field}: another command has changed it at the same time; send this one again") from None


def _application(outside: Outside, api_key: str, application_id: str) -> dict[str, Any]:
    application = outside.callers.find_application(application_id)
    if application is None or application["account"] != api_key:
        raise InvalidCommand("application_id: this account has no such application")
    return application


def _signature_secret(outside: Outside, api_key: str, number: int) -> str:
    return signing.secret_of_account(outside.webhook_secret.value()["signing_key"], api_key, number)


def _checked_url(outside: Outside, url: str) -> str:
    if fault := webhook_url.fault(url, loopback=outside.settings.loopback_webhooks):
        raise InvalidCommand(f"status_url: {fault}")
    return url


def _check_public_key(pem: str) -> None:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidCommand("public_key: Should be a public key in PEM") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < 2048:
        raise InvalidCommand("public_key: Should be an RSA key of at least 2048 bits")
