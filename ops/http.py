"""Requests to the API and to the Messages API, as a program outside makes them."""

from typing import Any
from urllib.parse import urlsplit

import requests

_SECONDS = (5, 35)
"""To connect, and for the answer: API Gateway ends a request after 29 s."""
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


def on_this_machine(url: str) -> bool:
    return urlsplit(url).hostname in _THIS_MACHINE


def call(method: str, url: str, **more: Any) -> requests.Response:
    """Make a request. Redirects are not followed. Raises requests.RequestException."""
    with requests.Session() as session:
        session.trust_env = not on_this_machine(url)  # a proxy does not reach this machine
        return session.request(method, url, timeout=_SECONDS, allow_redirects=False, **more)


def document(answer: requests.Response) -> dict[str, Any]:
    """The JSON object in an answer, or an empty one."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
