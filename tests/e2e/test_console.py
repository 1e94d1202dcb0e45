"""The console in a browser, on the deployed stack: what its reader does, and what then happens."""

import json
import re
import uuid

import pytest
from playwright.sync_api import expect

from local import credentials, stack
from local.inbox import Inbox
from tests import messages_server as server
from tests.e2e.test_failover import OVERVIEW, left, messenger, sms
from tests.messages_server import MessagesServer

ANNA, HER_NUMBER = "sim-phone-anna", "447700900950"
PLAYED = (OVERVIEW % (ANNA, 15)).replace("447700900000", HER_NUMBER)
ANSWERS = {"Deliver": "delivered", "Read": "read", "Reject": "rejected", "Undeliverable": "undeliverable"}
HANDS = {status: f"sim-phone-{status}-{uuid.uuid4().hex[:4]}" for status in ANSWERS.values()}
"""The recipients that are answered with each status, and with no other."""
SLOW = 30_000
"""Milliseconds for what a timer or a webhook of the local stack has to do."""


@pytest.fixture(scope="module")
def inbox(deployed):
    """Where the account's webhooks arrive."""
    inbox = Inbox(credentials.read_all(deployed.place)["SIGNATURE_SECRET"])
    yield inbox
    inbox.close()


@pytest.fixture(scope="module")
def refusing():
    """A receiver that refuses the first webhook for good, and takes all others."""
    receiver = MessagesServer(script=[server.http(401)])
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def waiting(deployed, inbox, refusing):
    """The workflows of all journeys, started together. Their recipients are answered by hand."""

    def post(url, *steps):
        body = {"template": "failover", "workflow": list(steps), "webhook_url": url}
        return deployed.call("POST", "/beta/workflows", json=body).json()["workflow_uuid"]

    number = iter(range(447700900970, 447700900999))
    posted = {
        status: post(inbox.url, messenger(recipient, 600), sms(str(next(number))))
        for status, recipient in HANDS.items()
    }
    posted["advanced"] = post(inbox.url, messenger("sim-phone-dora", 600), sms(str(next(number))))
    posted["cancelled"] = post(inbox.url, messenger("sim-phone-emil", 600), sms(str(next(number))))
    posted["refused webhook"] = post(refusing.url, sms())
    return posted


@pytest.fixture
def console(deployed, new_page, sign_in):
    """Sign in with the whole of credentials.env, pasted into the first field, and open a place of the console."""

    def console(place, **more):
        page = new_page(**more)
        page.goto(f"console#/{place}")
        sign_in(page, (deployed.place.folder / "credentials.env").read_text())
        return page

    return console


@pytest.fixture
def sign_in():
    """Paste a text into the form, with the keyboard, and sign in."""

    def sign_in(page, text):
        clipboard = page.context.new_page()
        clipboard.set_content("<textarea></textarea>")
        clipboard.get_by_role("textbox").fill(text)
        clipboard.keyboard.press("ControlOrMeta+A")
        clipboard.keyboard.press("ControlOrMeta+C")
        clipboard.close()
        page.get_by_label("API key").focus()
        page.keyboard.press("ControlOrMeta+V")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("navigation", name="Pages")).to_be_visible()

    return sign_in


def phone(page, recipient):
    name = recipient.removeprefix("sim-phone-")
    return page.get_by_role("region", name=f"Phone of {name[0].upper()}{name[1:]}", exact=True)


def events(inbox, workflow_id, how_many):
    """The statuses of a workflow's webhooks in order, once there are so many."""

    def own(webhooks):
        return [one.body for one in webhooks if workflow_id in json.dumps(one.body)]

    received = own(inbox.received(lambda webhooks: len(own(webhooks)) >= how_many, patience=SLOW / 1000))
    return [body["status"] for body in sorted(received, key=lambda body: body["sequence"])]


def test_play_the_overview_example(deployed, waiting, console):
    """The overview page's example, composed in the form, expires on Messenger, and its SMS reaches the recipient."""
    page = console("new")
    for number, (channel, recipient) in enumerate((("Messenger", ANNA), ("SMS", HER_NUMBER))):
        step = page.get_by_role("listitem", name=f"Step {number + 1}: {channel}")
        step.get_by_label(re.compile("^To ")).fill(recipient)
        step.get_by_label("Text").fill(json.loads(PLAYED)["workflow"][number]["message"]["content"]["text"])
    page.get_by_label("Unit of the expiry").select_option("seconds")
    page.get_by_label("Expiry", exact=True).fill("15")
    page.get_by_role("textbox", name="client_ref optional").fill("")
    expect(page.get_by_text("Ready to send.")).to_be_visible()
    page.get_by_role("button", name="Send", exact=True).click()

    anna, number = phone(page, ANNA), phone(page, HER_NUMBER)
    expect(anna.get_by_text("This is a Facebook Messenger Message")).to_be_visible(timeout=SLOW)
    workflow_id = page.url.rpartition("/")[2]
    posted = deployed.call("GET", f"/beta/workflows/{workflow_id}/request").json()["request"]
    assert posted == json.loads(PLAYED)

    anna.get_by_role("button", name="Deliver", exact=True).click()
    expect(page.get_by_text("Waiting for “read” on Messenger.")).to_be_visible()
    expect(page.get_by_text(f"left, then an SMS goes to {HER_NUMBER}")).to_be_visible()
    expect(number.get_by_text("This is an SMS sent from")).to_be_visible(timeout=SLOW)
    assert left(deployed.get(workflow_id)) == ["expired after 15 s: last status delivered, wanted read"]

    number.get_by_role("button", name="Deliver", exact=True).click()
    expect(page.get_by_text(re.compile("^Reached by SMS after"))).to_be_visible()
    anna.get_by_role("button", name="Read").click()
    expect(page.get_by_role("heading", name="What if?")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(re.compile(r"would have been read in time \(read after .*\): no SMS"))).to_be_visible()
    assert deployed.sent(workflow_id) == ["messenger", "sms"]


