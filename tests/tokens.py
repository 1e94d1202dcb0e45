"""Keys and tokens of applications."""

import time
import uuid
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


def private_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class ago:  # noqa: N801 - it reads as a word
    """An instant, in seconds before the token is made."""

    seconds: int


def token(application_id: str, key: Any = KEY, algorithm: str = "RS256", headers: Any = None, **changes: Any) -> str:
    """A token as the published clients send it: iat, jti, application_id, and no exp."""
    claims = {"iat": int(time.time()), "jti": str(uuid.uuid1()), "application_id": application_id, **changes}
    now = int(time.time())
    claims = {name: now - value.seconds if isinstance(value, ago) else value for name, value in claims.items()}
    claims = {name: value for name, value in claims.items() if value is not None}
    signing = private_pem(key) if algorithm.startswith(("RS", "PS")) else key
    return "Bearer " + jwt.encode(claims, signing, algorithm=algorithm, headers=headers)
