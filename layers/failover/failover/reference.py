"""The OpenAPI document, and the page that shows it: Swagger UI, which comes with Powertools, all in one file."""

from functools import cache
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
