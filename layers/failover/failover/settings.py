"""Every environment variable that the functions read. `template.yaml` sets them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    stack_name: str
    """STACK_NAME: the name of this stack, a dimension of every metric."""
    table_name: str
    """TABLE_NAME: the table of workflows, accounts and applications."""
    table_stream: str
    """TABLE_STREAM_ARN: the ARN of the table's stream, which distinguishes a restored table from the one before."""
    state_machine_arn: str
    """STATE_MACHINE_ARN: the failover state machine."""
    public_url: str
    """PUBLIC_URL: scheme, host and base path of this API. If empty, they come from API Gateway's request context."""
    messages_url: str
    """MESSAGES_URL: where the Messages API is. If empty, the sandbox of this stack."""
    messages_version: str
    """MESSAGES_VERSION: `v1` or `v0.1`."""
    sandbox: bool
    """SANDBOX: `true` if this stack has its own sandbox."""
    messages_secret: str
    """MESSAGES_SECRET: the secret with our credentials at the Messages API (`rules.sending.vendor_credentials`)."""
    signature_secret: str
    """SIGNATURE_SECRET: the secret {"signature_secret"} that signs status callbacks."""
    webhook_secret: str
    """WEBHOOK_SECRET: the secret {"signing_key"} from which each account's signature secret is made."""
    recipient_secret: str
    """RECIPIENT_SECRET: the secret {"hashing_key"} with which recipients are hashed."""
    webhook_queue: str
    """WEBHOOK_QUEUE: URL of the queue of webhooks to deliver."""
    webhook_dead_letters: str
    """WEBHOOK_DEAD_LETTERS: URL of the queue of webhooks that could not be delivered."""
    loopback_webhooks: bool
    """LOOPBACK_WEBHOOKS: `true` allows webhooks to this machine, also by http. Always False in AWS Lambda."""
    starts_per_second: int
    """STARTS_PER_SECOND: executions that `start_workflows` starts in a second."""
    receipt_window: int
    """RECEIPT_WINDOW_HOURS, in seconds: how long the last step waits for its outcome. 0: the channel's own window."""
    messages_per_second: float
    """MESSAGES_PER_SECOND: requests a second with the vendor's key. 0: no limit."""
    channel_per_second: float
    """CHANNEL_PER_SECOND: the same on the channel of this function."""
    patience: int
    """PATIENCE_SECONDS: how long a step may wait for its turn at the Messages API."""
    content_retention: int
    """CONTENT_RETENTION_DAYS, in seconds: how long texts and numbers are kept after the end."""
    record_retention: int
    """RECORD_RETENTION_DAYS, in seconds: how long the timeline is kept after the end."""
    account_workflows_per_second: int
    """ACCOUNT_WORKFLOWS_PER_SECOND: workflows that each account may create. 0: no limit."""


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this function. Those it does not use are empty, or have their defaults."""
    hour, day = 3600, 86400
    return Settings(
        stack_name=environment.get("STACK_NAME", ""),
        table_name=environment.get("TABLE_NAME", ""),
        table_stream=environment.get("TABLE_STREAM_ARN", ""),
        state_machine_arn=environment.get("STATE_MACHINE_ARN", ""),
        public_url=environment.get("PUBLIC_URL", "").rstrip("/"),
        messages_url=environment.get("MESSAGES_URL", "").rstrip("/"),
        messages_version=environment.get("MESSAGES_VERSION", "v1"),
        sandbox=environment.get("SANDBOX", "false") == "true",
        messages_secret=environment.get("MESSAGES_SECRET", ""),
        signature_secret=environment.get("SIGNATURE_SECRET", ""),
        webhook_secret=environment.get("WEBHOOK_SECRET", ""),
        recipient_secret=environment.get("RECIPIENT_SECRET", ""),
        webhook_queue=environment.get("WEBHOOK_QUEUE", ""),
        webhook_dead_letters=environment.get("WEBHOOK_DEAD_LETTERS", ""),
        loopback_webhooks=environment.get("LOOPBACK_WEBHOOKS", "false") == "true" and not _on_aws(environment),
        starts_per_second=int(environment.get("STARTS_PER_SECOND", "100")),
        receipt_window=int(environment.get("RECEIPT_WINDOW_HOURS", "0")) * hour,
        messages_per_second=float(environment.get("MESSAGES_PER_SECOND", "0")),
        channel_per_second=float(environment.get("CHANNEL_PER_SECOND", "0")),
        patience=int(environment.get("PATIENCE_SECONDS", "900")),
        content_retention=int(environment.get("CONTENT_RETENTION_DAYS", "7")) * day,
        record_retention=int(environment.get("RECORD_RETENTION_DAYS", "90")) * day,
        account_workflows_per_second=int(environment.get("ACCOUNT_WORKFLOWS_PER_SECOND", "0")),
    )


def _on_aws(environment: Mapping[str, str]) -> bool:
    """Whether Lambda itself runs this. There, loopback addresses lead to Lambda's own runtime.

    Lambda sets the first variable, and lets no template do so. A local engine sets the second one, which sends all
    calls to it and not to AWS.
    """
    return bool(environment.get("AWS_LAMBDA_FUNCTION_NAME")) and not environment.get("AWS_ENDPOINT_URL")
