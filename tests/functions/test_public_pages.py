"""The public pages: compressed, and kept by browsers until a deploy changes them."""

import base64
import gzip
import json

import pytest

from failover.edges import console
from failover.rules.requests import form
from local.openapi import PATH
from tests.world import http_event, load

PAGES = {"/docs": "public, max-age=300", "/openapi.json": "public, max-age=300", "/console": "no-cache"}
"""Each page's `Cache-Control`."""
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept_Encoding": "gzip, deflate, br"}
WIRE = 500_000


@pytest.fixture(params=PAGES)
def page(request):
    return request.param


@pytest.fixture
def get(page, app):
    """Request a page and return the status, the headers (first values) and the bytes that API Gateway sends."""

    def get(method="GET", **headers):
        answer = app.handler(http_event(method, page, **headers), None)
        body = answer["body"].encode()
        raw = base64.b64decode(body, validate=True) if answer["isBase64Encoded"] else body
        return answer["statusCode"], {name: value for name, (value,) in answer["multiValueHeaders"].items()}, raw

    return get


def test_compressed(get):
    """A client that accepts gzip gets less than 500 KB, which unpack to the same text as without gzip."""
    _, bare_headers, bare = get()
    status, headers, compressed = get(**BROWSER)
    assert (status, headers.pop("Content-Encoding")) == (200, "gzip")
    assert len(compressed) < WIRE
    assert gzip.decompress(compressed) == bare
    unlike = {"X-Nexmo-Trace-Id": ""}
    assert headers | unlike == bare_headers | unlike
    assert headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("headers", [{}, {**BROWSER, "Accept_Encoding": "gzip;q=0"}, {"Accept_Encoding": "gzip"}])
def test_not_compressed(get, headers):
    """Without gzip, or without the `Accept` that lets API Gateway send bytes, a page is plain text."""
    status, answered, raw = get(**headers)
    assert status == 200
    assert "Content-Encoding" not in answered
    assert raw.decode().startswith(("<!DOCTYPE html>", "<!doctype html>", '{"openapi"'))


def test_an_answer_fits(app):
    """Each form of a page is far below the 6 MB that a function may return."""
    for headers in ({}, BROWSER):
        assert len(json.dumps(app.handler(http_event("GET", "/docs", **headers), None))) < 3_000_000


@pytest.mark.parametrize("headers", [{}, BROWSER])
def test_kept(get, page, headers):
    """A request with the current tag is answered 304 without a body, for either encoding."""
    tag = get(**BROWSER)[1]["ETag"]
    status, answered, raw = get(**headers, If_None_Match=f'"another", {tag}')
    assert (status, raw) == (304, b"")
    assert (answered["ETag"], answered["Vary"]) == (tag, "Accept-Encoding")
    assert answered["Cache-Control"] == PAGES[page]
    assert get(**headers, If_None_Match='"another"')[0] == 200


@pytest.mark.parametrize("headers", [{}, BROWSER])
def test_head(get, headers):
    """HEAD returns the headers of GET and no body."""
    (status, answered, raw), (_, got, _) = get("HEAD", **headers), get(**headers)
    assert (status, raw) == (200, b"")
    assert answered | {"X-Nexmo-Trace-Id": ""} == got | {"X-Nexmo-Trace-Id": ""}
    assert get("HEAD", **headers, If_None_Match=got["ETag"])[0] == 304


def test_tags_tell_pages_apart(app):
    """Each page has its own tag, which is the same in every process."""
    tags = [app.handler(http_event("GET", page), None)["multiValueHeaders"]["ETag"][0] for page in [*PAGES] * 2]
    assert len(set(tags)) == len(PAGES)
    assert tags[:3] == tags[3:]


def test_the_document_is_whole(app):
    """The page served is the committed document without insignificant blanks."""
    body = app.handler(http_event("GET", "/openapi.json"), None)["body"]
    assert json.loads(body) == json.loads(PATH.read_text())
    assert "\n" not in body


def config(app):
    """The configuration in the console."""
    html = app.handler(http_event("GET", "/console"), None)["body"]
    before, _, after = console.PLACEHOLDER.partition("{}")
    return json.loads(html.partition(before)[2].partition(after)[0])


@pytest.mark.parametrize("sandbox", [True, False])
@pytest.mark.parametrize("messages_version", ["v1", "v0.1"])
def test_the_console_is_configured(world, monkeypatch, sandbox, messages_version):
    """The console's one placeholder gets the stack's sandbox, the API's version, and what a form needs."""
    assert console.PATH.read_text().count(console.PLACEHOLDER) == 1
    monkeypatch.setenv("SANDBOX", str(sandbox).lower())
    monkeypatch.setenv("MESSAGES_VERSION", messages_version)
    version = json.loads(PATH.read_text())["info"]["version"]
    expected = {"sandbox": sandbox, "version": version, **form.described(messages_version)}
    assert config(load("workflows_api")) == json.loads(json.dumps(expected))


def test_the_console_is_small(app):
    """The console with its configuration is at most 100 KB on the wire."""
    answer = app.handler(http_event("GET", "/console", **BROWSER), None)
    assert answer["isBase64Encoded"]
    assert len(base64.b64decode(answer["body"])) <= 100_000


def test_no_text_ends_the_configuration(app, monkeypatch):
    """A `<` in the configuration is escaped, so no text can end its script element or open a comment."""
    hostile = "</script><!--<script>"
    monkeypatch.setattr(form, "described", lambda _: {"channels": [hostile]})
    console.page.cache_clear()
    try:
        assert config(app)["channels"] == [hostile]
        assert hostile not in console.page("v1", sandbox=False).text
    finally:
        console.page.cache_clear()
