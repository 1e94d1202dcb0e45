"""New, beyond its form: every channel's requests, JSON that cannot be read, and the curl command."""

import json
import os
import re
import subprocess

import pytest
from playwright.sync_api import expect

from failover.rules.channels.channel_table import CHANNELS
from tests.console.sign_in import open_console
from tests.examples import EVERY_CHANNEL, messages

JSON_TEXT = "The request as JSON"


@pytest.fixture
def new(site, page):
    """The form, with the first example and its plan."""
    open_console(page, site, "new")
    expect(page.get_by_text("Ready to send.")).to_be_visible()
    return page


def test_every_channel(new):
    """Any channel can be chosen, and its example is accepted: in the form and in the plan it is the same step."""
    channel = new.locator('[id="workflow[0].type"]')
    assert channel.evaluate("(one) => [...one.options].map((option) => option.value)") == list(CHANNELS)
    text = new.get_by_label(JSON_TEXT)
    for name, step in EVERY_CHANNEL.items():
        condition = CHANNELS[name].conditions[-1]
        first = {**step, "failover": {"expiry_time": 60, "condition_status": condition}}
        with new.expect_response(lambda response: "dry_run" in response.url) as answered:
            text.fill(json.dumps({"template": "failover", "workflow": [first, EVERY_CHANNEL["sms"]]}))
        assert answered.value.ok, answered.value.text()
        expect(channel).to_have_value(name)
        expect(new.get_by_role("region", name="Plan").get_by_role("img")).to_be_visible()
        expect(new.locator('[id="workflow[0].message.content.type"]')).to_have_value(step["message"]["content"]["type"])
        expect(new.locator('[id="workflow[0].failover.condition_status"]')).to_have_value(condition)


def test_every_content(new):
    """The form shows every content type with all its options, and leaves the request as it was written."""
    text = new.get_by_label(JSON_TEXT)
    for name, step in messages().items():
        request = {"template": "failover", "workflow": [step]}
        with new.expect_response(lambda response: "dry_run" in response.url) as answered:
            text.fill(json.dumps(request))
        assert answered.value.ok, (name, answered.value.text())
        assert json.loads(answered.value.request.post_data) == request
        kind = step["to"]["type"]
        expect(new.get_by_role("listitem", name="Step 1")).to_be_visible()
        for option in step["message"].get(kind, {}):
            shown = new.locator(f'[id^="workflow[0].message.{kind}.{option}"]').first
            expect(shown).to_be_attached()


def test_unreadable_json(new):
    """JSON that cannot be read says where, and the form waits until it can be."""
    text = new.get_by_label(JSON_TEXT)
    text.fill('{\n  "template": "failover",\n  "workflow": [}\n}')
    expect(text).to_have_attribute("aria-invalid", "true")
    fault = new.locator("#json-fault")
    expect(fault).to_contain_text("Line 3, column 16: unexpected “}”.")
    expect(fault).to_contain_text("The form waits until it can be read.")
    expect(new.locator('[id="workflow[0].type"]')).to_be_disabled()


def test_form_into_json(new):
    """What is written into the form is in the JSON, and what is written into the JSON is in the form."""
    text, reference = new.get_by_label(JSON_TEXT), new.locator('[id="client_ref"]')
    reference.fill("table 13 – “Ö”")
    expect(text).to_have_value(re.compile('"client_ref": "table 13 – “Ö”"'))
    text.fill(json.dumps(json.loads(text.input_value()) | {"client_ref": "table-14"}))
    expect(reference).to_have_value("table-14")


def test_curl(new, site):
    """The curl command posts the same workflow, with a quote in its text; the secret is not written in it."""
    words = 'It\'s "ready" \\ $HOME'
    new.locator('[id="workflow[0].message.content.text"]').fill(words)
    new.get_by_role("button", name="curl", exact=True).click()
    command = new.get_by_label("curl command", exact=True).inner_text()
    assert site.world.api_secret not in command
    environment = {
        "PATH": os.environ["PATH"],
        "API_URL": site.url.removesuffix("/beta"),  # as in .local/credentials.env
        "API_KEY": site.world.api_key,
        "API_SECRET": site.world.api_secret,
    }
    ran = subprocess.run(
        ["bash", "-c", command], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    created = json.loads(ran.stdout)["workflow_uuid"]
    request = site.call("GET", f"/workflows/{created}/request")["request"]
    assert request["workflow"][0]["message"]["content"]["text"] == words
