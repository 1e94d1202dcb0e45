"""What one undisturbed workflow asks of AWS, for three kinds of workflows.

Counts are exact, and units (of DynamoDB, and log bytes) at most a quarter too high: tests hold both to the functions.
Each message has three callbacks; of a message that expired, some come after the end of its workflow. The workflow has
an `Idempotency-Key`, a `client_ref`, and a receiver that takes each webhook at the first attempt.
"""

from dataclasses import dataclass

CALLBACKS = 3
"""For each message: submitted, delivered, read."""


@dataclass(frozen=True)
class Profile:
    """All numbers are for one workflow."""

    name: str
    messages: int
    states: int
    """States entered, which Step Functions calls transitions."""
    signals: int
    """SendTaskFailure: outcomes that end a race."""
    webhooks: int
    """Each of them is a message in the queue and, at best, one attempt."""
    records: int
    """Writes of the state item, which the stream's filter lets through."""
    writes: int
    """Write units of the table itself, without its lanes. Each recipient of a workflow is two of them."""
    reads: int
    """Read units."""
    indexes: dict[str, int]
    """Write units of each index."""
    log_bytes: int
    """Written by our own code: log lines and metrics."""
    life: int
    """Seconds its execution is open, with expiries of ten minutes."""
    stored: int
    """Bytes of its items and their index entries once it has ended, with the 100 that DynamoDB adds to each."""

    @property
    def callbacks(self) -> int:
        return self.messages * CALLBACKS

    @property
    def invocations(self) -> dict[str, int]:
        """By function; `send` are those of all channels. `publish_events` is invoked at most once for each record."""
        return {
            "workflows_api": 1,
            "send": self.messages,
            "message_status": self.callbacks,
            "publish_events": self.records,
            "deliver_webhook": self.webhooks,
        }


ONE = Profile(
    name="one message",
    messages=1,
    states=2,
    signals=0,
    webhooks=4,
    records=8,
    writes=32,
    reads=27,
    indexes={"due": 8, "listed": 2, "referred": 2, "failed": 0},
    log_bytes=8_000,
    life=1,
    stored=4_000,
)
FIRST_SUCCEEDS = Profile(
    name="three steps, the first succeeds",
    messages=1,
    states=6,
    signals=1,
    webhooks=4,
    records=8,
    writes=41,
    reads=27,
    indexes={"due": 8, "listed": 2, "referred": 2, "failed": 0},
    log_bytes=8_000,
    life=60,
    stored=6_000,
)
TWO_EXPIRE = Profile(
    name="three steps, two expire",
    messages=3,
    states=14,
    signals=0,
    webhooks=11,
    records=23,
    writes=111,
    reads=75,
    indexes={"due": 22, "listed": 2, "referred": 2, "failed": 0},
    log_bytes=20_000,
    life=1_200,
    stored=9_000,
)
PROFILES = (ONE, FIRST_SUCCEEDS, TWO_EXPIRE)


@dataclass(frozen=True)
class Wait:
    """What a send asks in addition that has no turn yet and waits for it in Step Functions."""

    states: int = 4
    """`Turn`, `Wait`, and `Route` and the send again."""
    invocations: int = 1
    writes: int = 3
    """The step's turn, in the state item."""
    reads: int = 4
    """State and content again; and its account's lane and a shared one, to see when they are free."""
    lanes: int = 1
    """Its turn in its account's lane."""
    records: int = 1
    milliseconds: int = 1_000
    """It sleeps in its function, for up to two seconds, until a turn that is near."""


WAIT = Wait()

LANES_OF_A_SEND = 2
"""Writes of a lane, each of one unit: its channel's, if that is slower than the key's, and the key's."""
LANES_OF_A_POST = 1
"""A POST counts towards its account's limit."""
