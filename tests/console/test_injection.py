"""Texts from outside stay text: no element, link or script comes of them, and what cannot be seen is shown."""

import base64
import hashlib
import json
import re

import pytest
from playwright.sync_api import expect

from tests.console.sign_in import open_console
from tests.examples import MESSENGER, SMS, WHATSAPP, changed
from tests.messages_server import http

TAG = "<img src=x onerror=window.__pwned=1>"
HOSTILE = f"""'"><svg/onload=window.__pwned=1>{TAG}</script><script>window.__pwned=1</script>{{{{1234*5678}}}}
${{1234*5678}} javascript:alert(1) \u202efdp.exe\u202c z\u200bw"""
SHORT = f"\u202e{TAG}"
"""A client_ref has at most 40 characters."""

WATCH = """
  window.wrong = new Set();
  addEventListener("securitypolicyviolation", ({ violatedDirective }) => wrong.add(violatedDirective));
  window.look = () => {
    const loads = /^(IMG|IFRAME|OBJECT|EMBED|BASE|AUDIO|VIDEO)$/;
    const address = /^(href|src|action|formaction|xlink:href)$/;
    const own = /^(#|data:image[/]svg[+]xml,|docs$)/;
    const hidden = /[\\u202a-\\u202e\\u200b]/;
    for (const element of document.querySelectorAll("*")) {
      if (loads.test(element.tagName)) wrong.add(element.outerHTML);
      if (element.matches("script:not(#config, [type=module])")) wrong.add(element.outerHTML);
      for (const { name, value } of element.attributes) {
        if (/^on/i.test(name) || name === "srcdoc") wrong.add(element.outerHTML);
        if (address.test(name) && !own.test(value)) wrong.add(value);
        if (/^(title|alt|placeholder|label|aria-.*)$/.test(name) && hidden.test(value)) wrong.add(name + "=" + value);
      }
    }
    for (const line of [document.title, ...(document.body?.innerText ?? "").split("\\n")]) {
      if (hidden.test(line)) wrong.add(line);
    }
    if (window.__pwned !== undefined) wrong.add("a script ran");
    return [...wrong];
  };
  const all = { subtree: true, childList: true, attributes: true, characterData: true };
  new MutationObserver(look).observe(document, all);
"""
"""Looks at the page after each of its changes, so that a part which is shown for a moment counts as well."""


@pytest.fixture
def watched(page):
    page.add_init_script(WATCH)
    return page


def harmless(page):
    """Nothing came of the texts in this page, at any moment since it was loaded."""
    assert page.evaluate("look()") == []
    assert str(1234 * 5678) not in page.locator("main").inner_text()


@pytest.fixture
def hostile(site, messages):
    """A workflow with markup in every text that the API accepts, and one webhook."""
    messages.script.append(http(410))
    steps = [
        changed(changed(changed(MESSENGER, "message.content.text", HOSTILE), "from.id", TAG), "client_ref", SHORT),
        {
            "from": {"type": "mms", "number": "12345"},
            "to": {"type": "mms", "number": "447700900000"},
            "message": {"content": {"type": "image", "image": {"url": "https://x.test/a.jpg", "caption": HOSTILE}}},
            "failover": {"expiry_time": 600, "condition_status": "delivered"},
        },
        {
            **WHATSAPP,
            "message": {"content": {"type": "custom", "custom": {"type": "text", TAG: [HOSTILE]}}},
            "failover": {"expiry_time": 600, "condition_status": "delivered"},
        },
        changed(SMS, "from.number", "<b>ACME</b>"),
    ]
    workflow_id = site.post(*steps, client_ref=SHORT, webhook_url=f"{messages.url}/{TAG.replace(' ', '%20')}")
    site.send(workflow_id)
    site.receipt(workflow_id, 0, f"<b>{HOSTILE}", usage={"price": "0.0333", "currency": "EUR"})
    error = {"type": f"https://x.test/{TAG}", "title": TAG, "detail": HOSTILE}
    site.receipt(workflow_id, 0, "rejected", error=error)
    for row in site.call("GET", f"/workflows/{workflow_id}/webhooks")["webhooks"]:
        site.deliver(workflow_id, row["sequence"])
    return workflow_id


