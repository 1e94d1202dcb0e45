"""The tokens of our application at the Messages API: RS256 JWTs, a new one for each request.

Importing this module imports cryptography, a large part of a cold start. Import it only where it is needed.
"""

import uuid
from functools import lru_cache

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from failover.rules.sending.vendor_credentials import Application, UnusableCredentials, claims


def authorization(application: Application, now: float) -> str:
    """The `Authorization` header of a request at `now` (seconds). Raises UnusableCredentials."""
    token = jwt.encode(claims(application, now, str(uuid.uuid4())), _key(application.private_key), algorithm="RS256")
    return f"Bearer {token}"


def public_key(application: Application) -> str:
    """The public key that verifies an application's tokens, in PEM. Raises UnusableCredentials."""
    public = _key(application.private_key).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@lru_cache(maxsize=1)
def _key(private_key: str) -> RSAPrivateKey:
    """The key in a PEM, cached: reading it takes longer than signing with it."""
    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableCredentials("private_key cannot be read") from None
    if not isinstance(key, RSAPrivateKey):
        raise UnusableCredentials("private_key is not an RSA key")
    return key
