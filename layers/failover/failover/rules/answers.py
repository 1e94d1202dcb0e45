"""What can come of one request to the Messages API (contract, section 0; faults F4 to F8 are told apart here)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Accepted:
    message_uuid: str


@dataclass(frozen=True)
class Refused:
    """It was read and turned down: asking again gives the same answer."""

    reason: str
    credentials: bool = False
    """The refusal is of our credentials or our balance, not of this message."""


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