def test_every_field(watched, hostile, site):
    """Markup, quotes, braces and hidden characters in each field of a request and of a callback."""
    page = watched
    open_console(page, site, "workflows")
    expect(page.get_by_role("link", name=TAG)).to_have_text(f"[U+202E]{TAG}")
    harmless(page)
    page.goto(f"console#/w/{hostile}")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"U+202E{TAG}")
    expect(page.get_by_role("list", name="What happened")).to_contain_text("Messenger: rejected ('\"><svg")
    details = page.get_by_role("region", name="Details")
    expect(details).to_contain_text("<script>window.__pwned=1</script>{{1234*5678}}")
    for words in (f"from {TAG} to sim-unread", "U+202Efdp.exeU+202C zU+200Bw", "from <b>ACME</b>"):
        expect(details).to_contain_text(words)
    expect(details.get_by_title("right-to-left override")).to_have_count(2)
    harmless(page)
    page.get_by_role("link", name="Request").click()
    expect(page.get_by_label("Request", exact=True)).to_contain_text(r"\u202efdp.exe\u202c z\u200bw")
    harmless(page)
    page.get_by_role("link", name="JSON").click()
    expect(page.get_by_label("JSON", exact=True)).to_contain_text(r"\u202e<img src=x")
    harmless(page)
    page.get_by_role("link", name="Webhooks").click()
    page.locator(".webhooks summary").first.click()
    expect(page.get_by_label("Body", exact=True)).to_contain_text(TAG)
    harmless(page)
    page.goto(f"console#/new?from={hostile}")
    expect(page.get_by_label("client_ref optional")).to_have_value(SHORT)
    expect(page.get_by_text("Ready to send.")).to_be_visible()
    harmless(page)
    page.get_by_role("button", name="curl", exact=True).click()
    harmless(page)
    page.goto("console#/overview")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    harmless(page)


def test_phones(site, watched):
    """A message on a phone, and the sender's name, are text."""
    page = watched
    step = changed(changed(MESSENGER, "message.content.text", HOSTILE), "to.id", "sim-phone-anna")
    site.send(site.post(changed(step, "from.id", TAG), SMS))
    open_console(page, site, "phones")
    phone = page.get_by_role("region", name="Phone of anna")
    expect(phone).to_contain_text("<script>window.__pwned=1</script>")
    expect(phone).to_contain_text("U+202Efdp.exe")
    expect(phone).to_contain_text(TAG)
    harmless(page)


@pytest.mark.parametrize("words", [False, True], ids=["texts", "words"])
def test_every_answer(site, watched, hostile, faults, words):
    """Even if every text in an answer is markup, and the API's own words too, the page shows it as text."""
    page = watched
    played = site.post(changed(MESSENGER, "to.id", "sim-phone-anna"), SMS)
    site.send(played)
    fixed = re.compile(r"\d{4}-\d\d-\d\dT.*Z|[0-9a-f-]{36}|[\d.]+")
    known = {"status", "state", "event", "channel", "type", "outcome", "kind", "condition_status", "currency"}

    def spoilt(value, name=""):
        if isinstance(value, dict):
            return {key: spoilt(one, key) for key, one in value.items()}
        if isinstance(value, list):
            return [spoilt(one, name) for one in value]
        if not isinstance(value, str) or fixed.fullmatch(value) or (name in known and not words) or value == "running":
            return value
        return HOSTILE + value

    def spoil(route):
        answer = route.fetch()
        route.fulfill(response=answer, json=spoilt(answer.json()))

    page.route(re.compile("/beta/(workflows|webhooks|sandbox)"), spoil)
    open_console(page, site, "workflows")
    for place, last in {
        "workflows": ".item .chain",
        f"w/{hostile}": ".columns:has(svg[role=img]):has(.happened li) .message:nth-child(4) bdi",
        f"w/{hostile}/request": "[aria-label=Request]",
        f"w/{hostile}/json": "[aria-label=JSON]",
        f"w/{hostile}/webhooks": ".webhooks li",
        "phones": ".phone .thread .bubble",
        f"play/{played}": ".play-columns:has(svg[role=img]) .phone .bubble",
        "overview": "main:has(.tile):has(svg.curve):has(svg.bars) td a",
        f"new?from={hostile}": ".step:nth-child(4)",
    }.items():
        page.goto(f"console#/{place}")
        expect(page.locator(last).first).to_be_visible()
        harmless(page)
        if place.endswith("webhooks"):
            page.locator(".webhooks summary").first.click()
            expect(page.get_by_label("Body", exact=True)).to_contain_text("window.__pwned=1")
            harmless(page)
    faults.expect("status of 400")
    expect(page.locator(".note li, .fault").filter(has_text="window.__pwned=1").first).to_be_visible()
    harmless(page)


