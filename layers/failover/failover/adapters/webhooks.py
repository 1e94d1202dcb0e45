"""One POST to a customer's URL, to public addresses only (contract, section 0; faults, F24 and F25).

`requests_hardened` looks the host's name up once, refuses addresses that are not public, and connects to the very
address it has checked, so that a name that changes its mind in between leads nowhere else.
"""

import contextlib
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any

import requests
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.exceptions import HTTPError

from failover.rules import webhook_url
from failover.rules.delivery import CONNECT_SECONDS, RESPONSE_SECONDS, Answered, Attempted, Failed, Forbidden

logging.getLogger("requests_hardened").setLevel(logging.CRITICAL)
"""It warns of every host it refuses, by name; whose host that is stays out of the log."""


class Webhooks:
    def __init__(self, *, loopback: bool) -> None:
        """`loopback` also allows http, and this machine: for a stack that runs on it."""
        self._loopback = loopback

    def post(self, url: str, raw: bytes, headers: dict[str, str]) -> Attempted:
        """Send it once, following no redirect and reading no body.

        It takes no longer than the time to connect and the time to respond together, however slowly the answer
        trickles in: when they are over, the connection is cut.
        """
        if fault := webhook_url.fault(url, loopback=self._loopback):
            return Forbidden(fault)
        connected: list[socket.socket] = []
        executor = ThreadPoolExecutor(max_workers=1)
        attempt = executor.submit(self._post, url, raw, headers, connected)
        try:
            return attempt.result(timeout=CONNECT_SECONDS + RESPONSE_SECONDS)
        except TimeoutError:
            for connection in connected:
                with contextlib.suppress(OSError):  # it may be over by now
                    connection.shutdown(socket.SHUT_RDWR)
            return Failed("timeout")
        finally:
            executor.shutdown(wait=False)

    def _post(self, url: str, raw: bytes, headers: dict[str, str], connected: list[socket.socket]) -> Attempted:
        with _Session() as session:
            session.trust_env = False
            session.mount("https://", _PublicOnly(connected, is_https_proto=True, allow_loopback=self._loopback))
            session.mount("http://", _PublicOnly(connected, is_https_proto=False, allow_loopback=self._loopback))
            try:
                with session.post(
                    url,
                    data=raw,
                    headers={**headers, "Content-Type": "application/json", "Connection": "close"},
                    timeout=(CONNECT_SECONDS, RESPONSE_SECONDS),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    return Answered(response.status_code)
            except InvalidIPAddress:
                return Forbidden("the host's address is not public")
            except requests.exceptions.InvalidURL:
                return Forbidden("the URL cannot be used")
            except requests.Timeout:
                return Failed("timeout")
            except requests.exceptions.SSLError:
                return Failed("no trusted TLS connection")
            except requests.ConnectionError:
                return Failed("no connection")
            except (requests.RequestException, HTTPError, ValueError, OSError):
                return Failed("no HTTP answer")


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: even if it follows no redirect, requests would read its location, and its whole body."""


class _PublicOnly(IPFilterAdapter):  # type: ignore[misc]
    """Refuses what the library lets pass and `webhook_url` does not; tells which sockets it has connected."""

    def __init__(self, connected: list[socket.socket], **more: bool) -> None:
        super().__init__(**more)
        self._connected = connected

    def get_connection_with_tls_context(self, *arguments: Any, **more: Any) -> Any:
        pool, connected = super().get_connection_with_tls_context(*arguments, **more), self._connected

        class Told(pool.ConnectionCls):  # type: ignore[misc, name-defined]
            def connect(self) -> None:
                super().connect()
                connected.append(self.sock)

        pool.ConnectionCls = Told
        return pool

    def build_connection_pool_key_attributes(self, *arguments: Any, **more: Any) -> Any:
        host, pool = super().build_connection_pool_key_attributes(*arguments, **more)
        address = ip_address(host["host"].strip("[]"))
        if not (webhook_url.public(address) or (self._allow_loopback and address.is_loopback)):
            raise InvalidIPAddress(address)
        return host, pool
