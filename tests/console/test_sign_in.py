"""Sign in and out: what is shown and requested before, where the credentials are, and when they end."""

import base64
import re

import pytest
from playwright.sync_api import expect

from failover.outside import Outside
from failover.use_cases.callers.register import COMMANDS
from tests.console.polling import COUNTED_FETCH, rest
from tests.console.sign_in import open_console
from tests.examples import MESSENGER, SMS

REF = "only-for-the-first"


@pytest.fixture
def ref(site):
    """The id of a workflow whose client_ref is REF."""
    return site.post(MESSENGER, SMS, client_ref=REF)


def fill(page, key, secret):
    page.get_by_label("API key").fill(key)
    page.get_by_label("API secret").fill(secret)
    page.get_by_role("button", name="Sign in").click()


def asks(page):
    """The sign-in is shown, and no page of the console."""
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_role("banner")).not_to_be_visible()
    expect(page.get_by_role("main")).to_have_count(1)  # a hidden one has no role


def forgets(page):
    """The sign-in is shown, and the page has been loaded anew: none is hidden behind it."""
    asks(page)
    expect(page.locator("main")).to_have_count(1)


def rotate(site):
    """Replace the account's secret at once; returns the new one."""
    command = {"action": "rotate_secret", "api_key": site.world.api_key, "overlap_hours": 0}
    secret = COMMANDS.carry_out(Outside(), command)["api_secret"]
    site.wait(120)  # as long as an environment may trust what it has read of the account
    return secret


def test_nothing_before(site, page, faults, ref):
    """Before the sign-in nothing else is shown or requested; afterwards the secret is in no address and not kept."""
    requests, boxes = [], []
    page.on("request", lambda request: requests.append(request))
    browser = page.context.new_cdp_session(page)
    browser.send("Fetch.enable", {"handleAuthRequests": True})
    browser.on(
        "Fetch.requestPaused", lambda event: browser.send("Fetch.continueRequest", {"requestId": event["requestId"]})
    )
    browser.on(
        "Fetch.authRequired",
        lambda event: (
            boxes.append(event),
            browser.send(
                "Fetch.continueWithAuth",
                {"requestId": event["requestId"], "authChallengeResponse": {"response": "CancelAuth"}},
            ),
        ),
    )
    page.goto(f"console#/w/{ref}")
    asks(page)
    assert REF not in page.content()
    assert [request.url for request in requests if not request.url.startswith("data:")] == [f"{site.url}/console"]
    assert "WWW-Authenticate" in site.answer("GET", "/workflows", None, {})["multiValueHeaders"]
    faults.expect("status of 401")
    fill(page, site.world.api_key, "not the secret")
    expect(page.get_by_role("alert")).to_contain_text("Not signed in: Invalid credentials supplied.")
    expect(page.get_by_role("alert")).to_contain_text("Trace id")
    assert boxes == []
    fill(page, f" {site.world.api_key}", f"{site.world.api_secret}\n")
    expect(page.get_by_role("heading", level=1)).to_contain_text(REF)
    expect(page.get_by_role("heading", name="Sign in")).to_have_count(0)
    kept = page.evaluate(
        "JSON.stringify(localStorage) + document.cookie + location.href + JSON.stringify(history.state)"
    )
    for address in [kept, *(request.url for request in requests)]:
        assert site.world.api_secret not in address
        assert site.world.api_key not in address
    assert page.context.cookies() == []


