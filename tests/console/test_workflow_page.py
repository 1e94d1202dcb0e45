"""The page of one workflow, while it runs and when it is over: sentence, picture, list, request."""

import re

import pytest
from playwright.sync_api import expect

from failover.rules.timing.instants import iso
from tests.console.polling import COUNTED_FETCH, rest
from tests.console.sign_in import open_console
from tests.examples import MESSENGER as MINUTES
from tests.examples import SMS, changed

MESSENGER = changed(MINUTES, "failover.expiry_time", 15)
PRICE = {"price": "0.0333", "currency": "EUR"}


def stamp(site, before=0.0):
    """The vendor's time for a status, some seconds before ours."""
    return iso(site.now() - round(before * 1000))


@pytest.fixture
def expired(site):
    """A workflow whose Messenger message was read 20.6 s after being sent, when its 15 s were over."""
    site.hold()
    workflow_id = site.post(MESSENGER, SMS, client_ref="table-12")
    site.wait(1.161)
    site.send(workflow_id)
    site.wait(1)
    site.receipt(workflow_id, 0, "submitted", timestamp=stamp(site))
    site.wait(1.4)
    site.receipt(workflow_id, 0, "delivered", timestamp=stamp(site, 2.4), usage=PRICE)
    site.wait(12.6)
    site.send(workflow_id, 1)
    site.wait(1.2)
    site.receipt(workflow_id, 1, "delivered", timestamp=stamp(site), usage=PRICE)
    site.wait(4.4)
    site.receipt(workflow_id, 0, "read", timestamp=stamp(site))
    site.wait(10)
    return workflow_id


def sentence(page):
    return page.locator(".sentence")


def picture(page):
    return page.locator("svg[role=img]")


def happened(page):
    return page.get_by_role("list", name="What happened").get_by_role("listitem")


def test_waiting(site, page):
    """The sentence says what is waited for and what comes next, counts down by itself, and names the picture."""
    site.hold()
    workflow_id = site.post(MESSENGER, SMS, client_ref="table-12")
    site.send(workflow_id)
    site.wait(3.5)
    page.add_init_script(COUNTED_FETCH)
    page.clock.install()
    open_console(page, site, f"w/{workflow_id}")
    expect(sentence(page)).to_contain_text("left")
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 600)  # its clock is wrong by ten minutes now
    with page.expect_response("**/workflows/*"):
        page.get_by_role("button", name="Look again").click()
        page.clock.run_for(10)
    rest(page)  # what follows is not read from the server
    page.clock.run_for(1000)
    first = int(re.search(r"(\d+) s left", sentence(page).inner_text())[1])
    assert first in (11, 12)
    for left in (first - 1, first - 2):
        for _ in range(15):
            if f"{left} s left" in sentence(page).inner_text():
                break
            page.clock.run_for(100)
        words = f"Waiting for “read” on Messenger. {left} s left, then an SMS goes to 447700900000."
        expect(sentence(page)).to_have_text(words)
        expect(picture(page)).to_have_accessible_name(words)
        expect(picture(page)).to_contain_text(f"{left} s left, then SMS")
    expect(page).to_have_title("running · table-12 · Workflows")


def test_it_moves(site, page):
    """The page follows the workflow by itself: sent, its status, the next step, the end."""
    site.hold()
    workflow_id = site.post(MESSENGER, SMS)
    open_console(page, site, f"w/{workflow_id}")
    expect(sentence(page)).to_have_text("Accepted. A Messenger message goes to sim-unread now.")
    site.send(workflow_id)
    expect(sentence(page)).to_contain_text("15 s left, then an SMS goes to 447700900000.")
    expect(page.locator(".cost")).to_have_text("")
    site.receipt(workflow_id, 0, "delivered", usage=PRICE)
    expect(page.locator(".cost")).to_have_text("0.0333 EUR so far")
    expect(page.get_by_role("status").filter(has_text="Status: Messenger: delivered, 0.0333 EUR.")).to_be_visible()
    site.wait(15)
    site.send(workflow_id, 1)
    expect(sentence(page)).to_contain_text(
        "Waiting for “delivered” on SMS. Last step: no timer. Without an answer it ends as unconfirmed on"
    )
    expect(picture(page)).to_contain_text("delivered, not read in 15 s")
    site.receipt(workflow_id, 1, "delivered", usage=PRICE)
    expect(sentence(page)).to_have_text(
        "Reached by SMS after 15 s. The Messenger message was delivered but not read within 15 s."
    )
    expect(picture(page)).to_have_accessible_name(sentence(page).inner_text())
    expect(page.locator(".cost")).to_have_text("0.0666 EUR")
    expect(page).to_have_title(re.compile("^completed · "))


