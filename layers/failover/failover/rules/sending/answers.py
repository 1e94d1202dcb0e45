"""Results of one request to the Messages API (docs/reliability.md, F4 to F8)."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Accepted:
    message_uuid: str


type Scope = Literal["message", "account", "credentials"]


@dataclass(frozen=True)
class Refused:
    """Refused: a retry would be refused as well, unless with other credentials."""

    status: int
    """The HTTP status of the answer."""
    text: str = ""
    """The answer's text, for the timeline and not for a log."""
    code: int | None = None
    """The vendor's error code."""
    scope: Scope = "message"
    """What is refused: this message, every message of the account, or the credentials."""

    @property
    def reason(self) -> str:
        """`422 1420 Invalid sender`."""
        return " ".join(str(part) for part in (self.status, self.code, self.text) if part)

    @property
    def of_credentials(self) -> bool:
        """The credentials were refused: with others the same request may be accepted."""
        return self.scope == "credentials"

    @property
    def of_account(self) -> bool:
        """Every message is refused until an operator acts."""
        return self.scope != "message"


@dataclass(frozen=True)
class NotTaken:
    """Certainly not accepted: a retry is safe."""

    reason: str
    retry_after: float | None = None
    """The answer's `Retry-After`, in seconds."""
    throttled: bool = False
    """The Messages API takes no request of this key now, of any workflow."""


@dataclass(frozen=True)
class Unknown:
    """Possibly accepted: a retry could reach the recipient twice."""

    reason: str


type Answer = Accepted | Refused | NotTaken | Unknown
