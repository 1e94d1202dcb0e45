"""The console's pictures in the docs. `make pictures` takes them anew; `make test` only looks at what is committed."""

import os
import random
import re
import secrets
import struct
import uuid
from datetime import datetime

import pytest
from playwright.sync_api import expect

from failover.rules.receipts.receipt import Receipt
from failover.rules.sending.answers import Accepted
from failover.rules.workflow import transitions
from tests.acts import answer, claim
from tests.console.palette import with_palette
from tests.console.sign_in import open_console
from tests.world import ROOT

DOCS = ROOT / "docs"
WIDTH, SCALE = 1280, 1.25
LARGEST = 100_000
"""Bytes of a picture. Each clone of the repository has all of them."""
SHOWN = {
    "console-play.png": "README.md",
    "console-workflow.png": "docs/console.md",
    "console-overview.png": "docs/operations.md",
}
"""The page of each picture."""
NOW = round(datetime.fromisoformat("2026-03-06T18:42:11.000Z").timestamp() * 1000)
SECOND, HOUR = 1000, 3_600_000
TEXT = {"content": {"type": "text", "text": "Your table is ready. We keep it for ten minutes."}}
SMS = {"from": {"type": "sms", "number": "ACME"}, "to": {"type": "sms", "number": "447700900950"}, "message": TEXT}
PRICES = {"messenger": "0.0048", "sms": "0.0333"}


def messenger(expiry):
    return {
        "from": {"type": "messenger", "id": "sim-page"},
        "to": {"type": "messenger", "id": "sim-phone-anna"},
        "message": TEXT,
        "failover": {"expiry_time": expiry, "condition_status": "read"},
    }


@pytest.mark.parametrize("name", SHOWN)
def test_picture(name, request):
    """Each picture is committed in the right size, and stands on its page."""
    if "PICTURES" in os.environ:
        request.getfixturevalue("take")(name)
    raw = (DOCS / name).read_bytes()
    width, height = struct.unpack(">II", raw[16:24])
    assert (raw[:8], width) == (b"\x89PNG\r\n\x1a\n", WIDTH)
    assert 400 <= height <= 1300
    assert len(raw) <= LARGEST
    page = ROOT / SHOWN[name]
    address = (DOCS / name).relative_to(page.parent)
    assert re.search(rf"^!\[[^\]]+\]\({re.escape(str(address))}\)$", page.read_text(), re.MULTILINE)


@pytest.fixture
def chance(monkeypatch):
    """The same ids, keys and figures each time, and workflows that are kept for ten years from their date."""
    monkeypatch.setenv("RECORD_RETENTION_DAYS", "3650")
    chance = random.Random(42)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=chance.getrandbits(128), version=4))
    monkeypatch.setattr(secrets, "token_hex", lambda count: chance.randbytes(count).hex())
    return chance


@pytest.fixture
def page(new_page):
    """Drawn larger than usual: a reader sees the picture at two thirds of its size."""
    page = new_page(width=round(WIDTH / SCALE), height=900, device_scale_factor=SCALE, reduced_motion="reduce")
    page.clock.set_fixed_time(NOW / SECOND)
    return page


@pytest.fixture
def take(chance, page, site):
    """Take a picture into docs/."""
    scenes = {"console-play.png": play, "console-workflow.png": running, "console-overview.png": overview}

    def take(name):
        address, ready = scenes[name](site, chance)
        open_console(page, site, address)
        last = ready(page)
        page.mouse.move(0, 0)
        page.evaluate("document.activeElement.blur()")
        bottom = last.bounding_box()
        height = round((bottom["y"] + bottom["height"] + 20) * SCALE) / SCALE
        page.set_viewport_size({"width": round(WIDTH / SCALE), "height": round(height)})
        picture = page.screenshot(animations="disabled")
        (DOCS / name).write_bytes(with_palette(page.context.new_page(), picture))

    return take


def waiting(site):
    """The example, 24 s after its Messenger message was accepted: delivered, not read, and the SMS is next."""
    site.hold(NOW - 25 * SECOND)
    workflow_id = site.post(messenger(60), SMS, client_ref="table-12")
    site.wait(0.4)
    site.send(workflow_id)
    message = site.world.read(workflow_id).steps[0].message_uuid
    site.wait(0.7)
    site.act(workflow_id, status(0, "submitted", site.now())[1])
    site.wait(3.1)
    site.call("POST", f"/sandbox/messages/{message}/status", {"status": "delivered"})
    site.act(workflow_id, status(0, "delivered", site.now(), usage=cost("messenger"))[1])
    site.hold(NOW)
    return workflow_id


def play(site, chance):
    def ready(page):
        expect(page.get_by_role("region", name="Phone of Anna")).to_contain_text("delivered")
        expect(page.locator(".badge")).to_have_count(0)  # once it has been looked at
        return page.get_by_role("main")

    return f"play/{waiting(site)}", ready


def running(site, chance):
    def ready(page):
        expect(page.get_by_role("region", name="Details").get_by_text("Your table is ready.")).to_have_count(2)
        return page.get_by_role("main")

    return f"w/{waiting(site)}", ready


def overview(site, chance):
    """A day of a restaurant: most guests read their message, the others get the SMS."""
    evening_before, lunch, evening, now = (20.7, 22), (6.5, 34), (0.9, 16), (0.04, 4)
    for hours_ago, guests in (evening_before, lunch, evening, now):
        for at in sorted(NOW - round(chance.gauss(hours_ago, 0.12 * hours_ago**0.7) * HOUR) for _ in range(guests)):
            guest(site, chance, min(at, NOW - 20 * SECOND))
    site.hold(NOW)

    def ready(page):
        expect(page.get_by_role("heading", name="Messenger: time to")).to_be_visible()
        expect(page.get_by_text("None in this span.")).to_be_visible()
        return page.get_by_role("main")

    return "overview", ready


def guest(site, chance, at):
    """A workflow of that instant, and what has happened to it until now."""
    site.hold(at)
    workflow_id = site.post(messenger(600), SMS)
    accepted = at + 900
    read_at = accepted + round(chance.lognormvariate(4.7, 1.4) * SECOND)
    story = [
        (at + 400, claim(0, at + 400)),
        (accepted, answer(0, Accepted(str(uuid.uuid4())), accepted)),
    ]
    answered = accepted + chance.randrange(1500, 9000)
    if rejected := chance.random() < 0.06:
        error = {"code": 1300, "reason": "Not part of the provider network"}
        story.append(status(0, "rejected", answered, error=error))
    else:
        story.append(status(0, "delivered", answered, usage=cost("messenger")))
    if read_at <= accepted + 600 * SECOND and not rejected:
        story.append(status(0, "read", read_at))
    else:
        again = (answered if rejected else accepted + 600 * SECOND) + 300
        story += [(again, claim(1, again)), (again + 400, answer(1, Accepted(str(uuid.uuid4())), again + 400))]
        if chance.random() < 0.85:
            story.append(status(1, "delivered", again + chance.randrange(2000, 20_000), usage=cost("sms")))
        else:
            error = {"code": 1260, "reason": "Destination unreachable"}
            story.append(status(1, "undeliverable", again + 3000, error=error))
        if chance.random() < 0.3 and not rejected:
            story.append(status(0, "read", max(read_at, again + 30 * SECOND)))
    site.act(workflow_id, *(act for when, act in story if when <= NOW))


def status(number, word, at, **more):
    """When a status comes, and what it does."""
    receipt = Receipt(word, None, None, at - 600, **more)
    return at, lambda flow: transitions.received(flow, number, receipt, at)


def cost(channel):
    return {"price": PRICES[channel], "currency": "EUR"}
