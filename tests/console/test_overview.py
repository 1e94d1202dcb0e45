"""The overview: what became of an account's workflows, and which expiry to choose."""

import re
from dataclasses import replace

import boto3
import pytest
from playwright.sync_api import expect

from failover.adapters.table import marshalled
from failover.adapters.workflow.store import state_item
from failover.rules.workflow import summary
from tests import messages_server as server
from tests.console.sign_in import open_console
from tests.examples import MESSENGER, SMS, workflow


@pytest.fixture
def played(site, messages):
    """Two workflows read after 5 and 20 s, of 15 s, the second one too late; one rejected, one that waits."""
    short = {**MESSENGER, "failover": {"expiry_time": 15, "condition_status": "read"}}
    price = {"currency": "EUR", "price": "0.0333"}
    ids = []
    site.hold()  # so that times are whole seconds, which JSON writes as 5.0
    for after in (5, 20):
        workflow_id = site.post(short, SMS)
        site.send(workflow_id)
        site.wait(after)
        if after > 15:
            site.call("POST", f"/workflows/{workflow_id}/advance", {"step": 0})
            site.send(workflow_id, 1)
            site.receipt(workflow_id, 1, "delivered", usage=price)
        site.receipt(workflow_id, 0, "read", usage=price)
        ids.append(workflow_id)
    rejected = site.post(SMS, webhook_url=f"{messages.url}/webhooks")
    site.send(rejected)
    site.receipt(rejected, 0, "rejected")
    waits = site.post(short, SMS)
    site.send(waits)
    return [*ids, rejected, waits]


def test_figures(site, page, played, axe):
    """The figures are those of the API, and lead to the workflows that they count."""
    figures = site.call("GET", "/workflows/summary")
    open_console(page, site, "overview")
    expect(page.get_by_text("Exact: all 4 workflows since")).to_be_visible()
    outcomes = figures["outcomes"]
    assert outcomes == {"running": 1, "completed": 2, "error": 1, "cancelled": 0}
    for status, count in outcomes.items():
        expect(page.get_by_role("link", name=f"{count} {status}", exact=True)).to_be_visible()
    tiles = page.locator(".tile")
    expect(tiles.filter(has_text=re.compile("^Reached[0-9]"))).to_contain_text("67 %")
    expect(tiles.filter(has_text="Reached by")).to_contain_text("1. Messenger: 50 % (1)")
    expect(tiles.filter(has_text="Reached by")).to_contain_text("2. SMS: 50 % (1)")
    expect(tiles.filter(has_text="Cost")).to_contain_text(figures["usage"]["price"])
    expect(tiles.filter(has_text="Reached twice")).to_contain_text(str(figures["reached_twice"]))
    failovers = page.get_by_role("heading", name="Messenger (1)").locator("..")
    expect(failovers).to_contain_text("1")
    assert axe(page) == []
    page.get_by_role("link", name="1 error", exact=True).click()
    expect(page).to_have_url(re.compile(r"#/workflows\?status=error&since=24h"))
    expect(page.locator(".item")).to_have_count(1)
    expect(page.locator(f'[data-id="{played[2]}"]')).to_be_visible()


@pytest.mark.usefixtures("played")
def test_which_expiry(site, page):
    """The curve has a step for each time to the condition, the expiry in use is a line, and a table has both."""
    [times] = [one for one in site.call("GET", "/workflows/summary")["times"] if one["channel"] == "messenger"]
    assert (times["sent"], times["met"], times["expiry_times"]) == (3, 2, [{"seconds": 15, "steps": 3}])
    open_console(page, site, "overview")
    card = page.locator(".card").filter(has=page.get_by_role("heading", name="Messenger: time to “read”"))
    expect(card.get_by_role("img", name=re.compile("67 % of 3 were read, nine tenths"))).to_be_visible()
    path = card.locator("path.line").get_attribute("d")
    assert path.count("V") == len(times["curve"]) == 2
    expect(card.locator("line.expiry")).to_have_count(1)
    expect(card.get_by_text("15 s: 33 %")).to_be_visible()
    card.get_by_text("Which expiry? Numbers").click()
    expect(card.get_by_role("row", name=re.compile("^15 s 33 % 67 % in use: 3"))).to_be_visible()
    expect(card.get_by_role("row", name=re.compile("^30 s 67 % 33 %"))).to_be_visible()


def test_more_than_the_limit(site, page, monkeypatch):
    """Beyond the limit it is the newest of the span, and says so."""
    monkeypatch.setattr(summary, "MOST_WORKFLOWS", 3)
    items = [
        replace(
            workflow("sms"),
            id=f"{one:08x}-0000-4000-8000-000000000000",
            account=site.world.api_key,
            created_at=site.now(),
        )
        for one in range(4)
    ]
    puts = [{"PutRequest": {"Item": marshalled(state_item(item))}} for item in items]
    boto3.client("dynamodb").batch_write_item(RequestItems={site.world.table: puts})
    open_console(page, site, "overview")
    expect(page.get_by_text("The newest 3 workflows of this span; there were more.")).to_be_visible()
    expect(page.get_by_text("Exact")).to_have_count(0)
    page.get_by_role("button", name="7d").click()
    expect(page).to_have_url(re.compile("span=7d"))
    page.reload()
    expect(page.get_by_role("button", name="7d")).to_have_attribute("aria-pressed", "true")


def test_failed_webhooks(site, page, played, messages):
    """Failed webhooks are listed with their last answer, lead to their workflow, and are sent again by one button."""
    rejected = played[2]
    messages.script = [server.http(404)] * 2
    for webhook in site.call("GET", f"/workflows/{rejected}/webhooks")["webhooks"]:
        site.deliver(rejected, webhook["sequence"])
    open_console(page, site, "overview")
    card = page.locator(".card").filter(has=page.get_by_role("heading", name="Failed webhooks"))
    expect(card.get_by_role("row", name=re.compile(f"{rejected[:8]}.*final report 404"))).to_be_visible()
    expect(card.get_by_role("row", name=re.compile(f"{rejected[:8]}.*status 404"))).to_be_visible()
    sequences = {one["sequence"] for one in site.call("GET", "/webhooks?state=failed")["webhooks"]}
    card.get_by_role("button", name="Send all of this span again").click()
    expect(card.get_by_role("status")).to_contain_text("2 queued again")
    assert {task.sequence for task in site.world.queued()} == sequences
    card.get_by_role("link", name=rejected[:8]).first.click()
    expect(page).to_have_url(re.compile(f"#/w/{rejected}/webhooks"))
