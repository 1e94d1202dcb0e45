"""The console: one HTML file that shows workflows and starts them, by the public API alone."""

import json
from functools import cache
from pathlib import Path

from failover.edges import reference
from failover.edges.pages import Page, hashes, shut
from failover.rules.requests import form

PATH = Path(__file__).parents[1] / "console.html"
PLACEHOLDER = '<script id="config" type="application/json">{}</script>'


@cache
def page(messages_version: str, *, sandbox: bool) -> Page:
    """The console for a stack with this version of the Messages API, with or without a sandbox."""
    config = {
        "sandbox": sandbox,
        "version": json.loads(reference.document().text)["info"]["version"],
        **form.described(messages_version),
    }
    html = PATH.read_text().replace(PLACEHOLDER, PLACEHOLDER.replace("{}", _inside_script(config)))
    policy = {
        "style-src": hashes(html, "style"),
        "img-src": "data:",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    headers = {**shut(html, policy), "Cross-Origin-Opener-Policy": "same-origin"}
    return Page("text/html; charset=utf-8", html, headers, cache_control="no-cache")


def _inside_script(value: object) -> str:
    """Return JSON without `<`, so that no text in it can end the script element.

    WHATWG HTML, "Restrictions for contents of script elements".
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
