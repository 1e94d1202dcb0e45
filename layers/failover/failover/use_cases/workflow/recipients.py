"""The keyed hashes of recipients, and the keys."""

from typing import Any

from failover.adapters import aws
from failover.adapters.secrets import UnusableSecret
from failover.outside import Outside
from failover.rules.erasure import recipients


def hashed(outside: Outside, content: list[dict[str, Any]]) -> list[str]:
    """Return the hash of every recipient of these steps.

    Raises `aws.Unavailable` if this process has never read the key: a workflow that is stored without its recipients
    could not be found for their erasure. Later, while Secrets Manager is out of reach, the key read last stays in use.
    """
    key, *_ = _keys(outside.recipient_secret.value())
    return [recipients.keyed_hash(key, one) for one in recipients.addresses(content)]


def keys(outside: Outside) -> list[str]:
    """Return the key in use and, during a rotation, the one before.

    Raises `aws.Unavailable` if they may be outdated: with one key too few, an erasure would miss workflows.
    """
    secret = outside.recipient_secret
    secret.refreshed()
    if secret.doubtful:
        raise aws.Unavailable("secretsmanager: the key may be outdated")
    return _keys(secret.value())


def _keys(secret: dict[str, str]) -> list[str]:
    found = [secret[name] for name in ("hashing_key", "previous_hashing_key") if secret.get(name)]
    if not secret.get("hashing_key") or not all(isinstance(one, str) for one in found):
        raise UnusableSecret("secretsmanager: the secret of recipients has no hashing_key")
    return found
