"""One POST to a customer's URL, to public addresses only (docs/reliability.md, F24 and F25).

`requests_hardened` resolves the host, refuses addresses that are not public, and connects to the address it has
checked, so that DNS rebinding has no effect. If that cannot be reached, the host's other addresses are looked up, and
each is checked in the same way before it is tried.
"""

import logging
import socket
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from requests_hardened.ip_filter import InvalidIPAddress, filter_host
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

MOST_ADDRESSES = 3
"""Of a host that one attempt tries, so that time is left for the answer."""


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
        host = _Host(self._loopback)
        try:
            outcome = post(
                url,
                raw,
                {**headers, "Content-Type": "application/json"},
                connect_seconds=CONNECT_SECONDS,
                response_seconds=RESPONSE_SECONDS,
                longest_body=0,
                adapters={
                    "https://": _PublicOnly(host, is_https_proto=True),
                    "http://": _PublicOnly(host, is_https_proto=False),
                },
                other_addresses=host.other_addresses,
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


class _Host:
    """The host of one request, and the addresses of it that may be connected to."""

    def __init__(self, loopback: bool) -> None:
        self.loopback = loopback
        self.name, self.port, self.first = "", 0, ""

    def check(self, address: str) -> None:
        """Also refuses what `webhook_url` refuses and the library does not. Raises _NotPublic."""
        found = ip_address(address)
        if not (webhook_url.public(found) or (self.loopback and found.is_loopback)):
            raise _NotPublic

    def other_addresses(self) -> list[str]:
        """The addresses to try if the first cannot be reached. Those that are not public are left out."""
        try:
            found = socket.getaddrinfo(self.name, self.port, type=socket.SOCK_STREAM)
        except OSError:
            return []
        addresses = dict.fromkeys(str(one[4][0]) for one in found)
        return [one for one in addresses if one != self.first and self._allowed(one)][: MOST_ADDRESSES - 1]

    def _allowed(self, address: str) -> bool:
        try:
            self.check(filter_host(address, self.port, allow_loopback=self.loopback).strip("[]"))
        except (InvalidIPAddress, _NotPublic):
            return False
        return True


class _PublicOnly(IPFilterAdapter):  # type: ignore[misc]
    """Raises _NotPublic before it connects."""

    def __init__(self, host: _Host, *, is_https_proto: bool) -> None:
        super().__init__(is_https_proto=is_https_proto, allow_loopback=host.loopback)
        self._host = host

    def build_connection_pool_key_attributes(self, request: Any, *arguments: Any, **more: Any) -> Any:
        try:
            host, pool = super().build_connection_pool_key_attributes(request, *arguments, **more)
        except InvalidIPAddress:
            raise _NotPublic from None
        self._host.name, self._host.port = urlsplit(request.url).hostname or "", host["port"]
        self._host.first = host["host"].strip("[]")
        self._host.check(self._host.first)
        return host, pool
