"""One POST to a customer's URL, to public addresses only (contract, section 0; faults, F24 and F25).

`requests_hardened` looks the host's name up once, refuses addresses that are not public, and connects to the very
address it has checked, so that a name that changes its mind in between leads nowhere else.
"""

import logging
from ipaddress import ip_address
from typing import Any

from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter

from failover.adapters.deadline_post import NoAnswer, NotSent, PostFault, Response, post
from failover.rules.timing.timeouts import CONNECT_SECONDS, RESPONSE_SECONDS
from failover.rules.webhooks import webhook_url
from failover.rules.webhooks.delivery import Answered, Attempted, Failed, Forbidden

logging.getLogger("requests_hardened").setLevel(logging.CRITICAL)
"""It warns of every host it refuses, by name; whose host that is stays out of the log."""

_WORDS = {
    PostFault.CONNECT_TIMEOUT: "timeout",
    PostFault.READ_TIMEOUT: "timeout",
    PostFault.UNTRUSTED: "no trusted TLS connection",
    PostFault.NO_TLS: "no trusted TLS connection",
    PostFault.CONNECTION_LOST: "no HTTP answer",
}
"""What a customer reads of a fault; the others are in words that suit them, too (docs/api.md, "Attempts")."""


class Webhooks:
    def __init__(self, *, loopback: bool) -> None:
        """`loopback` also allows http, and this machine: for a stack that runs on it."""
        self._loopback = loopback

    def post(self, url: str, raw: bytes, headers: dict[str, str]) -> Attempted:
        """Send it once, following no redirect and reading no body.

        It takes no longer than the time to connect and the time to respond together (`deadline_post`).
        """
        if fault := webhook_url.fault(url, loopback=self._loopback):
            return Forbidden("the URL is not allowed")
        try:
            outcome = post(
                url,
                raw,
                {**headers, "Content-Type": "application/json"},
                connect_seconds=CONNECT_SECONDS,
                response_seconds=RESPONSE_SECONDS,
                longest_body=0,
                adapters={
                    "https://": _PublicOnly(is_https_proto=True, allow_loopback=self._loopback),
                    "http://": _PublicOnly(is_https_proto=False, allow_loopback=self._loopback),
                },
            )
        except _NotPublic:
            return Forbidden("the host's address is not public")
        match outcome:
            case Response(status):
                return Answered(status)
            case NotSent(PostFault.UNUSABLE_URL as unusable):
                return Forbidden(unusable.value)
            case NotSent(fault) | NoAnswer(fault):
                return Failed(_WORDS.get(fault, fault.value))


class _NotPublic(Exception):
    """The host has an address that no webhook may go to."""


class _PublicOnly(IPFilterAdapter):  # type: ignore[misc]
    """Refuses what the library lets pass and `webhook_url` does not. Raises _NotPublic before anything is connected."""

    def build_connection_pool_key_attributes(self, *arguments: Any, **more: Any) -> Any:
        try:
            host, pool = super().build_connection_pool_key_attributes(*arguments, **more)
        except InvalidIPAddress:
            raise _NotPublic from None
        address = ip_address(host["host"].strip("[]"))
        if not (webhook_url.public(address) or (self._allow_loopback and address.is_loopback)):
            raise _NotPublic
        return host, pool
