"""What a person does to one workflow: cancel it, end a wait, copy, go back, unfold, print."""

import re

from playwright.sync_api import expect

from tests.console.polling import COUNTED_FETCH, rest
from tests.console.sign_in import open_console
from tests.examples import MESSENGER as MINUTES
from tests.examples import SMS, changed

MESSENGER = changed(MINUTES, "failover.expiry_time", 15)


def sentence(page):
    return page.locator(".sentence")


def happened(page):
    return page.get_by_role("list", name="What happened").get_by_role("listitem")


def test_cancel(site, page):
    """Cancel says before what is out and what never goes out, and afterwards what it was. Its key is x."""
    workflow_id = site.post(MINUTES, SMS)
    site.send(workflow_id)
    open_console(page, site, f"w/{workflow_id}")
    expect(sentence(page)).to_contain_text("left")
    page.keyboard.press("x")
    question = page.get_by_role("group", name="Cancel this workflow?")
    expect(question).to_contain_text(
        "The Messenger message is out and cannot be called back. The SMS would never go out."
    )
    question.get_by_role("button", name="Keep it running").click()
    expect(question).to_have_count(0)
    assert site.world.read(workflow_id).running
    page.get_by_role("button", name="Cancel…").click()
    question.get_by_role("button", name="Cancel the workflow").click()
    expect(page.get_by_text("Cancelled. The Messenger message is out, the SMS never goes out.")).to_be_visible()
    expect(sentence(page)).to_have_text("Cancelled: the Messenger message is out, the SMS never goes out.")
    expect(page.get_by_role("button", name="Cancel…")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("End the wait"))).to_have_count(0)
    assert site.world.read(workflow_id).status == "cancelled"


def test_advance(site, page):
    """End the wait asks first; then the next step is the current one, and the timeline says by whom."""
    site.hold()
    workflow_id = site.post(MINUTES, SMS)
    site.send(workflow_id)
    site.receipt(workflow_id, 0, "delivered")
    site.wait(7)
    open_console(page, site, f"w/{workflow_id}")
    page.get_by_role("button", name="End the wait now…").click()
    question = page.get_by_role("group", name="End the wait for the Messenger message now?")
    expect(question).to_contain_text("An SMS goes to 447700900000 at once. A late “read” still completes the workflow.")
    assert site.world.read(workflow_id).steps[0].outcome is None
    question.get_by_role("button", name="Go on to SMS").click()
    expect(
        page.get_by_role("status").filter(has_text="The wait was ended. An SMS goes to 447700900000 now.")
    ).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(happened(page).last).to_contain_text("Messenger: left. Ended by hand after 7 s of 10 min.")
    expect(page.get_by_role("button", name=re.compile("End the wait"))).to_have_count(0)
    site.send(workflow_id, 1)
    expect(sentence(page)).to_contain_text("Waiting for “delivered” on SMS.")
    expect(happened(page).last).to_contain_text("SMS: accepted by the Messages API.")


def test_lost_race(site, page, faults):
    """If a wait expires before the click, the page says so calmly, and shows what happened."""
    site.hold()
    workflow_id = site.post(MESSENGER, SMS)
    site.send(workflow_id)
    page.add_init_script(COUNTED_FETCH)
    page.clock.install()
    open_console(page, site, f"w/{workflow_id}")
    page.get_by_role("button", name="End the wait now…").click()
    rest(page)
    site.wait(15)
    site.send(workflow_id, 1)
    faults.expect("status of 409")
    page.get_by_role("button", name="Go on to SMS").click()
    expect(page.get_by_role("status").filter(has_text="Nothing has changed. Step 0 is over: expired.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(sentence(page)).to_contain_text("Waiting for “delivered” on SMS.")
    assert [entry["event"] for entry in site.world.read(workflow_id).timeline].count("left") == 1


def test_keys(site, page):
    """c copies the id, C a curl command without secrets, Esc goes back to the list; Send a copy… fills the form."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    workflow_id = site.post(MINUTES, SMS, client_ref="table-12")
    open_console(page, site, "workflows")
    page.get_by_role("link", name="table-12").click()
    expect(sentence(page)).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_role("status").filter(has_text="Copied: id")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == workflow_id
    page.keyboard.press("Shift+C")
    expect(page.get_by_role("status").filter(has_text="Copied: curl command")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == (
        f"""curl -u "$API_KEY:$API_SECRET" '{site.url}/workflows/{workflow_id}'"""
    )
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Workflows")).to_be_visible()
    page.go_forward()
    page.get_by_role("link", name="Send a copy…").click()
    expect(page.get_by_label("client_ref optional")).to_have_value("table-12")
    page.evaluate("navigator.clipboard.writeText('')")


def test_first_key(site, page):
    """A key works from the moment on in which its page is drawn."""
    workflow_id = site.post(MINUTES, SMS)
    page.add_init_script(
        """
        const drawn = new MutationObserver(() => {
          if (!document.querySelector(".sentence")) return;
          drawn.disconnect();
          document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "x", bubbles: true }));
        });
        drawn.observe(document, { subtree: true, childList: true });
        """
    )
    open_console(page, site, f"w/{workflow_id}")
    expect(page.get_by_role("group", name="Cancel this workflow?")).to_be_visible()


def test_fold(site, page):
    """A time in which nothing happened is folded, and one click shows it at full length, another folds it again."""
    site.hold()
    workflow_id = site.post(changed(MINUTES, "failover.expiry_time", 86400), SMS)
    site.wait(1)
    site.send(workflow_id)
    site.wait(1)
    site.receipt(workflow_id, 0, "delivered")
    site.wait(20_000)
    site.call("POST", f"/workflows/{workflow_id}/cancel")
    open_console(page, site, f"w/{workflow_id}")
    folded = page.locator(".picture-fold.folded")
    expect(folded).to_have_count(1)
    expect(folded).to_contain_text("Show the 5 h 33 min at full length")
    page.get_by_role("button", name="Show the folded time at full length").click()
    expect(folded).to_have_count(0)
    page.get_by_role("button", name="Fold long times").click()
    folded.click()
    expect(folded).to_have_count(0)


def test_print(site, new_page):
    """On paper: times in UTC, nothing folded, the request shown, and no buttons."""
    site.hold()
    workflow_id = site.post(changed(MINUTES, "failover.expiry_time", 86400), SMS)
    site.wait(1)
    site.send(workflow_id)
    site.wait(20_000)
    site.call("POST", f"/workflows/{workflow_id}/cancel")
    page = open_console(new_page(timezone="Asia/Tokyo"), site, f"w/{workflow_id}")
    expect(happened(page).first).to_contain_text("GMT+9")
    expect(page.locator(".picture-fold.folded")).to_have_count(1)
    page.emulate_media(media="print")
    expect(page.get_by_label("Request", exact=True)).to_contain_text('"text": "Hello from SMS"')
    for line in happened(page).all():
        expect(line).to_contain_text("UTC")
    expect(page.locator(".picture-fold.folded")).to_have_count(0)
    expect(page.get_by_role("main")).not_to_contain_text("GMT+9")
    expect(happened(page).first).to_contain_text("Accepted.")
    assert page.locator("button:visible:not(.entry), nav:visible, input:visible").all_inner_texts() == []
    expect(page.get_by_text("Accepted.", exact=True)).to_be_visible()
    page.emulate_media(media="screen")
    expect(page.get_by_role("button", name="Look again")).to_be_visible()
