"""The list of workflows."""

import json
import re
from dataclasses import replace
from itertools import batched
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from playwright.sync_api import expect

from failover.adapters.table import marshalled
from failover.adapters.workflow.store import state_item
from tests.acts import lived, sent, status
from tests.console.sign_in import open_console
from tests.examples import MESSENGER, SMS, VIBER, workflow

SECOND = 1000


@pytest.fixture
def put(site):
    """Write workflows into the table as they are, so many seconds apart; the first one is the newest."""

    def put(*flows, apart=1):
        items = []
        for number, flow in enumerate(flows):
            at = site.now() - number * apart * SECOND
            own = f"{0xFFFF - number:08x}-0000-4000-8000-000000000000"
            created = replace(flow, id=own, account=site.world.api_key, created_at=at)
            items.append({"PutRequest": {"Item": marshalled(state_item(created))}})
        for some in batched(items, 25, strict=False):
            boto3.client("dynamodb").batch_write_item(RequestItems={site.world.table: list(some)})
        return [item["PutRequest"]["Item"]["pk"]["S"].split("#")[-1] for item in items]

    return put


def rows(page):
    return page.get_by_role("list").filter(has=page.locator(".item")).locator(".item")


def names(page):
    """The text of each row's link: its client_ref, or the beginning of its id."""
    return rows(page).locator(".name a")


