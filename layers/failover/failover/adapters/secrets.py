"""Secrets of Secrets Manager, cached for a few minutes."""

import json
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

from failover.adapters import aws
from failover.errors import Invalid

_REMEMBERED = 300.0
"""Seconds before a secret is read again."""
_PATIENCE = 10.0
"""Seconds between two refreshes on demand, so that forged callbacks cannot make us call AWS for each."""


class UnusableSecret(Invalid):
    """The secret is not a JSON object."""


class Secret:
    """One secret: a JSON object of strings."""

    def __init__(self, secret_id: str, stale: Callable[[aws.Unavailable], None]) -> None:
        """`stale` is called when Secrets Manager does not answer and the value known before is used."""
        self._id = secret_id
        self._stale = stale
        self.monotonic: Callable[[], float] = time.monotonic
        self._value: dict[str, str] = {}
        self._asked_at = float("-inf")
        self._refreshed_at = float("-inf")
        self.doubtful = False
        """The cached value may be out of date: Secrets Manager did not answer the last call."""

    @cached_property
    def client(self) -> Any:
        return aws.client("secretsmanager")

    def value(self) -> dict[str, str]:
        """The secret, read within the last five minutes, or as Secrets Manager last returned it.

        Raises `aws.Unavailable` if it has never answered.
        """
        if self.monotonic() - self._asked_at >= _REMEMBERED:
            self._read_or_keep()
        return self._value

    def refreshed(self) -> bool:
        """Read the secret again because it was not accepted. Returns True if it has changed. Raises as `value`.

        Returns False without a call if the last refresh was a moment ago. A read by `value` does not count as one: the
        secret may have changed just after it. While Secrets Manager does not answer, `doubtful` is True.
        """
        before = self._value
        if self.monotonic() - self._refreshed_at >= _PATIENCE:
            self._refreshed_at = self.monotonic()
            self._read_or_keep()
        return self._value != before

    def _read_or_keep(self) -> None:
        """Read the secret. Without an answer, keep the cached value."""
        try:
            self._read()
            self.doubtful = False
        except aws.Unavailable as error:
            if not self._value:
                raise
            self._stale(error)
            self._asked_at = self.monotonic()
            self.doubtful = True

    def _read(self) -> None:
        try:
            with aws.failures("secretsmanager"):
                answer = self.client.get_secret_value(SecretId=self._id)
            value = json.loads(answer["SecretString"], strict=False)  # PEM is often pasted with raw line ends
            if not isinstance(value, dict):
                raise ValueError
        except (KeyError, ValueError):
            raise UnusableSecret("secretsmanager: the secret is not a JSON object") from None
        self._value, self._asked_at = value, self.monotonic()
