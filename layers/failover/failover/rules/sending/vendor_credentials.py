"""Our credentials at the Messages API: those of an application, or an account's key and secret.

The vendor's page "Authentication" lists both, and says that Basic has no webhooks, so an application is recommended
(docs/operations.md, "Credentials at the Messages API").
"""

import base64
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from failover.errors import Invalid

LIFE = 900
"""Seconds from a token's `iat` to its `exp`."""
SKEW = 60
"""Seconds our clock may be ahead of the vendor's, which refuses an `iat` in the future."""
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END \1-----", re.DOTALL)
_BLANK = re.compile(r"\\+[rnt]?|\s")
"""Line ends and other blanks, plain or escaped any number of times. PEM itself has no backslash."""
_LABELS = ("PRIVATE KEY", "RSA PRIVATE KEY")


class UnusableCredentials(Invalid):
    """The secret has no usable credentials. The message says what is wrong, without values."""


@dataclass(frozen=True)
class Account:
    """Basic authentication (RFC 7617)."""

    api_key: str
    api_secret: str = field(repr=False)

    @property
    def authorization(self) -> str:
        """The `Authorization` header."""
        return "Basic " + base64.b64encode(f"{self.api_key}:{self.api_secret}".encode()).decode()


@dataclass(frozen=True)
class Application:
    """An application: each request has a new token, signed with its key."""

    application_id: str
    private_key: str = field(repr=False)
    """PEM, with proper line ends."""


type Credentials = Account | Application


def read(secret: Any) -> Credentials:
    """Return the credentials in the secret: the application's if it has any part of one, else the account's.

    It may have both, for instance while one replaces the other. Raises UnusableCredentials.
    """
    if not isinstance(secret, dict):
        raise UnusableCredentials("the secret is not a JSON object")
    return application(secret) if secret.get("application_id") or secret.get("private_key") else account(secret)


def account(secret: dict[str, Any]) -> Account:
    """Return the account's credentials. Raises UnusableCredentials."""
    api_key = _text(secret, "api_key")
    if ":" in api_key:
        raise UnusableCredentials("api_key has a colon")
    return Account(api_key, _text(secret, "api_secret"))


def application(secret: dict[str, Any]) -> Application:
    """Return the application's credentials. Raises UnusableCredentials."""
    return Application(_text(secret, "application_id"), _pem(_text(secret, "private_key")))


def claims(application: Application, now: float, jti: str) -> dict[str, Any]:
    """Return the claims of a token made at `now` (seconds). `jti` must be new for each token."""
    issued = int(now) - SKEW
    return {"application_id": application.application_id, "iat": issued, "exp": issued + LIFE, "jti": jti}


def _text(secret: dict[str, Any], name: str) -> str:
    value = secret.get(name)
    if value is None:
        raise UnusableCredentials(f"{name} is missing")
    if not isinstance(value, str):
        raise UnusableCredentials(f"{name} is not a string")
    text = "".join(character for character in value if unicodedata.category(character) != "Cf").strip()
    if not text:
        raise UnusableCredentials(f"{name} is empty")
    return text


def _pem(text: str) -> str:
    """Return the private key with its line ends restored, which a shell or a form may have changed."""
    blocks = _PEM.findall(_BLANK.sub(" ", text))
    if not blocks:
        raise UnusableCredentials("private_key is not in PEM")
    keys = {(label, body.replace(" ", "")) for label, body in blocks if label in _LABELS}
    if not keys:
        raise UnusableCredentials("private_key is not an RSA private key, or is encrypted")
    if len(keys) > 1:
        raise UnusableCredentials("private_key holds more than one private key")
    ((label, body),) = keys
    if not re.fullmatch(r"[A-Za-z0-9+/]+=*", body):
        raise UnusableCredentials("private_key is encrypted, or not base64")
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
