"""What we prove to the Messages API that we are: an application, or an account's key and secret.

The vendor's page "Authentication" lists both for the Messages API, and says that Basic has no webhooks. So an
application is the form to use; docs/operations.md, "Credentials at the Messages API", explains both.
"""

import base64
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from failover.errors import Invalid

LIFE = 900
"""Seconds a token is valid for, from its `iat` on."""
SKEW = 60
"""Seconds our clock may be ahead of the vendor's: a token with an `iat` in the future is refused."""
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END \1-----", re.DOTALL)
_BLANK = re.compile(r"\\+[rnt]?|\s")
"""Line ends and other blanks, also escaped once or more often. PEM has no backslash of its own."""
_LABELS = ("PRIVATE KEY", "RSA PRIVATE KEY")


class UnusableCredentials(Invalid):
    """The secret holds no credentials that could be used. The message names what is wrong, and no value."""


@dataclass(frozen=True)
class Account:
    """Basic authentication (RFC 7617)."""

    api_key: str
    api_secret: str = field(repr=False)

    @property
    def authorization(self) -> str:
        """The header."""
        return "Basic " + base64.b64encode(f"{self.api_key}:{self.api_secret}".encode()).decode()


@dataclass(frozen=True)
class Application:
    """A token for each request, signed with the application's key."""

    application_id: str
    private_key: str = field(repr=False)
    """PEM, with a line end after each line."""


type Credentials = Account | Application


def read(secret: Any) -> Credentials:
    """The credentials in the secret: an application's if any part of one is there, else an account's.

    Both may be there, for instance while one form replaces the other. Raises UnusableCredentials.
    """
    if not isinstance(secret, dict):
        raise UnusableCredentials("the secret is not a JSON object")
    return application(secret) if secret.get("application_id") or secret.get("private_key") else account(secret)


def account(secret: dict[str, Any]) -> Account:
    """Raises UnusableCredentials."""
    api_key = _text(secret, "api_key")
    if ":" in api_key:
        raise UnusableCredentials("api_key has a colon")
    return Account(api_key, _text(secret, "api_secret"))


def application(secret: dict[str, Any]) -> Application:
    """Raises UnusableCredentials."""
    return Application(_text(secret, "application_id"), _pem(_text(secret, "private_key")))


def claims(application: Application, now: float, jti: str) -> dict[str, Any]:
    """What a token says at `now` (seconds); `jti` is new for each."""
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
    """The private key in a text, with its line ends in place, whatever a shell or a form turned them into."""
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
