"""One POST to a customer's URL, to public addresses only (docs/reliability.md, F24 and F25).

`requests_hardened` resolves the host once, refuses addresses that are not public, and connects to the address it has
checked, so that DNS rebinding has no effect.
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
"""It logs every host it refuses by name, and customers' hosts must not be logged."""

_WORDS = {
    PostFault.CONNECT_TIMEOUT: "timeout",
    PostFault.READ_TIMEOUT: "timeout",
    PostFault.UNTRUSTED: "no trusted TLS connection",
    PostFault.NO_TLS: "no trusted TLS connection",
    PostFault.CONNECTION_LOST: "no HTTP answer",
}
"""A fault as the customer sees it, if not in PostFault's words (docs/api.md, "Attempts and redelivery")."""


class Webhooks:
    def __init__(self, *, loopback: bool) -> None:
        """`loopback` also allows http and this machine, for the local stack."""
        self._loopback = loopback

    def post(self, url: str, raw: bytes, headers: dict[str, str]) -> Attempted:
        """Send it once. Follows no redirect and reads no body.

        Takes at most CONNECT_SECONDS + RESPONSE_SECONDS (`deadline_post`).
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
    """The host has an address that webhooks must not go to."""


class _PublicOnly(IPFilterAdapter):  # type: ignore[misc]
    """Also refuses what `webhook_url` refuses and the library does not. Raises _NotPublic before it connects."""

    def build_connection_pool_key_attributes(self, *arguments: Any, **more: Any) -> Any:
        try:
            host, pool = super().build_connection_pool_key_attributes(*arguments, **more)
        except InvalidIPAddress:
            raise _NotPublic from None
        address = ip_address(host["host"].strip("[]"))
        if not (webhook_url.public(address) or (self._allow_loopback and address.is_loopback)):
            raise _NotPublic
        return host, pool
