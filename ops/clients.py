"""Clients of AWS's services, with the caller's own credentials and Region."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})


@cache
def client(service: str, region: str) -> Any:
    """A client for a service. It respects AWS_ENDPOINT_URL and its relatives."""
    return boto3.client(service, region_name=region, config=_CONFIG)