def test_paste(site, page):
    """credentials.env, `key:secret` and a curl command, pasted into either field, fill both."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("console")
    key, secret = page.get_by_label("API key"), page.get_by_label("API secret")
    for text, field in {
        "API_URL=https://x.test/beta\nAPI_KEY=abcd1234\nAPI_SECRET=s3cret:1\nSIGNATURE_SECRET=other\n": key,
        "abcd1234:s3cret:1": secret,
        "curl -u 'abcd1234:s3cret:1' https://x.test/beta/workflows": key,
    }.items():
        key.fill("")
        secret.fill("")
        page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
        field.press("Control+V")
        expect(key).to_have_value("abcd1234")
        expect(secret).to_have_value("s3cret:1")
    key.fill("")
    page.evaluate("navigator.clipboard.writeText('efgh5678')")
    key.press("Control+V")
    expect(key).to_have_value("efgh5678")
    expect(secret).to_have_value("s3cret:1")
    page.evaluate("navigator.clipboard.writeText('')")


def test_two_tabs(site, page, ref):
    """A tab gives its credentials to no other, and signing out wipes all tabs, page and storage, at once or later."""
    page.goto("console")
    fill(page, site.world.api_key, site.world.api_secret)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name=REF).click(modifiers=["Control"])
    other = opened.value
    asks(other)
    fill(other, site.world.api_key, site.world.api_secret)
    expect(other.get_by_role("heading", level=1)).to_contain_text(REF)
    away = page.context.new_page()
    away.goto("console")
    fill(away, site.world.api_key, site.world.api_secret)
    expect(away.get_by_role("link", name=REF)).to_be_visible()
    away.goto("openapi.json")
    page.get_by_text(site.world.api_key).click()
    page.get_by_role("button", name="Sign out").click()
    for tab in (page, other):
        forgets(tab)
        assert REF not in tab.content()
        assert site.world.api_key not in tab.content() + tab.evaluate(
            "JSON.stringify([{...sessionStorage}, {...localStorage}])"
        )
    away.go_back()
    forgets(away)
    assert away.evaluate("sessionStorage['workflows-console-session'] ?? null") is None
    third = page.context.new_page()
    third.goto("console")
    asks(third)


def test_twelve_hours(site, page, ref):
    """Twelve hours after the sign-in the page is covered, even one that makes no calls, and the tab forgets it."""
    page.clock.install()
    page.goto("console")
    fill(page, site.world.api_key, site.world.api_secret)
    expect(page.get_by_text(REF)).to_be_visible()
    page.get_by_role("button", name="pause").click()
    page.clock.fast_forward("11:58:00")
    page.clock.run_for(2000)
    expect(page.get_by_text(REF)).to_be_visible()
    page.clock.fast_forward("00:03:00")
    asks(page)
    expect(page.get_by_role("main")).to_contain_text("The last sign-in was 12 hours ago.")
    expect(page.get_by_text(REF)).not_to_be_visible()
    assert page.evaluate("sessionStorage['workflows-console-session']") is None


def test_refused_meanwhile(site, page, faults):
    """A 401 covers the page, and a half-filled form is still there after the next sign-in."""
    page.add_init_script(COUNTED_FETCH)
    open_console(page, site, "new")
    field = page.get_by_label("client_ref optional")
    field.fill("half")
    expect(page.get_by_text("Ready to send.")).to_be_visible()
    rest(page)  # else a poll may cover the page before the reader writes
    secret = rotate(site)
    faults.expect("status of 401")
    field.fill("half-filled")
    asks(page)
    expect(page.get_by_role("main")).to_contain_text(
        "The API has refused the key and secret of this tab. The page stays as it was."
    )
    expect(page.get_by_label("API key")).to_be_focused()
    fill(page, site.world.api_key, secret)
    expect(field).to_have_value("half-filled")
    field.fill("half-filled-1")
    expect(page.get_by_text("Ready to send.")).to_be_visible()


def test_another_account(site, page, faults, ref):
    """Another account on the same tab sees nothing of the first: no text at any moment, no answer, no workflow."""
    page.add_init_script(COUNTED_FETCH)
    open_console(page, site, f"w/{ref}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(REF)
    expect(page.get_by_role("region", name="Details")).to_contain_text("Hello from Messenger")
    rest(page)  # else a poll may cover the page before the click
    rotate(site)
    faults.expect("status of 401")
    page.get_by_role("button", name="Look again").click()
    asks(page)
    page.evaluate(
        """(ref) => {
          const look = () => document.body.innerText.includes(ref) && (sessionStorage.seen = document.body.innerText);
          new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
        }""",
        REF,
    )
    other = COMMANDS.carry_out(Outside(), {"action": "create_account", "name": "other"})
    asked = []
    page.on("request", lambda request: asked.append(request))
    faults.expect("status of 404")
    fill(page, other["api_key"], other["api_secret"])
    expect(page.get_by_text("There is no such workflow, or it is another account's.")).to_be_visible()
    page.get_by_role("link", name="All workflows").click()
    expect(page.get_by_role("heading", name="No workflow yet")).to_be_visible()
    expect(page.get_by_role("banner")).to_contain_text(other["api_key"])
    assert page.evaluate("sessionStorage.seen") is None
    for text in (REF, site.world.api_key):
        assert text not in page.content()
    basic = base64.b64encode(f"{other['api_key']}:{other['api_secret']}".encode()).decode()
    calls = [request for request in asked if re.search("/(workflows|sandbox)", request.url)]
    assert {call.headers["authorization"] for call in calls} == {f"Basic {basic}"}
