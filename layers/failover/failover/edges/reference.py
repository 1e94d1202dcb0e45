"""The public pages: the OpenAPI document, and Swagger UI, which comes with Powertools and shows it, all in one file.

A page is made and compressed once in each process, when it is first asked for. API Gateway's own compression
(`MinimumCompressionSize`) would do it for each answer, private ones too, and would unpack the bodies of requests.
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
    """What is the same for every caller until the next deploy."""

    content_type: str
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    @cached_property
    def etag(self) -> str:
        """Weak, for it is one for both encodings (RFC 9110, 8.8.1)."""
        return f'W/"{sha256(self.text.encode()).hexdigest()[:32]}"'

    @cached_property
    def compressed(self) -> str:
        """The text in UTF-8, as gzip, and that in base64, as API Gateway takes bytes."""
        return b64encode(gzip.compress(self.text.encode(), mtime=0)).decode()


@cache
def document() -> Page:
    """The OpenAPI document."""
    return Page("application/json", _document())


@cache
def page() -> Page:
    """The reference as HTML that loads nothing from anywhere else."""
    html = _html()
    return Page("text/html; charset=utf-8", html, _page_headers(html))


def _document() -> str:
    committed = json.loads((Path(__file__).parents[1] / "openapi.json").read_text())
    return json.dumps(committed, ensure_ascii=False, separators=(",", ":"))


_OURS = {
    "<title>Swagger UI</title>": "<title>Workflows API</title>",
    'currentUrl.pathname + "?format=json"': 'currentUrl.pathname.replace(/docs\\/?$/, "openapi.json")',
}
"""What Powertools' page says, and what ours does instead: its own name, and where the document is."""


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
    """Headers under which a browser runs the page's own scripts and no others, and shows the page in no frame.

    Credentials are typed into this page. Swagger UI sets style attributes and draws its icons from data: URLs, and
    calls the API it is served by (https://www.w3.org/TR/CSP3/).
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
