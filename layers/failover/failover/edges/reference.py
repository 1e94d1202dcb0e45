"""The public pages: the OpenAPI document, and Powertools' Swagger UI in one file.

A page is made and compressed at its first use in a process. API Gateway's own compression (`MinimumCompressionSize`)
would also compress private answers, and would decompress the bodies of requests.
"""

import gzip
import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path

from aws_lambda_powertools.event_handler.openapi import swagger_ui


@dataclass(frozen=True)
class Page:
    """A page that is the same for every caller until the next deployment."""

    content_type: str
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    @cached_property
    def etag(self) -> str:
        """Weak, because both encodings share it (RFC 9110, 8.8.1)."""
        return f'W/"{sha256(self.text.encode()).hexdigest()[:32]}"'

    @cached_property
    def compressed(self) -> str:
        """The text as gzip in base64, the form in which API Gateway takes bytes."""
        return b64encode(gzip.compress(self.text.encode(), mtime=0)).decode()


@cache
def document() -> Page:
    """The OpenAPI document."""
    return Page("application/json", _document())


@cache
def page() -> Page:
    """The reference as HTML that loads no other file."""
    html = _html()
    return Page("text/html; charset=utf-8", html, _page_headers(html))


def _document() -> str:
    committed = json.loads((Path(__file__).parents[1] / "openapi.json").read_text())
    return json.dumps(committed, ensure_ascii=False, separators=(",", ":"))


_OURS = {
    "<title>Swagger UI</title>": "<title>Workflows API</title>",
    'currentUrl.pathname + "?format=json"': 'currentUrl.pathname.replace(/docs\\/?$/, "openapi.json")',
}
"""Powertools' texts, and ours in their place: the name, and the address of the document."""


def _html() -> str:
    assets = Path(swagger_ui.__file__).parent
    html = swagger_ui.generate_swagger_html(
        spec=document().text,
        swagger_js=(assets / "swagger-ui-bundle.min.js").read_text(),
        swagger_css=(assets / "swagger-ui.min.css").read_text(),
        swagger_base_url="",
        oauth2_config=None,
    )
    for theirs, ours in _OURS.items():
        html = html.replace(theirs, ours)
    return html


def _page_headers(html: str) -> dict[str, str]:
    """Headers that let a browser run the page's own scripts only, outside of any frame: credentials are typed here.

    Swagger UI sets style attributes, draws icons from data: URLs, and calls its own origin (w3.org/TR/CSP3).
    """
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL)
    hashes = (f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts)
    policy = {
        "default-src": "'none'",
        "script-src": " ".join(hashes),
        "style-src": "'unsafe-inline'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{directive} {sources}" for directive, sources in policy.items()),
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
    }