def test_answer_by_hand(deployed, waiting, inbox, console):
    """Each of the four buttons reports its status: it moves the workflow, and reaches the webhook URL."""
    page = console("phones")
    for button, status in ANSWERS.items():
        phone(page, HANDS[status]).get_by_role("button", name=button, exact=True).click()
    for status in ANSWERS.values():
        own = phone(page, HANDS[status])
        expect(own.get_by_role("listitem").get_by_text(re.compile(f"{status}$"))).to_be_visible()

    workflow = deployed.over(waiting["read"])
    assert (workflow["status"], workflow["steps"][1]["state"]) == ("completed", "pending")
    assert events(inbox, waiting["read"], 3) == ["submitted", "read", "completed"]
    assert deployed.get(waiting["delivered"])["status"] == "running"
    assert events(inbox, waiting["delivered"], 2) == ["submitted", "delivered"]
    for status in ("rejected", "undeliverable"):
        workflow = deployed.when(waiting[status], lambda shown: shown["steps"][1].get("status") == "submitted")
        assert left(workflow)[0].startswith(status)
        assert events(inbox, waiting[status], 3) == ["submitted", status, "submitted"]
        assert deployed.sent(waiting[status]) == ["messenger", "sms"]


def test_end_the_wait_now(deployed, waiting, inbox, console):
    """Ended by hand, the wait is over at once: the SMS goes out, the execution with it, and nothing goes twice."""
    workflow_id = waiting["advanced"]
    page = console(f"w/{workflow_id}")
    page.get_by_role("button", name="End the wait now…").click()
    page.get_by_role("button", name="Go on to SMS").click()
    expect(page.get_by_text("Waiting for “delivered” on SMS.")).to_be_visible(timeout=SLOW)

    [reason] = left(deployed.get(workflow_id))
    assert re.fullmatch(r"advanced after \d+ s of 600 s: last status submitted, wanted read", reason)
    assert events(inbox, workflow_id, 3) == ["submitted", "advanced", "submitted"]
    assert deployed.sent(workflow_id) == ["messenger", "sms"]
    deployed.when(workflow_id, lambda _: not deployed.executing(workflow_id))


def test_cancel(deployed, waiting, inbox, console):
    """Before it cancels, the page says what is out and what is not; then nothing more is sent."""
    workflow_id = waiting["cancelled"]
    page = console(f"w/{workflow_id}")
    page.get_by_role("button", name="Cancel…").click()
    question = page.get_by_role("group", name="Cancel this workflow?")
    expect(question).to_contain_text(
        "The Messenger message is out and cannot be called back. The SMS would never go out."
    )
    question.get_by_role("button", name="Cancel the workflow").click()
    expect(
        page.get_by_role("status").get_by_text("Cancelled. The Messenger message is out, the SMS never goes out.")
    ).to_be_visible()

    assert events(inbox, workflow_id, 2) == ["submitted", "cancelled"]
    deployed.when(workflow_id, lambda _: not deployed.executing(workflow_id))
    assert deployed.sent(workflow_id) == ["messenger"]


def test_send_a_webhook_again(waiting, refusing, console):
    """A refused webhook is sent again from the page, with the same bytes, and the page shows that it arrived."""
    page = console(f"w/{waiting['refused webhook']}/webhooks")
    webhooks = page.get_by_role("listitem").filter(has=page.locator("summary"))
    refused = webhooks.filter(has_text="401")
    expect(refused).to_contain_text("failed", timeout=SLOW)
    refused.locator("summary").click()
    refused.get_by_role("button", name="Send again").click()
    arrived = webhooks.filter(has_text="2 attempts: 401 → 202")
    expect(arrived).to_contain_text("delivered", timeout=SLOW)

    again = [request.raw for request in refusing.requests if request.raw == refusing.requests[0].raw]
    assert len(again) == 2


def test_another_account(deployed, waiting, new_page, sign_in, faults):
    """Another account sees none of these workflows, messages and figures, even if it knows an id."""
    other = stack.invoke(deployed.place, "accounts", {"action": "create_account", "name": "other"})
    page = new_page()
    page.goto("console#/phones")
    sign_in(page, f"{other['api_key']}:{other['api_secret']}")
    expect(page.get_by_text("No message yet.")).to_be_visible()
    expect(page.get_by_role("region", name="Phone of")).to_have_count(0)
    page.get_by_role("link", name="Workflows").click()
    expect(page.get_by_role("heading", name="No workflow yet")).to_be_visible()
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text("No workflow since")).to_be_visible()
    expect(page.get_by_text("None in this span.")).to_be_visible()
    for place in ("w", "play"):
        page.goto(f"console#/{place}/{waiting['delivered']}")
        expect(page.get_by_text("There is no such workflow, or it is another account's.")).to_be_visible()
    faults.expect("404")
