"""New: a workflow is written as cards or as JSON, planned by the API while it is written, and posted once."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.console.sign_in import open_console

REFUSED = "status of 400"
JSON_TEXT = "The request as JSON"


@pytest.fixture
def new(page, site):
    """The form, with the first example and its plan."""
    open_console(page, site, "new")
    expect(page.get_by_text("Ready to send.")).to_be_visible()
    return page


def field(page, path):
    return page.locator(f'[id="{path}"]')


def test_plan(new, axe):
    """The first example can be sent as it is; its plan is a picture with a name."""
    picture = new.get_by_role("img")
    expect(picture).to_be_visible()
    assert "SMS" in picture.get_attribute("aria-label")
    assert axe(new) == []


def test_faults(new, faults):
    """What the API refuses is shown at its field, and as an alert with a link to it once the reader tries to send."""
    number = field(new, "workflow[1].to.number")
    number.fill("12ab")
    expect(field(new, "workflow[1].to.number-fault")).to_contain_text("Should be 7 to 15 digits")
    expect(new.get_by_role("alert")).to_have_count(0)
    new.get_by_role("button", name="Send", exact=True).click()
    alert = new.get_by_role("alert")
    expect(alert).to_be_focused()
    alert.get_by_role("button").click()
    expect(number).to_be_focused()
    number.fill("447700900950")
    expect(new.get_by_text("Ready to send.")).to_be_visible()
    expect(alert).to_have_count(0)
    faults.expect(REFUSED)


def test_channels(new):
    """The channel decides what can be chosen: an SMS is never read, and has no image."""
    condition = field(new, "workflow[0].failover.condition_status")
    assert condition.locator("option").all_inner_texts() == ["delivered", "read"]
    field(new, "workflow[0].type").select_option("sms")
    assert condition.locator("option").all_inner_texts() == ["delivered"]
    assert field(new, "workflow[0].message.content.type").locator("option").all_inner_texts() == ["text"]
    expect(new.get_by_text("Ready to send.")).to_be_visible()


def test_expiry(new):
    """An expiry is written in its unit, and posted in seconds."""
    expiry = field(new, "workflow[0].failover.expiry_time")
    expiry.fill("10")
    expect(new.get_by_text("= 600 s")).to_be_visible()
    assert '"expiry_time": 600' in new.get_by_label(JSON_TEXT).input_value()


def test_ten_steps(new):
    """Ten steps are the most; a step keeps the focus when it moves."""
    add = new.get_by_role("button", name="+ Add a step")
    for number in range(3, 11):
        add.click()
        expect(field(new, f"workflow[{number - 1}]")).to_be_focused()
    expect(add).to_be_disabled()
    new.get_by_role("button", name="Move step 10 up").click()
    expect(field(new, "workflow[8]")).to_be_focused()
    expect(new.get_by_text("Ready to send.")).to_be_visible()


def test_json(new, faults):
    """JSON and cards are two views of one request: unknown fields stay, and numbers keep their digits."""
    text = new.get_by_label(JSON_TEXT)
    request = json.loads(text.input_value()) | {"team": "front"}
    step = request["workflow"][0]
    step["from"] = step["to"] = {"type": "whatsapp", "number": "447700900950"}
    step["message"] = {"content": {"type": "custom", "custom": {"id": 0}}}
    with new.expect_request(re.compile("dry_run")) as asked:
        text.fill(json.dumps(request).replace('"id": 0', '"id": 12345678901234567890.10'))
    assert '"id":12345678901234567890.10' in asked.value.post_data
    assert '"team":"front"' in asked.value.post_data
    custom = field(new, "workflow[0].message.content.custom")
    expect(custom).to_have_value(re.compile("12345678901234567890.10"))
    custom.fill('{"id": 1')
    expect(field(new, "workflow[0].message.content.custom-fault")).to_contain_text("not JSON")
    custom.fill('{"id": 1.00}')
    expect(text).to_have_value(re.compile('"id": 1.00'))
    text.fill("{")
    expect(custom).to_be_disabled()
    new.get_by_role("button", name="Discard this text").click()
    expect(custom).to_be_enabled()


def test_lost_answer(new, site, faults):
    """If the answer is lost, sending again creates no second workflow; then the page goes on to the phones."""
    keys = []

    def lose(route):
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            return route.continue_()
        route.fetch()
        return route.abort()

    new.route(lambda url: url.endswith("/workflows"), lose)
    send = new.get_by_role("button", name="Send", exact=True)
    send.click()
    expect(new.get_by_text("It may have accepted the workflow.")).to_be_visible()
    send.click()
    new.wait_for_url(re.compile("#/play/"))
    assert len(keys) == 2
    assert len(set(keys)) == 1
    listed = site.call("GET", "/workflows")["workflows"]
    assert [row["workflow_uuid"] for row in listed] == [new.url.split("/")[-1]]
    faults.expect("ERR_FAILED")
