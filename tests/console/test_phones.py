"""Phones: the reader is the recipient, and plays a failover through."""

import re

import pytest
from playwright.sync_api import expect

from tests.console.polling import COUNTED_FETCH, rest
from tests.console.sign_in import open_console
from tests.examples import MESSENGER, SMS

ANNA = MESSENGER | {"to": {"type": "messenger", "id": "sim-phone-anna"}}
NUMBER = SMS | {"to": {"type": "sms", "number": "447700900950"}}


@pytest.fixture
def game(page, site):
    """A message that has just arrived on Anna's phone: (page, workflow)."""
    workflow = site.post(ANNA, NUMBER)
    site.send(workflow)
    site.callbacks()
    page.add_init_script(COUNTED_FETCH)
    return open_console(page, site, f"play/{workflow}"), workflow


def phone(page, name):
    return page.get_by_role("region", name=f"Phone of {name}")


def test_read(game, site, axe):
    """The phone with the new message stands out; Read there completes the workflow, and the page says so."""
    page, _ = game
    anna = phone(page, "Anna")
    expect(anna.get_by_text("new message")).to_be_visible()
    expect(phone(page, "447700900950")).to_contain_text("nothing yet")
    assert axe(page) == []
    anna.get_by_role("button", name="Read").click()
    expect(anna).to_contain_text("✓✓ read")
    site.callbacks()
    expect(page.get_by_text("Reached by Messenger")).to_be_visible()
    expect(anna.get_by_role("group", name="Answer")).to_have_count(0)
    expect(anna).to_be_focused()
    expect(page.get_by_role("button", name="Play again")).to_be_visible()


def test_keys(game, site):
    """1 to 4 answer the phone that rings: delivered first, then read."""
    page, workflow = game
    anna = phone(page, "Anna")
    expect(anna.get_by_role("button", name="Deliver", exact=True)).to_be_visible()
    page.keyboard.press("1")
    expect(anna.get_by_role("button")).to_have_count(1)
    site.callbacks()
    assert site.world.read(workflow).steps[0].status == "delivered"
    page.keyboard.press("2")
    expect(anna.get_by_role("button")).to_have_count(0)
    site.callbacks()
    assert site.call("GET", f"/workflows/{workflow}")["status"] == "completed"


def test_answered_elsewhere(game, site, faults):
    """An answer that another tab gave first is a calm remark, and changes nothing."""
    page, _ = game
    anna = phone(page, "Anna")
    expect(anna.get_by_role("button", name="Reject")).to_be_visible()
    rest(page)
    message = site.call("GET", "/sandbox/phones")["phones"][0]["messages"][0]["message_uuid"]
    site.call("POST", f"/sandbox/messages/{message}/status", {"status": "read"})
    anna.get_by_role("button", name="Reject").click()
    expect(anna.get_by_text("Nothing was reported")).to_be_visible()
    assert [one["status"] for one in site.call("GET", "/sandbox/phones")["phones"][0]["messages"][0]["statuses"]] == [
        "submitted",
        "read",
    ]
    faults.expect("status of 409")


def test_unread(page, site):
    """A message that has not been looked at counts in the top bar and in each page's title, until it has been shown."""
    open_console(page, site, "phones")
    expect(page.get_by_text("No message yet.")).to_be_visible()
    expect(page).to_have_title("Phones · Workflows")
    page.get_by_role("link", name="New", exact=True).click()
    expect(page).to_have_title("New workflow · Workflows")
    workflow = site.post(ANNA, NUMBER)
    site.send(workflow)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # a tab that is shown again polls at once
    expect(page).to_have_title("(1) New workflow · Workflows")
    count = page.get_by_role("navigation", name="Pages").get_by_text("1 unread")
    expect(count).to_be_visible()
    page.get_by_role("link", name="Phones").click()
    expect(page).to_have_title("Phones · Workflows")
    expect(count).to_have_count(0)
    expect(phone(page, "Anna")).to_be_visible()


def test_play(page, site):
    """The way into the example is one button: the workflow is posted once, and its game opens."""
    open_console(page, site, "play")
    page.get_by_role("button", name="Play").click()
    page.wait_for_url(re.compile("#/play/"))
    (row,) = site.call("GET", "/workflows")["workflows"]
    assert page.url.endswith(row["workflow_uuid"])
    assert row["client_ref"] == "table-12"
    expect(page.get_by_role("heading", level=1)).to_contain_text("table-12")


def test_advance(game, site):
    """The wait can be ended at once: the focus goes to the heading, and the next phone rings."""
    page, workflow = game
    page.get_by_role("button", name="End the wait now").click()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert site.call("GET", f"/workflows/{workflow}")["timeline"][-1]["outcome"] == "advanced"
    site.send(workflow, 1)
    expect(phone(page, "447700900950").get_by_text("new message")).to_be_visible()
    expect(page.get_by_role("button", name="End the wait now")).to_have_count(0)
    expect(page.get_by_text("Press Deliver.")).to_be_visible()
    expect(phone(page, "Anna").get_by_role("button", name="Read")).to_be_visible()
