"""What can come of one request to the Messages API (contract, section 0; faults F4 to F8 are told apart here)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Accepted:
    message_uuid: str


@dataclass(frozen=True)
class Refused:
    """It was read and turned down: asking again gives the same answer."""

    status: int
    """The HTTP status of the answer."""
    reason: str
    """The status, and what the Messages API said besides; its words are for the timeline, not for a log."""

    @property
    def of_credentials(self) -> bool:
        """It is our credentials or our balance that were refused, not this message."""
        return self.status in (401, 402)


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
