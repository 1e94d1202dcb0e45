"""AWS's default quotas, each with the page that names it. All are per account and Region.

Not among them, because they do not bind: SQS takes any number of calls on a standard queue; EventBridge calls two
functions a minute; Secrets Manager answers 10,000 reads a second, and each function keeps a secret for five minutes.
"""

from dataclasses import dataclass

from local.capacity.limits import Limit

_STATES = "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_GATEWAY = "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"
_WARM = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html"
_PARTITION = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"

PARTITION_WRITES = 1_000
PARTITION_READS = 3_000
"""Units a second of one partition of DynamoDB, so of one item. They cannot be raised."""
TABLE_WRITES = 4_000
TABLE_READS = 12_000
"""Units a second that a new on-demand table, and each of its indexes, takes at once. It grows with its use."""
SHARDS_OF_THE_STREAM = TABLE_WRITES // PARTITION_WRITES
"""One for each partition of the table."""


@dataclass(frozen=True)
class Account:
    """The quotas of one kind of AWS account."""

    name: str
    starts: int
    """Refilled per second; the bucket's 1,300 or 800 are for a burst."""
    transitions: int
    signals: int
    describes: int
    concurrency: int
    requests: int

    @property
    def limits(self) -> list[Limit]:
        return [
            Limit("StartExecution", self.starts, "`StartExecution` refill rate", _STATES),
            Limit("StateTransition", self.transitions, "`StateTransition` refill rate", _STATES),
            Limit("SendTaskFailure", self.signals, "`SendTaskFailure` refill rate", _STATES),
            Limit("DescribeExecution", self.describes, "`DescribeExecution` refill rate", _STATES),
            Limit("open executions", 1_000_000, "open executions", _STATES),
            Limit("functions at once", self.concurrency, "Lambda concurrency", _LAMBDA),
            Limit("invocations", 10 * self.concurrency, "Lambda concurrency", _LAMBDA),
            Limit("API requests", self.requests, "API Gateway throttle rate", _GATEWAY),
            Limit("table reads", TABLE_READS, "the table's warm throughput", _WARM),
            *(
                Limit(f"writes of index {name}", TABLE_WRITES, f"warm throughput of index `{name}`", _WARM)
                for name in ("due", "listed", "referred", "failed")
            ),
            Limit("writes of a partition of index due", PARTITION_WRITES, "`SHARDS` in the code", _PARTITION),
            Limit("writes of an account in index listed", PARTITION_WRITES, "several accounts", _PARTITION),
            Limit("reads of an account's item", PARTITION_READS, "several accounts", _PARTITION),
            Limit("writes of the key's lane", PARTITION_WRITES, "several stacks", _PARTITION),
        ]


LARGE = Account("large Region", 300, 5_000, 500, 15, 1_000, 10_000)
"""us-east-1, us-west-2 and eu-west-1."""
OTHER = Account("other Region", 150, 800, 300, 10, 1_000, 2_500)
"""2,500 requests a second are those of the newer Regions; most others have 10,000."""
NEW = Account("new account", 150, 800, 300, 10, 10, 2_500)
"""AWS publishes no numbers for new accounts: often ten functions at once, and fewer transitions than the others."""
ACCOUNTS = (LARGE, OTHER, NEW)
