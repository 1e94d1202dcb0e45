"""What can come of one request to the Messages API (contract, section 0; faults F4 to F8 are told apart here)."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Accepted:
    message_uuid: str


type Scope = Literal["message", "account", "credentials"]


@dataclass(frozen=True)
class Refused:
    """It was read and turned down: asking again gives the same answer, unless it is asked with other credentials."""

    status: int
    """The HTTP status of the answer."""
    words: str = ""
    """What the Messages API said; for the timeline, not for a log."""
    code: int | None = None
    """The vendor's number for the error."""
    scope: Scope = "message"
    """What was refused: only this message, every message of the account, or the credentials."""

    @property
    def reason(self) -> str:
        """`422 1420 Invalid sender`."""
        return " ".join(str(part) for part in (self.status, self.code, self.words) if part)

    @property
    def of_credentials(self) -> bool:
        """The credentials were refused: with others the same request may be taken."""
        return self.scope == "credentials"

    @property
    def of_account(self) -> bool:
        """Every other message would be refused as well, until an operator does something."""
        return self.scope != "message"


@dataclass(frozen=True)
class NotTaken:
    """It certainly was not taken: asking again is safe."""

    reason: str
    retry_after: float | None = None
    """Seconds the Messages API asked us to wait."""


@dataclass(frozen=True)
class Unknown:
    """It may have been taken: asking again could reach the person twice."""

    reason: str


type Answer = Accepted | Refused | NotTaken | Unknown
