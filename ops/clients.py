"""Clients of AWS's services, with the caller's own credentials and Region."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})
_ONCE = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 1})
"""A function runs for 28 s at most, after a cold start."""


@cache
def client(service: str, region: str) -> Any:
    """A client for a service. It respects AWS_ENDPOINT_URL and its relatives."""
    return boto3.client(service, region_name=region, config=_CONFIG)


@cache
def invoking(region: str) -> Any:
    """A client that invokes functions. It repeats no call: one whose answer was lost may have created an account."""
    return boto3.client("lambda", region_name=region, config=_ONCE)
