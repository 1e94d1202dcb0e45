"""The API's reference: the OpenAPI document, and Powertools' Swagger UI in one file."""

import json
from functools import cache
from pathlib import Path

from aws_lambda_powertools.event_handler.openapi import swagger_ui

from failover.edges.pages import Page, shut


@cache
def document() -> Page:
    """The OpenAPI document."""
    return Page("application/json", _document())


@cache
def page() -> Page:
    """The reference as HTML that loads no other file.

    Swagger UI sets style attributes, and draws icons from data: URLs.
    """
    html = _html()
    headers = shut(html, {"style-src": "'unsafe-inline'", "img-src": "'self' data:"})
    return Page("text/html; charset=utf-8", html, headers)


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
