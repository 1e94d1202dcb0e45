"""The OpenAPI document, and the page that shows it: Swagger UI, which comes with Powertools, all in one file."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from aws_lambda_powertools.event_handler.openapi import swagger_ui


@cache
def document() -> str:
    """The OpenAPI document, as JSON."""
    return (Path(__file__).parent / "openapi.json").read_text()


_OURS = {
    "<title>Swagger UI</title>": "<title>Workflows API</title>",
    'currentUrl.pathname + "?format=json"': 'currentUrl.pathname.replace(/docs\\/?$/, "openapi.json")',
}
"""What Powertools' page says, and what ours does instead: its own name, and where the document is."""


@cache
def page() -> str:
    """The reference as HTML that loads nothing from anywhere else."""
    assets = Path(swagger_ui.__file__).parent
    html = swagger_ui.generate_swagger_html(
        spec=document(),
        swagger_js=(assets / "swagger-ui-bundle.min.js").read_text(),
        swagger_css=(assets / "swagger-ui.min.css").read_text(),
        swagger_base_url="",
        oauth2_config=None,
    )
    for theirs, ours in _OURS.items():
        html = html.replace(theirs, ours)
    return html


@cache
def page_headers() -> dict[str, str]:
    """Headers under which a browser runs the page's own scripts and no others, and shows the page in no frame.

    Credentials are typed into this page. Swagger UI sets style attributes and draws its icons from data: URLs, and
    calls the API it is served by (https://www.w3.org/TR/CSP3/).
    """
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page(), re.DOTALL)
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
