"""Create, change, disable and delete applications, and replace their public keys."""

import uuid
from typing import Annotated

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from failover.adapters.callers import Outdated
from failover.observability import logger
from failover.outside import Outside
from failover.rules.channels.kinds import Text
from failover.rules.requests.models import Of
from failover.use_cases.callers import registered, status_urls
from failover.use_cases.callers.commands import OPTIONAL, Answer, CommandRefused, Name, OfAccount, OfApplication, Url

_PublicKey = Annotated[str, Of(Text(5000))]


class CreateApplication(OfAccount):
    name: Name
    public_key: _PublicKey
    status_url: Annotated[Url | None, OPTIONAL] = None


class SetPublicKey(OfApplication):
    public_key: _PublicKey


def create(outside: Outside, command: CreateApplication) -> Answer:
    registered.account(outside, command)
    _check_public_key(command.public_key)
    application_id = str(uuid.uuid4())
    application = {
        "account": command.api_key,
        "name": command.name,
        "public_key": command.public_key,
        "created_at": outside.now(),
    }
    if command.status_url is not None:
        application["status_url"] = status_urls.checked(outside, command.status_url)
    try:
        outside.callers.add_application(application_id, application)
    except Outdated:
        raise registered.overtaken("api_key") from None
    logger.info("application created", application_id=application_id)
    return {"application_id": application_id}


def set_public_key(outside: Outside, command: SetPublicKey) -> Answer:
    _check_public_key(command.public_key)
    registered.change(outside, registered.application(outside, command), public_key=command.public_key)
    logger.info("public key replaced", application_id=command.application_id)
    return {"application_id": command.application_id}


def disable(outside: Outside, command: OfApplication) -> Answer:
    return registered.disable(outside, registered.application(outside, command))


def enable(outside: Outside, command: OfApplication) -> Answer:
    return registered.enable(outside, registered.application(outside, command))


def delete(outside: Outside, command: OfApplication) -> Answer:
    return registered.delete(outside, registered.application(outside, command))


def _check_public_key(pem: str) -> None:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise CommandRefused("public_key: Should be a public key in PEM") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < 2048:
        raise CommandRefused("public_key: Should be an RSA key of at least 2048 bits")