def test_address(site, watched, faults):
    """Markup in the address stays text, and no address leads the page to another resource of the API."""
    page = watched
    asked = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(site.url)))
    faults.expect("status of 404")
    open_console(page, site, "w/..%2Fsandbox%2Fphones")
    for place in ("w/..%2Fsandbox%2Fphones", "w/summary", "w/%3Flimit=1", f"w/{TAG}"):
        page.goto(f"console#/{place}")
        expect(page.get_by_text("There is no such workflow, or it is another account's.")).to_be_visible()
        harmless(page)
    faults.expect("status of 400")
    page.goto(f"console#/workflows?ref={TAG}&status={TAG}&channel={TAG}&since={TAG}")
    expect(page.get_by_role("heading", name="Workflows")).to_be_visible()
    harmless(page)
    page.goto("console#/new?from=..%2F..%2Fconsole")
    expect(page.get_by_text("That request cannot be copied")).to_be_visible()
    harmless(page)
    assert not any(re.match("/workflows/(summary|[?])", address) for address in asked)


def test_exact_numbers(site, page):
    """Numbers beyond those of JavaScript are shown as they were sent, and are sent again so."""
    numbers = '{"type": "x", "big": 12345678901234567890123, "small": 0.1000000000000000000001, "plain": 7}'
    step = changed(WHATSAPP, "message", {"content": {"type": "custom", "custom": "NUMBERS"}})
    raw = json.dumps({"template": "failover", "workflow": [step]}).replace('"NUMBERS"', numbers)
    headers = {"Authorization": [site.world.basic], "Content-Type": ["application/json"]}
    answer = site.answer("POST", "/workflows", raw.encode(), headers)
    workflow_id = json.loads(answer["body"])["workflow_uuid"]
    open_console(page, site, f"w/{workflow_id}/request")
    for exact in ('"big": 12345678901234567890123', '"small": 0.1000000000000000000001'):
        expect(page.get_by_label("Request", exact=True)).to_contain_text(exact)
    page.get_by_role("link", name="Send a copy…").click()
    expect(page.get_by_label("The request as JSON")).to_have_value(re.compile('"big": 12345678901234567890123'))
    expect(page.get_by_text("Ready to send.")).to_be_visible()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page).to_have_url(re.compile(r"#/w/"))
    again = page.url.rpartition("/")[2]
    assert again != workflow_id
    sent = site.answer("GET", f"/workflows/{again}/request", None, headers)["body"]
    assert '"big": 12345678901234567890123' in sent
    assert '"small": 0.1000000000000000000001' in sent


def test_headers(site, page):
    """The policy allows the page's own script and style by their hashes, no frame, no HTML and no host."""
    answer = page.goto("console")
    headers, html = answer.headers, answer.body().decode()
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    inline = {"script-src": '<script type="module">(.*?)</script>', "style-src": "<style>(.*?)</style>"}
    for directive, pattern in inline.items():
        (text,) = re.findall(pattern, html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy.pop(directive) == f"'sha256-{digest}'"
    assert policy == {
        "default-src": "'none'",
        "connect-src": "'self'",
        "img-src": "data:",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
