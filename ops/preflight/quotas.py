"""The account's quotas in this Region, against what the template's settings and 50 workflows a second need.

Demand and AWS's default quotas come from `local.capacity`, which has the source of each.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from failover.rules.channels.channel_table import CHANNELS
from local.capacity.demand import Demand, demand
from local.capacity.limits import Limit
from local.capacity.profiles import TWO_EXPIRE
from local.capacity.quotas import LARGE, OTHER, Account
from local.capacity.tables import WANTED
from ops.clients import client
from ops.planned import Planned
from ops.preflight import names
from ops.report import Finding, failure, ok, warning

_LARGE_REGIONS = ("us-east-1", "us-west-2", "eu-west-1")
_UNRESERVED = 100
"""Concurrent executions that Lambda keeps unreserved: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""
_NEW_ACCOUNT = 10
"""Concurrent executions of many new accounts."""

QUOTAS = {
    "starts": ("states", "StartExecution throttle token refill rate per second"),
    "transitions": ("states", "StateTransition throttle token refill rate per second"),
    "signals": ("states", "SendTaskFailure throttle token refill rate per second"),
    "requests": ("apigateway", "Throttle rate"),
}
"""Field of `Account` → service and name of the quota in Service Quotas."""
TABLE_WRITES = ("dynamodb", "Table-level write throughput limit")


def concurrency(plan: Planned, region: str) -> Iterator[Finding]:
    """What Lambda runs at once, in all: https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html"""
    limits = client("lambda", region).get_account_settings()["AccountLimit"]
    most, unreserved = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    yield of_rate(Limit("functions at once", most, "Lambda, Concurrent executions"), _needed())
    yield of_webhooks(plan.number("WebhookConcurrency"), most)
    if names.status(plan, region) in (None, "REVIEW_IN_PROGRESS"):  # else its own reservations are counted already
        yield of_reserved(reserved(plan), unreserved)


def reserved(plan: Planned) -> int:
    """Concurrent executions that the stack would reserve."""
    sends = len({channel.function for channel in CHANNELS.values()})
    return sends * plan.number("SendConcurrency") + plan.number("ApiConcurrency") + plan.number("CallbackConcurrency")


def of_webhooks(asked: int, most: int) -> Finding:
    """`WebhookConcurrency` against the account's limit."""
    if asked < most:
        return ok("WebhookConcurrency", f"{asked}, of {most}")
    fitting = 2 if most <= _NEW_ACCOUNT else most // 5
    text = f"{asked}, but Lambda runs {most} at once: webhooks could take all; set WebhookConcurrency={fitting}"
    return warning("WebhookConcurrency", text)


def of_reserved(asked: int, unreserved: int) -> Finding:
    """Reserved concurrency against what Lambda insists to keep unreserved: a deployment above it fails."""
    left = unreserved - asked
    if not asked or left >= _UNRESERVED:
        return ok("reserved concurrency", f"{asked}, of {unreserved} that are not reserved yet")
    text = f"{asked} would leave {left} of {unreserved}, and Lambda keeps {_UNRESERVED}: lower SendConcurrency"
    return failure("reserved concurrency", f"{text}, ApiConcurrency and CallbackConcurrency")


def rates(plan: Planned, region: str) -> Iterator[Finding]:
    """What Step Functions, API Gateway and DynamoDB take in a second."""
    assumed = LARGE if region in _LARGE_REGIONS else OTHER
    values = {service: quotas(service, region) for service in ("states", "apigateway", "dynamodb")}
    found: dict[str, Any] = {
        field: int(values[service][name]) for field, (service, name) in QUOTAS.items() if name in values[service]
    }
    account = replace(assumed, **found)
    for field, (_, name) in QUOTAS.items():
        limit = replace(_limit(account, field), name=name)
        finding = of_rate(limit, _needed() | {"StartExecution": WANTED + plan.number("StartsPerSecond")})
        yield finding if field in found else replace(finding, text=f"{finding.text} (AWS's default: not in the list)")
    service, name = TABLE_WRITES
    if (most := values[service].get(name)) is not None:
        yield of_table(plan.number("TableWritesPerSecond"), int(most))


def quotas(service: str, region: str) -> dict[str, float]:
    """Name → value of a service's quotas: the defaults, and those that were applied to the account over them."""
    api = client("service-quotas", region)
    values: dict[str, float] = {}
    for operation in ("list_aws_default_service_quotas", "list_service_quotas"):
        for page in api.get_paginator(operation).paginate(ServiceCode=service):
            values |= {quota["QuotaName"]: quota["Value"] for quota in page["Quotas"]}
    return values


def of_rate(limit: Limit, asked: Demand) -> Finding:
    """One quota against the demand of `WANTED` workflows a second."""
    needed, share = asked[limit.resource], limit.used(asked)
    if share <= 1:
        return ok(limit.resource, f"{limit.most:,}; {WANTED} workflows a second need {needed:,.0f}")
    fits = f"{limit.most:,} is enough for about {WANTED / share:,.0f} workflows a second; {WANTED} need {needed:,.0f}"
    return warning(limit.resource, f"{fits}: request more of the quota {limit.name}")


def of_table(asked: int, most: int) -> Finding:
    """`TableWritesPerSecond` against the most that one table may have: a deployment above it fails."""
    if asked <= most:
        return ok("table writes", f"{asked:,}, of {most:,} for each table")
    text = f"TableWritesPerSecond={asked} is above the quota of {most:,} for each table: lower it"
    return failure("table writes", text)


def _needed() -> Demand:
    return demand(TWO_EXPIRE, WANTED, waits=1)


def _limit(account: Account, field: str) -> Limit:
    resource = {
        "starts": "StartExecution",
        "transitions": "StateTransition",
        "signals": "SendTaskFailure",
        "requests": "API requests",
    }[field]
    return next(limit for limit in account.limits if limit.resource == resource)