def test_what_happened(page, expired, site):
    """Each entry in words, with the vendor's clock where it differs; a late status is hollow, with its effect."""
    open_console(page, site, f"w/{expired}")
    expect(happened(page).last).to_contain_text("late")
    said = happened(page).locator(".words").all_inner_texts()
    assert [re.sub(r"clock [\d:.]+,", "clock 05.305,", words) for words in said] == [
        "Accepted.",
        "Messenger: sending to sim-unread.",
        "Messenger: accepted by the Messages API. It expires in 15 s.",
        "Messenger: submitted.",
        "Messenger: delivered, 0.0333 EUR. (vendor’s clock 05.305, 2.4 s earlier)",
        "Messenger: left. It expired after 15 s: delivered, but not read.",
        "SMS: sending to 447700900000.",
        "SMS: accepted by the Messages API. No timer: it is the last step.",
        "SMS: delivered, 0.0333 EUR.",
        "Completed by SMS. 0.0666 EUR in all.",
        "Messenger: read — late: the step had been left, so this changes nothing.",
    ]
    late = page.locator(".picture-dot.read")
    assert "late" in late.get_attribute("class")
    assert late.locator(".picture-disc").evaluate("(disc) => getComputedStyle(disc).strokeDasharray") != "none"
    expect(picture(page)).to_contain_text("read (late)")


def test_what_if(page, expired, site):
    """Over: the least expiry that would have been enough, what it would have saved, and any other one by a slider."""
    open_console(page, site, f"w/{expired}")
    box = page.get_by_role("heading", name="What if?").locator("..")
    expect(box).to_contain_text(
        "With 21 s instead of 15 s the Messenger message would have been read in time (read after 20.6 s): "
        "no SMS, 0.0333 EUR less."
    )
    box.get_by_text("Try another expiry").click()
    slider = box.get_by_role("slider", name="Messenger")
    slider.fill("20")
    expect(box.get_by_role("status")).to_have_text(
        re.compile("^With 20 s the Messenger message would not have been read in time")
    )
    slider.press("ArrowRight")
    expect(box.get_by_role("status")).to_have_text(
        "With 21 s the Messenger message would have been read in time, after 20.6 s: no SMS, 0.0333 EUR less."
    )


def test_marks(page, expired, site):
    """?at= marks an entry in the list and the picture; ↑ and ↓ move it, also after a reload and on the way back."""
    open_console(page, site, f"w/{expired}?at=5")
    marked = page.get_by_role("list", name="What happened").get_by_role("button", pressed=True)
    expect(marked).to_contain_text("Messenger: delivered")
    expect(page.locator(".picture-dot.delivered.marked")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(marked).to_contain_text("Messenger: left.")
    expect(marked).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(marked).to_contain_text("Messenger: delivered")
    page.keyboard.press("ArrowUp")
    expect(page).to_have_url(re.compile(r"\?at=4$"))
    page.reload()
    expect(marked).to_contain_text("Messenger: submitted.")
    page.get_by_role("link", name="Request").click()
    expect(page.get_by_label("Request", exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name="Messages")).to_have_attribute("aria-current", "true")
    expect(marked).to_contain_text("Messenger: submitted.")
    page.locator(".picture-dot.read").click()
    expect(marked).to_contain_text("Messenger: read")


def test_kept_and_deleted(site, page, faults, expired):
    """Messages and request are shown while they are kept, with the end of that, and as deleted afterwards."""
    open_console(page, site, f"w/{expired}")
    details = page.get_by_role("region", name="Details")
    expect(details).to_contain_text("1. Messenger, from sim-page to sim-unread")
    expect(details).to_contain_text("Hello from Messenger")
    expect(details).to_contain_text(
        re.compile(r"Kept until \d+ \w+ \d{4}, \d\d:\d\d UTC; after that, texts and addresses are deleted\.")
    )
    page.get_by_role("link", name="Request").click()
    expect(page.get_by_label("Request", exact=True)).to_contain_text('"text": "Hello from SMS"')
    site.wait(8 * 24 * 3600)
    faults.expect("status of 404")
    page.reload()
    expect(details).to_contain_text("Texts and addresses are deleted some days after the end of a workflow. These are.")
    expect(page.get_by_role("main")).not_to_contain_text("sim-unread")
    expect(happened(page).nth(1)).to_contain_text("Messenger: sending.")
