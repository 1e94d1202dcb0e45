"""Polling: its pace on each page, its budget, and what it does when hidden, paused, idle or without an answer."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.console.polling import MINUTE, Watch
from tests.console.sign_in import open_console
from tests.examples import SMS, VIBER


@pytest.fixture
def watch(site, page):
    return Watch(site, page)


@pytest.fixture
def waiting(site):
    """A workflow whose last step waits for days, with a webhook that is due. Its page has most to ask for."""
    workflow_id = site.post({**SMS, "to": {"type": "sms", "number": "447700900950"}}, webhook_url="http://127.0.0.1:9/")
    site.send(workflow_id)
    site.receipt(workflow_id, 0, "submitted")
    site.wait(MINUTE)
    return workflow_id


@pytest.fixture
def recorded(site, monkeypatch) -> Callable[[], None]:
    """Let the functions answer each path once, and repeat that: hours of calls would take them minutes.

    The answers have no `as_of`, because only the page's clock moves.
    """
    known = {}
    answered = site.answer

    def repeated(method, target, raw, headers):
        path = target.split("?")[0]
        if path == "/console" or method != "GET":
            return answered(method, target, raw, headers)
        if path not in known:
            answer = answered(method, target, raw, headers)
            body = {name: value for name, value in json.loads(answer["body"]).items() if name != "as_of"}
            known[path] = {**answer, "body": json.dumps(body)}
        return known[path]

    monkeypatch.setattr(site, "answer", repeated)


@pytest.fixture
def failing(site, monkeypatch):
    """Let the API answer with an error while this dictionary has its `status` and `headers`."""
    fault = {}
    answered = site.answer

    def answer(method, target, raw, headers):
        if not fault or target == "/console":
            return answered(method, target, raw, headers)
        shown = {"Content-Type": ["application/problem+json"], **fault.get("headers", {})}
        body = json.dumps({"title": "Later"})
        return {"statusCode": fault["status"], "isBase64Encoded": False, "multiValueHeaders": shown, "body": body}

    monkeypatch.setattr(site, "answer", answer)
    return fault


@pytest.mark.usefixtures("recorded")
def test_an_hour(watch, waiting, site):
    """A tab makes at most 900 calls in an hour. This page wants 1,560, and gets nearly 900."""
    watch.open(f"w/{waiting}/webhooks")
    watch.minutes(60)
    assert 860 <= len([call for call in site.requests if call != "GET /console"]) <= 900


@pytest.mark.parametrize(
    ("place", "least", "most"),
    [
        ("workflows", 130, 145),  # every 5 s because a row is running, and the phones' count every 30 s
        ("w/{id}", 130, 145),
        ("phones", 145, 155),  # every 4 s because a message waits for an answer
        ("overview", 35, 45),  # its two parts once a minute, and the phones' count
    ],
)
@pytest.mark.usefixtures("recorded")
def test_ten_minutes(watch, waiting, place, least, most):
    """Each page polls as often as what it shows can change, and never more than the budget allows."""
    watch.open(place.format(id=waiting))
    assert least <= watch.minutes(10) <= most


@pytest.mark.usefixtures("waiting", "recorded")
def test_idle(watch):
    """After ten minutes without input the pauses are four times as long, until the reader is back."""
    watch.open()
    watch.run(11 * MINUTE, step=1000)
    assert 3 <= watch.run(MINUTE + 20).count("GET /workflows") <= 5
    watch.page.mouse.wheel(0, 1)
    assert 11 <= watch.run(MINUTE).count("GET /workflows") <= 14


@pytest.mark.usefixtures("waiting")
def test_hidden_and_paused(watch):
    """A tab that is hidden or paused calls nothing, and at once when it goes on."""
    watch.open()
    watch.run(10)
    watch.show("hidden")
    assert watch.run(2 * MINUTE) == []
    watch.show("visible")
    assert "GET /workflows" in watch.run(1, step=50)
    watch.page.keyboard.press("Space")
    expect(watch.page.get_by_text("paused", exact=True)).to_be_visible()
    watch.run(1, step=50)
    assert watch.run(2 * MINUTE) == []
    watch.page.keyboard.press("Space")
    assert "GET /workflows" in watch.run(1, step=50)
    expect(watch.page.get_by_text("live, 5 s")).to_be_visible()


def test_no_answer(watch, waiting, failing, faults):
    """Without answers the last picture stays, a bar says since when, and the page asks ever less often."""
    page = watch.page
    watch.open()
    watch.run(6)
    faults.expect("status of 503")
    failing["status"] = 503
    watch.run(6)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("No answer since")
    expect(alert).to_contain_text("What is shown was known then.")
    expect(page.get_by_role("link", name=waiting)).to_be_visible()
    assert 2 <= watch.run(MINUTE).count("GET /workflows") <= 5, "after 2, 4, 8, 16 and 32 s"
    failing.clear()
    watch.run(2 * MINUTE)
    expect(alert).to_be_hidden()
    assert watch.run(10).count("GET /workflows") == 2


@pytest.mark.usefixtures("waiting")
def test_refused_connection(watch, faults):
    """It is the same where nothing listens any more."""
    watch.open()
    faults.expect("ERR_CONNECTION_REFUSED")
    watch.page.route("**/workflows?**", lambda route: route.abort("connectionrefused"))
    watch.run(8)
    expect(watch.page.get_by_role("alert")).to_contain_text("No answer since")


@pytest.mark.usefixtures("waiting")
def test_asked_to_wait(watch, failing, faults):
    """The page waits for as long as the server asks for in `Retry-After`, whatever else would make it call."""
    watch.open()
    faults.expect("status of 429")
    failing.update(status=429, headers={"Retry-After": ["120"]})
    assert watch.run(6).count("GET /workflows") == 1
    failing.clear()
    expect(watch.page.get_by_role("alert")).to_contain_text("The server asks to wait.")
    watch.show("hidden")
    watch.show("visible")
    assert "GET /workflows" not in watch.run(100)
    assert "GET /workflows" in watch.run(30)
    expect(watch.page.get_by_role("alert")).to_be_hidden()


@pytest.mark.usefixtures("waiting")
def test_reload(watch):
    """A reload does not refill the budget: only what was never shown is asked for."""
    watch.open()
    watch.page.evaluate(
        "sessionStorage.setItem('workflows-console-calls', JSON.stringify({ left: 0, at: Date.now() }))"
    )
    watch.page.reload()
    assert sorted(watch.run(10)) == ["GET /sandbox/phones", "GET /workflows"]
    assert watch.run(10) == ["GET /workflows"] * 2


def test_a_wrong_clock(site, page):
    """Countdowns follow the server's clock, and the page says that this machine's is wrong."""
    site.wait(90)
    workflow_id = site.post({**VIBER, "to": {"type": "viber_service_msg", "number": "447700900950"}}, SMS)
    site.send(workflow_id)
    open_console(page, site, f"w/{workflow_id}")
    expect(page.get_by_text("clock is 1 min 30 s behind the server’s")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\b[5-9] min( \d+ s)? left, then an SMS"))).to_be_visible()
