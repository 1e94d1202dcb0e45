"""The means of the page tests themselves: the browser, its faults, axe-core, and the functions behind HTTP."""

import re
import time

import pytest

from tests.examples import MESSENGER, SMS

STRICT = "default-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"


def serve(page, html="", policy="connect-src 'self'"):
    """Open this document under a Content-Security-Policy."""
    headers = {"Content-Type": "text/html", "Content-Security-Policy": policy}
    body = f'<!DOCTYPE html><html lang="en"><title>x</title><main><h1>x</h1>{html}</main></html>'
    page.route("**/page", lambda route: route.fulfill(headers=headers, body=body))
    page.goto("page")


def wait_for(page, faults, part):
    """Wait for a fault, show that it would fail a test, and expect it."""
    deadline = time.monotonic() + 20
    while not any(part in fault for fault in faults.seen):
        assert time.monotonic() < deadline, faults.seen
        page.wait_for_timeout(20)
    with pytest.raises(AssertionError, match=re.escape(part)):
        faults.check()
    faults.expect(part)


def test_reference(page):
    """GET /docs loads in a browser, without an error or a request to another host."""
    assert page.goto("docs").ok
    page.get_by_role("heading", level=1).wait_for()


def test_axe(page, axe):
    """axe-core works under a strict policy, and finds what is wrong in the page or in a part of it."""
    serve(page, '<input><p id="good">y</p>', STRICT)
    assert [violation["id"] for violation in axe(page)] == ["label"]
    assert axe(page, "#good") == []


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<script src="http://elsewhere.test/x.js"></script>', "elsewhere.test"),
        ("<p style='color: red'>x", "Content Security Policy"),
        ("<script>console.log(1)</script>", "Content Security Policy"),
    ],
)
def test_refused(page, faults, html, fault):
    """What the policy refuses fails a test that does not expect it."""
    serve(page, html, STRICT)
    wait_for(page, faults, fault)


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("console.warn('careful')", "console warning: careful"),
        ("setTimeout(() => { throw Error('thrown') })", "exception: thrown"),
        ("void fetch('workflows', { credentials: 'omit' })", "status of 401"),
        ("void fetch('http://elsewhere.test/').catch(() => {})", "elsewhere.test"),
    ],
)
def test_faults(page, faults, script, fault):
    """Warnings, exceptions, failed requests and foreign hosts fail a test that does not expect them."""
    serve(page, policy="connect-src *")
    page.evaluate(f"() => {{ {script} }}")
    wait_for(page, faults, fault)


def test_an_expected_fault(faults):
    """An expected fault must happen."""
    faults.expect("never")
    with pytest.raises(AssertionError, match="never"):
        faults.check()
    faults.expected.clear()


def test_real_functions(site, page):
    """A page reads what the functions wrote: a message accepted by the sandbox, read, and the workflow completed."""
    workflow_id = site.post({**MESSENGER, "to": {"type": "messenger", "id": "sim-read"}}, SMS)
    site.send(workflow_id)
    site.receipt(workflow_id, 0, "read")
    serve(page)
    shown = page.evaluate(
        "([id, basic]) => fetch(`workflows/${id}`, { headers: { Authorization: basic } }).then((a) => a.json())",
        [workflow_id, site.world.basic],
    )
    assert (shown["status"], shown["steps"][0]["status"]) == ("completed", "read")


def test_clocks(site, new_page):
    """The functions' clock and the page's are the test's to move, and a page has the time zone that it asks for."""
    before = site.now()
    site.wait(3600)
    assert site.now() >= before + 3_600_000
    page = new_page(timezone="Asia/Tokyo", color_scheme="dark", reduced_motion="reduce", width=320)
    page.clock.install(time=site.now() / 1000)
    serve(page)
    first = page.evaluate("Date.now()")
    page.clock.run_for(60_000)
    assert page.evaluate("Date.now()") >= first + 60_000
    assert page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == "Asia/Tokyo"
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark) and (prefers-reduced-motion)').matches")
    assert page.evaluate("innerWidth") == 320