def poll(page):
    """Let the page poll now, as a tab does that is shown again."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def query(page):
    return {name: value for name, [value] in parse_qs(urlsplit(page.url).fragment.partition("?")[2]).items()}


def test_rows(site, page):
    """Newest first, and each row shows its steps in order, the current one ringed and with its time left."""
    first = site.post(SMS, client_ref="first")
    site.wait(1)
    site.post({**MESSENGER, "to": {"type": "messenger", "id": "sim-phone-anna"}}, VIBER, SMS, client_ref="second")
    second = site.call("GET", "/workflows")["workflows"][0]["workflow_uuid"]
    site.send(second)
    site.send(first)
    site.receipt(first, 0, "delivered")
    open_console(page, site)
    expect(names(page)).to_have_text(["second", "first"])
    newest, oldest = rows(page).nth(0), rows(page).nth(1)
    expect(newest.locator(".link")).to_have_text([re.compile("Messenger"), re.compile("Viber"), re.compile("SMS")])
    current = newest.locator(".link.current")
    expect(current).to_have_count(1)
    expect(current).to_have_text(re.compile(r"Messenger.*[5-9] min( \d+ s)? left"))
    assert current.evaluate("(ring) => getComputedStyle(ring).borderTopWidth") != "0px"
    before = current.inner_text()
    expect(current).not_to_have_text(before)  # it counts down
    expect(oldest.locator(".link.current")).to_have_count(0)
    expect(oldest).to_contain_text("completed")


def test_filters(put, site, page):
    """The filters are in the address, survive a reload, and find what they say."""
    done = replace(lived(sent(0), status(0, "read")), client_ref="table-12")
    put(lived(sent(0)), done, workflow("viber_service_msg"), apart=4000)
    open_console(page, site)
    expect(rows(page)).to_have_count(3)
    completed = page.get_by_role("group", name="Status").get_by_role("button", name="completed")
    channel, created = page.get_by_label("Channel"), page.get_by_label("Created")
    box = page.get_by_role("searchbox")
    completed.click()
    channel.select_option("messenger")
    created.select_option("24h")
    box.fill("table-12")
    box.press("Enter")
    wanted = {"status": "completed", "channel": "messenger", "since": "24h", "q": "table-12"}
    for reload in (False, True):
        if reload:
            page.reload()
        expect(names(page)).to_have_text(["table-12"])
        assert query(page) == wanted
        expect(completed).to_have_attribute("aria-pressed", "true")
        expect(channel).to_have_value("messenger")
        expect(created).to_have_value("24h")
        expect(box).to_have_value("table-12")
    created.select_option("1h")
    expect(page.get_by_text("No completed workflow with a Messenger step")).to_be_visible()
    page.get_by_role("button", name="Clear the filter").click()
    expect(rows(page)).to_have_count(3)
    assert query(page) == {}


def test_waiting(put, site, page):
    """“Waiting” finds, among the loaded workflows, those whose message is out and undecided."""
    put(lived(sent(0)), workflow("sms"), lived(sent(0), status(0, "read")))
    open_console(page, site)
    expect(rows(page)).to_have_count(3)
    page.get_by_role("button", name="waiting").click()
    expect(rows(page)).to_have_count(1)
    page.reload()
    expect(rows(page)).to_have_count(1)
    assert query(page) == {"waiting": "1"}
    expect(page.get_by_text("1 of the 3 loaded")).to_be_visible()
    page.get_by_role("button", name="reached twice").click()
    expect(page.get_by_text("None of the 3 loaded is a workflow that waits")).to_be_visible()


def test_reached_twice(site, page):
    """“Reached twice” finds the workflows of which two messages were delivered or read."""
    site.post(SMS, client_ref="once")
    both = site.post(MESSENGER, SMS, client_ref="both")
    site.send(both)
    site.receipt(both, 0, "delivered")
    site.call("POST", f"/workflows/{both}/advance", {"step": 0})
    site.send(both, 1)
    site.receipt(both, 1, "delivered")
    open_console(page, site, "workflows?twice=1")
    expect(names(page)).to_have_text(["both"])
    expect(page.get_by_role("button", name="reached twice")).to_have_attribute("aria-pressed", "true")


def test_search(site, page):
    """The one box goes to a workflow by its id, and looks for everything else as a client_ref."""
    workflow_id = site.post(SMS, client_ref="table-12")
    site.post(SMS, client_ref="table-13")
    open_console(page, site)
    expect(rows(page)).to_have_count(2)
    page.keyboard.press("/")
    box = page.get_by_role("searchbox")
    expect(box).to_be_focused()
    box.fill("table-12")
    page.get_by_role("button", name="Find").click()
    expect(names(page)).to_have_text(["table-12"])
    box.fill(f" {workflow_id.upper()} ")
    box.press("Enter")
    expect(page).to_have_url(re.compile(f"#/w/{workflow_id}$"))
    page.go_back()
    box.fill("no such reference")
    box.press("Enter")
    expect(page.get_by_text("No workflow with the client_ref “no such reference”")).to_be_visible()


def test_new_rows(put, site, new_page):
    """A new workflow enters at the top while the reader is there. Otherwise it is counted, and nothing moves."""
    put(*[workflow("sms")] * 12)
    page = open_console(new_page(height=400), site)
    expect(rows(page)).to_have_count(12)
    site.post(SMS, client_ref="at the top")
    poll(page)
    expect(names(page).first).to_have_text("at the top")
    waiting = page.get_by_role("button", name="1 new")
    read = rows(page).nth(8)
    read.scroll_into_view_if_needed()
    place = read.bounding_box()
    site.post(SMS, client_ref="while reading")
    poll(page)
    expect(waiting).to_be_visible()
    assert read.bounding_box() == place
    expect(rows(page)).to_have_count(13)
    page.keyboard.press(".")
    expect(names(page).first).to_have_text("while reading")
    expect(names(page).first).to_be_focused()
    place = names(page).first.bounding_box()
    site.post(SMS, client_ref="while focused")
    poll(page)
    expect(waiting).to_be_visible()
    expect(names(page).first).to_be_focused()
    assert names(page).first.bounding_box() == place
    waiting.click()
    expect(names(page).first).to_have_text("while focused")


def test_older(put, site, page):
    """Older workflows come by pages, until the oldest one."""
    put(*[workflow("sms")] * 60)
    open_console(page, site)
    expect(rows(page)).to_have_count(50)
    expect(page.get_by_text("50 loaded")).to_be_visible()
    older = page.get_by_role("button", name="Older")
    older.focus()
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(60)
    expect(names(page).nth(50)).to_be_focused()
    expect(older).to_be_hidden()
    expect(page.get_by_text("This is the oldest.")).to_be_visible()


def test_empty(site, page):
    """An account without workflows sees how to begin, and the first workflow appears by itself."""
    open_console(page, site)
    expect(page.get_by_role("heading", name="No workflow yet")).to_be_visible()
    expect(page.get_by_role("link", name="Play the example")).to_have_attribute("href", re.compile("^#/play"))
    page.get_by_text("From a command line").click()
    expect(page.get_by_text(re.compile(r'"\$API_URL/beta/workflows"'))).to_be_visible()
    site.post(SMS, client_ref="the first")
    poll(page)
    expect(names(page)).to_have_text(["the first"])


def test_thousands(put, site, page):
    """Of 5,000 workflows the page keeps 2,000 and draws those in view; a poll changes only the rows that changed.

    The engine answers for the newest page. For the older ones it would take minutes: they are copies of one row.
    """
    newest = put(*[workflow("sms")] * 5)

    def answer(route):
        answered = route.fetch(url=route.request.url.replace("&cursor=more", ""))
        data = answered.json()
        if "cursor=" in route.request.url:
            [sample, *_] = data["workflows"]
            old = {**sample, "created_at": "2026-01-01T00:00:00.000Z"}
            copies = [f"00000000-0000-4000-9000-{number:012x}" for number in range(4995, 0, -1)]
            data["workflows"] = [{**old, "workflow_uuid": name} for name in copies]
        route.fulfill(response=answered, body=json.dumps({**data, "cursor": "more"}))

    page.route("**/workflows?expand=steps**", answer)
    open_console(page, site)
    expect(rows(page)).to_have_count(5)
    page.get_by_role("button", name="Older").click()
    expect(rows(page)).to_have_count(2000)
    expect(page.get_by_text("This page keeps 2,000 at most")).to_be_visible()
    drawn = "(all) => all.filter((row) => row.firstChild.checkVisibility({ contentVisibilityAuto: true })).length"
    assert 5 < rows(page).evaluate_all(drawn) < 60
    page.evaluate(
        """() => {
            window.changed = new Set();
            const note = ({ target }) => {
                const element = target.nodeType === 3 ? target.parentElement : target;
                const row = element?.closest(".item");
                if (!element?.closest("time")) changed.add(row ? row.dataset.id : "the list");
            };
            const all = { subtree: true, childList: true, characterData: true, attributes: true };
            new MutationObserver((records) => records.forEach(note)).observe(document.querySelector(".rows"), all);
        }"""
    )
    site.act(newest[3], sent(0))
    poll(page)
    expect(rows(page).nth(3).locator(".link.current")).to_have_count(1)
    assert page.evaluate("[...changed]") == [newest[3]]
