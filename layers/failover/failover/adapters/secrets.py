"""Secrets Manager, with a short memory."""

import json
import time
from collections.abc import Callable
from typing import Any

from failover.adapters import aws
from failover.errors import Invalid

_REMEMBERED = 300.0
"""Seconds a secret is kept before it is read again."""
_PATIENCE = 10.0
"""Seconds between two refreshes on demand: whoever sends us forged callbacks must not make us call AWS for each."""


class UnusableSecret(Invalid):
    """The secret is not a JSON object."""


class Secret:
    """One secret: a JSON object of strings."""

    def __init__(
        self,
        secret_id: str,
        stale: Callable[[aws.Unavailable], None],
        client: Any = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`stale` is called when Secrets Manager does not answer and the value known before is used."""
        self._id = secret_id
        self._stale = stale
        self._client = client
        self._monotonic = monotonic
        self._value: dict[str, str] = {}
        self._asked_at = float("-inf")
        self.doubtful = False
        """What is known may be out of date: Secrets Manager did not answer when it was asked last."""

    def value(self) -> dict[str, str]:
        """The secret, read at most five minutes ago, or as it was when Secrets Manager last answered.

        Raises `aws.Unavailable` where it never has.
        """
        self._read_after(_REMEMBERED)
        return self._value

    def refreshed(self) -> bool:
        """Read it again because it was not accepted; True: it has changed. Raises as `value`.

        While Secrets Manager does not answer, nobody can say (`doubtful`).
        """
        before = self._value
        self._read_after(_PATIENCE)
        return self._value != before

    def _read_after(self, seconds: float) -> None:
        """Read it if that was tried this long ago; while Secrets Manager does not answer, what is known is kept."""
        if self._monotonic() - self._asked_at < seconds:
            return
        try:
            self._read()
            self.doubtful = False
        except aws.Unavailable as error:
            if not self._value:
                raise
            self._stale(error)
            self._asked_at = self._monotonic()
            self.doubtful = True

    def _read(self) -> None:
        self._client = self._client or aws.client("secretsmanager")
        try:
            with aws.failures("secretsmanager"):
                answer = self._client.get_secret_value(SecretId=self._id)
            value = json.loads(answer["SecretString"], strict=False)  # a key in PEM is often pasted with its line ends
            if not isinstance(value, dict):
                raise ValueError
        except (KeyError, ValueError):
            raise UnusableSecret("secretsmanager: the secret is not a JSON object") from None
        self._value, self._asked_at = value, self._monotonic()
