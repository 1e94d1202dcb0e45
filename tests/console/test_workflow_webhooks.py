"""The webhooks of one workflow: attempts, the next one, what is sent, and sending again."""

import json
import re

from playwright.sync_api import expect

from tests.console.sign_in import open_console
from tests.examples import MESSENGER, SMS
from tests.messages_server import http


def webhook(page, sequence):
    """A webhook of the list."""
    return page.locator(".webhooks > li").filter(has=page.locator(f"summary .mono:text-is('{sequence}')"))


def test_attempts(site, page, messages):
    """A webhook shows its attempts, counts down to the next one, shows URL and body, and is sent again by one click."""
    site.hold()
    messages.script.extend([http(503), http(200), http(200)])
    workflow_id = site.post(MESSENGER, SMS, webhook_url=f"{messages.url}/hook")
    site.send(workflow_id)
    site.receipt(workflow_id, 0, "delivered")
    sequence = site.world.read(workflow_id).timeline[-1]["sequence"]
    site.world.queued()
    site.deliver(workflow_id, sequence)
    open_console(page, site, f"w/{workflow_id}/webhooks")
    row = webhook(page, sequence)
    expect(row).to_contain_text("status")
    expect(row).to_contain_text("pending")
    expect(row).to_contain_text("1 attempt: 503")
    first = row.get_by_text(re.compile(r"next attempt in \d s")).inner_text()
    expect(row).not_to_contain_text(first)  # it counts down
    row.locator("summary").click()
    expect(row).to_contain_text(f"To {messages.url}/hook")
    sent = json.loads(row.get_by_label("Body", exact=True).inner_text())
    assert sent == messages.requests[-1].body
    site.world.queued()
    row.get_by_role("button", name="Send again").click()
    expect(row).to_contain_text("Attempt 2 is queued.")
    (task,) = (task for task in site.world.queued() if task.series == 1)  # not the retry
    assert (task.workflow_id, task.sequence, task.attempt) == (workflow_id, sequence, 2)
    site.attempt(task)
    expect(row).to_contain_text("delivered")
    expect(row).to_contain_text("2 attempts: 503 → 200")
    expect(row).not_to_contain_text("next attempt")
    expect(row.get_by_role("row")).to_have_count(3)


def test_no_url(site, page):
    """Without a URL there is nothing to send again, and the page says so instead of letting it be refused."""
    workflow_id = site.post(MESSENGER, SMS)
    open_console(page, site, f"w/{workflow_id}/webhooks")
    expect(page.get_by_text("None yet: the first one follows the first status.")).to_be_visible()
    site.send(workflow_id)
    site.receipt(workflow_id, 0, "read")
    row = page.locator(".webhooks > li").first
    expect(row).to_contain_text("no URL")
    row.locator("summary").click()
    expect(row).to_contain_text("There is no URL to send it to.")
    expect(row.get_by_role("button", name="Send again")).to_be_disabled()
    assert site.world.queued() == []


def test_all_failed(site, page, messages):
    """`Send all n failed ones again` asks once and queues one attempt for each failed webhook."""
    messages.script.extend([http(410)] * 2)
    workflow_id = site.post(MESSENGER, SMS, webhook_url=f"{messages.url}/hook")
    site.send(workflow_id)
    site.receipt(workflow_id, 0, "read")
    site.world.queued()
    sequences = [row["sequence"] for row in site.call("GET", f"/workflows/{workflow_id}/webhooks")["webhooks"]]
    assert len(sequences) == 2
    for sequence in sequences:
        site.deliver(workflow_id, sequence)
    open_console(page, site, f"w/{workflow_id}/webhooks")
    expect(webhook(page, sequences[0])).to_contain_text("failed")
    expect(webhook(page, sequences[0])).to_contain_text("1 attempt: 410")
    page.get_by_role("button", name=f"Send all {len(sequences)} failed ones again").click()
    assert site.world.queued() == []
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text(f"{len(sequences)} of {len(sequences)} are queued.")).to_be_visible()
    assert sorted((task.sequence, task.attempt) for task in site.world.queued()) == [(one, 2) for one in sequences]
