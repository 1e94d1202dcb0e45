"""Rotate the secrets of an account."""

from failover.adapters import callers
from failover.observability import logger
from failover.outside import Outside
from failover.rules.callers import account_secrets
from failover.rules.timing.instants import iso
from failover.rules.webhooks import signing
from failover.use_cases.callers import registered
from failover.use_cases.callers.commands import Answer, Hours, OfAccount

_HOUR = 3_600_000


class RotateSecret(OfAccount):
    overlap_hours: Hours = 24


class RotateSignatureSecret(OfAccount):
    in_hours: Hours = 24


def rotate_secret(outside: Outside, command: RotateSecret) -> Answer:
    """Replace the secret; the old one stays valid for `overlap_hours`."""
    account = registered.account(outside, command)
    secret = callers.new_secret()
    overlap = command.overlap_hours * _HOUR
    secrets = account_secrets.rotated(account["secrets"], secret, outside.now(), overlap)
    registered.change(outside, account, secrets=secrets)
    logger.info("secret rotated", api_key=command.api_key)
    return {"api_key": command.api_key, "api_secret": secret}


def rotate_signature_secret(outside: Outside, command: RotateSignatureSecret) -> Answer:
    """Show the next secret that webhooks are signed with, before it is used, so that receivers can learn it first."""
    account = registered.account(outside, command)
    since = outside.now() + command.in_hours * _HOUR
    generations = signing.with_new_generation(account.get("signatures", []), outside.now(), since)
    number = generations[-1]["number"]
    secret = signature_secret(outside, command.api_key, number)  # before the write: a secret in use has been shown
    registered.change(outside, account, signatures=generations)
    logger.info("signature secret rotated", api_key=command.api_key)
    return {"api_key": command.api_key, "signature_secret": secret, "in_use_from": iso(since)}


def signature_secret(outside: Outside, api_key: str, number: int) -> str:
    return signing.secret_of_account(outside.webhook_secret.value()["signing_key"], api_key, number)
