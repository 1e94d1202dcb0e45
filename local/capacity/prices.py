"""AWS's list prices in us-east-1, each with the page that names it.

Free tiers are left out: they belong to the whole account.
"""

from dataclasses import dataclass
from itertools import pairwise

READ_ON = "2026-11-26"
"""The prices were compared with these pages, or with copies of them, on this day."""


@dataclass(frozen=True)
class Price:
    of: str
    """One unit."""
    dollars: float
    per: float
    """Units that cost so much."""
    page: str
    cheaper: tuple[tuple[float, float], ...] = ()
    """(units a month above which, dollars), in rising order."""

    def of_month(self, units: float) -> float:
        """Return dollars for so many units in one month of an account."""
        edges = [0, *(above for above, _ in self.cheaper), float("inf")]
        steps = [self.dollars, *(dollars for _, dollars in self.cheaper)]
        within = (min(units, end) - start for start, end in pairwise(edges))
        return sum(max(0, some) * dollars for some, dollars in zip(within, steps, strict=True)) / self.per


_MILLION = 1_000_000
GB = 1_000_000_000
_STATES = "https://aws.amazon.com/step-functions/pricing/"
_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_GATEWAY = "https://aws.amazon.com/api-gateway/pricing/"
_TABLE = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
_QUEUE = "https://aws.amazon.com/sqs/pricing/"
_WATCH = "https://aws.amazon.com/cloudwatch/pricing/"
_SECRETS = "https://aws.amazon.com/secrets-manager/pricing/"
_TRANSFER = "https://aws.amazon.com/ec2/pricing/on-demand/"
_WAF = "https://aws.amazon.com/waf/pricing/"
_KMS = "https://aws.amazon.com/kms/pricing/"

TRANSITION = Price("state transition, standard workflow", 25, _MILLION, _STATES)
INVOCATION = Price("Lambda request", 0.20, _MILLION, _LAMBDA)
COMPUTING = Price("GB-second on arm64", 13.3334, _MILLION, _LAMBDA, ((7_500 * _MILLION, 12.0001),))
REQUEST = Price("request to a REST API", 3.50, _MILLION, _GATEWAY, ((333 * _MILLION, 2.80), (1_000 * _MILLION, 2.38)))
WRITE = Price("write request unit, on demand", 0.625, _MILLION, _TABLE)
READ = Price("read request unit, on demand", 0.125, _MILLION, _TABLE)
STORED = Price("GB-month in the table", 0.25, 1, _TABLE)
BACKED_UP = Price("GB-month of point-in-time recovery", 0.20, 1, _TABLE)
QUEUE_CALL = Price("SQS request, standard queue", 0.40, _MILLION, _QUEUE)
LOGGED = Price("GB of logs", 0.50, 1, _WATCH, ((10_000, 0.25), (30_000, 0.10), (50_000, 0.05)))
"""The steps are for Lambda's logs."""
ARCHIVED = Price("GB-month of logs", 0.03, 1, _WATCH)
SERIES = Price("metric series and month", 0.30, 1, _WATCH, ((10_000, 0.10),))
WATCHED = Price("series in an alarm and month", 0.10, 1, _WATCH)
DASHBOARD = Price("dashboard and month", 3, 1, _WATCH)
SECRET = Price("secret and month", 0.40, 1, _SECRETS)
SECRET_READ = Price("Secrets Manager request", 0.05, 10_000, _SECRETS)
SENT_OUT = Price("GB to the internet", 0.09, 1, _TRANSFER, ((10_000, 0.085), (50_000, 0.07), (150_000, 0.05)))
WEB_ACL = Price("web ACL with one rule, and month", 6, 1, _WAF)
INSPECTED = Price("request that a web ACL inspects", 0.60, _MILLION, _WAF)
KEY = Price("KMS key and month", 1, 1, _KMS)

PRICES = (
    TRANSITION,
    INVOCATION,
    COMPUTING,
    REQUEST,
    WRITE,
    READ,
    STORED,
    BACKED_UP,
    QUEUE_CALL,
    LOGGED,
    ARCHIVED,
    SERIES,
    WATCHED,
    DASHBOARD,
    SECRET,
    SECRET_READ,
    SENT_OUT,
    WEB_ACL,
    INSPECTED,
    KEY,
)
