"""The adapters, clock and randomness that use cases may use, made once for each cold start of a function."""

import random
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from failover.adapters import clock
from failover.settings import Settings, from_environment

if TYPE_CHECKING:
    from failover.adapters.callers import Callers
    from failover.adapters.lanes import Lanes
    from failover.adapters.secrets import Secret
    from failover.adapters.sending.messages import MessagesApi
    from failover.adapters.table import Table
    from failover.adapters.webhooks.deliveries import Deliveries
    from failover.adapters.webhooks.endpoint import Webhooks
    from failover.adapters.webhooks.failed import FailedWebhooks
    from failover.adapters.webhooks.hosts import Hosts
    from failover.adapters.webhooks.queue import WebhookQueue
    from failover.adapters.workflow.executions import Executions
    from failover.adapters.workflow.listing import Listing
    from failover.adapters.workflow.overdue_index import OverdueIndex
    from failover.adapters.workflow.recipients import Recipients
    from failover.adapters.workflow.store import Store
    from failover.rules.workflow.origin import Here

type Adapter = Literal[
    "callers",
    "deliveries",
    "executions",
    "hosts",
    "lanes",
    "listing",
    "messages_secret",
    "overdue",
    "recipient_secret",
    "recipients",
    "signature_secret",
    "store",
    "webhook_queue",
    "webhook_secret",
    "webhooks",
]


@dataclass
class Outside:
    """Each adapter is imported and made at its first use, so that a function pays only for what it uses.

    `ready` makes those that most calls use: a cold start has a whole processor, a call only the share that its
    function's memory buys.
    """

    settings: Settings = field(default_factory=from_environment)
    now: Callable[[], int] = clock.now
    """Milliseconds since the epoch."""
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    """A number from 0 to 1."""
    pool: Callable[[int], Executor] = ThreadPoolExecutor
    """Makes threads, at most so many."""

    @property
    def here(self) -> "Here | None":
        """The table that this function uses."""
        from failover.rules.workflow import origin

        return origin.table(self.settings.table_stream)

    def ready(self, *adapters: Adapter) -> "Outside":
        """Make these adapters and their clients of AWS now, without a call. Returns itself."""
        for name in adapters:
            getattr(getattr(self, name), "client", None)
        return self

    @cached_property
    def table(self) -> "Table":
        from failover.adapters.table import Table

        return Table(self.settings.table_name, now=lambda: self.now(), sleep=lambda seconds: self.sleep(seconds))

    @cached_property
    def store(self) -> "Store":
        from failover.adapters.workflow.store import Store

        return Store(self.table)

    @cached_property
    def lanes(self) -> "Lanes":
        from failover.adapters.lanes import Lanes

        return Lanes(self.table)

    @cached_property
    def overdue(self) -> "OverdueIndex":
        from failover.adapters.workflow.overdue_index import OverdueIndex

        return OverdueIndex(self.table)

    @cached_property
    def callers(self) -> "Callers":
        from failover.adapters.callers import Callers

        return Callers(self.table)

    @cached_property
    def listing(self) -> "Listing":
        from failover.adapters.workflow.listing import Listing
        from failover.observability import unexpected

        return Listing(self.table, unexpected)

    @cached_property
    def deliveries(self) -> "Deliveries":
        from failover.adapters.webhooks.deliveries import Deliveries

        return Deliveries(self.table)

    @cached_property
    def failed_webhooks(self) -> "FailedWebhooks":
        from failover.adapters.webhooks.failed import FailedWebhooks
        from failover.observability import unexpected

        return FailedWebhooks(self.table, unexpected)

    @cached_property
    def hosts(self) -> "Hosts":
        from failover.adapters.webhooks.hosts import Hosts

        return Hosts(self.table)

    @cached_property
    def webhook_queue(self) -> "WebhookQueue":
        from failover.adapters.webhooks.queue import WebhookQueue

        return WebhookQueue(self.settings.webhook_queue, self.settings.webhook_dead_letters)

    @cached_property
    def webhooks(self) -> "Webhooks":
        from failover.adapters.webhooks.endpoint import Webhooks

        return Webhooks(loopback=self.settings.loopback_webhooks)

    @cached_property
    def webhook_secret(self) -> "Secret":
        return self._secret(self.settings.webhook_secret)

    @cached_property
    def recipients(self) -> "Recipients":
        from failover.adapters.workflow.recipients import Recipients

        return Recipients(self.table)

    @cached_property
    def recipient_secret(self) -> "Secret":
        return self._secret(self.settings.recipient_secret)

    @cached_property
    def executions(self) -> "Executions":
        from failover.adapters.workflow.executions import Executions

        return Executions(self.settings.state_machine_arn)

    @cached_property
    def signature_secret(self) -> "Secret":
        return self._secret(self.settings.signature_secret)

    @cached_property
    def messages_secret(self) -> "Secret":
        return self._secret(self.settings.messages_secret)

    def _secret(self, secret_id: str) -> "Secret":
        from failover.adapters.secrets import Secret
        from failover.observability import unavailable

        return Secret(secret_id, unavailable)

    def messages(self, base_url: str) -> "MessagesApi":
        """The Messages API. If MESSAGES_URL is empty, the sandbox of this stack under `base_url`."""
        from failover.adapters.sending.messages import MessagesApi

        url = self.settings.messages_url or f"{base_url}/sandbox"
        return MessagesApi(url, self.settings.messages_version, self.messages_secret)
