"""The console by keyboard and for screen readers, in light, dark and on a narrow screen."""

import re

import pytest
from playwright.sync_api import expect

from tests.console.polling import Watch
from tests.console.sign_in import open_console
from tests.examples import MESSENGER, SMS

LEAST = 24
"""Pixels of the least target, WCAG 2.5.8."""

SMALL = """
(least) => [...document.querySelectorAll("a[href], button, summary, input, select, textarea, [role=button]")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.matches(".skip"))
  .map((one) => {
    const label = one.matches("input[type=checkbox], input[type=radio]") ? one.closest("label") : null;
    const { width, height } = (label ?? one).getBoundingClientRect();
    const inline = one.matches("a, button.link") && getComputedStyle(one).display === "inline";
    return { width, height, inText: Boolean(inline && one.closest("p, td, dd, li")), name: one.outerHTML.slice(0, 99) };
  })
  .filter(({ width, height, inText }) => !inText && width > 0 && (width < least || height < least))
"""
"""Targets that are too small. A link within a sentence may be as high as its line (WCAG 2.5.8, "Inline")."""

SIDEWAYS = "() => document.documentElement.scrollWidth - innerWidth"


@pytest.fixture
def places(site):
    """The places of all pages, with workflows in every state: each has its title and what it shows when it is ready."""
    phone = {**MESSENGER, "to": {"type": "messenger", "id": "sim-phone-anna"}}
    hook = {"webhook_url": "http://127.0.0.1:9/"}
    running = site.post(phone, SMS, client_ref="running", **hook)
    site.send(running)
    site.receipt(running, 0, "submitted")
    done = site.post(phone, SMS, client_ref="completed")
    site.send(done)
    site.receipt(done, 0, "delivered")
    site.wait(20)
    site.call("POST", f"/workflows/{done}/advance", {"step": 0})
    site.send(done, 1)
    site.receipt(done, 1, "delivered", usage={"currency": "EUR", "price": "0.0333"})
    site.receipt(done, 0, "read")
    failed = site.post(SMS, client_ref="error")
    site.send(failed)
    site.receipt(failed, 0, "rejected")
    going = "running · running · Workflows"
    return {
        "workflows": ("Workflows", ".item"),
        f"w/{running}": (going, ".message"),
        f"w/{running}/request": (going, "[aria-label=Request]"),
        f"w/{running}/webhooks": (going, ".webhooks li"),
        f"w/{running}/json": (going, "[aria-label=JSON]"),
        f"w/{done}": ("completed · completed · Workflows", ".message"),
        f"w/{failed}": ("error · error · Workflows", ".message"),
        "new?example=card": ("New workflow · Workflows", ".plan, .step"),
        "phones": ("Phones · Workflows", ".phone"),
        "play": ("Play the example · Workflows", ".begin"),
        f"play/{running}": (going, ".phone"),
        "overview": ("Overview · Workflows", ".tile"),
    }


def wrong(page, axe):
    """What axe finds, shortly, with targets that are too small, and the pixels by which the page is too wide."""
    found = [f"{one['id']}: {node['html'][:150]}" for one in axe(page) for node in one["nodes"]]
    small = [f"{one['width']:.0f} x {one['height']:.0f}: {one['name']}" for one in page.evaluate(SMALL, LEAST)]
    wide = page.evaluate(SIDEWAYS)
    return found + small + ([f"{wide} px too wide"] if wide > 0 else [])


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 320)], ids=["light", "dark", "narrow"]
)
def test_every_page(site, new_page, places, axe, faults, scheme, width):
    """On every page axe finds nothing, no target is too small, nothing scrolls sideways, and the title says where."""
    page = new_page(color_scheme=scheme, width=width)
    page.goto("console")
    page.get_by_role("heading", name="Sign in").wait_for()
    found = {"sign-in": wrong(page, axe)}
    assert page.title() == "Sign in · Workflows"
    open_console(page, site, wait=False).reload()
    page.get_by_role("navigation", name="Pages").wait_for()
    for place, (title, shown) in places.items():
        page.evaluate("(place) => { location.hash = `#/${place}`; }", place)
        expect(page).to_have_title(re.compile(rf"^(\(\d+\) )?{re.escape(title)}$"))
        expect(page.locator(shown).first).to_be_visible()
        found[place] = wrong(page, axe)
    faults.expect("status of 400")
    page.evaluate("location.hash = '#/new?example=overview'")
    page.locator('[id="workflow[1].to.number"]').fill("12ab")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    found["new with faults"] = wrong(page, axe)
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    found["help"] = wrong(page, axe)
    listed = [f"{place}: {fault}" for place, all_of_it in found.items() for fault in dict.fromkeys(all_of_it)]
    assert not listed, "\n".join(listed)


class Keyboard:
    """The keys of a reader without a mouse. The focus must be on something after each of them."""

    def __init__(self, page):
        self.page = page

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def focus(self):
        """The name of what has the focus."""
        return self.page.evaluate(
            "() => document.activeElement === document.body ? 'nothing' : document.activeElement.textContent.trim()"
        )

    def held(self):
        """Wait until something has the focus."""
        expect(self.page.locator(":focus")).to_have_count(1)

    def tab_to(self, locator):
        """Go on by Tab until an element has the focus, and see that this is visible."""
        expect(locator).to_be_visible()
        for _ in range(60):
            if locator.evaluate("(one) => one === document.activeElement"):
                break
            self.press("Tab")
        expect(locator).to_be_focused()
        style = "(one) => getComputedStyle(one.closest('.item') ?? one).outlineStyle"
        assert locator.evaluate(style) != "none"


def test_by_keyboard(site, page):
    """A reader without a mouse signs in, plays a failover through, and cancels another workflow."""
    keyboard = Keyboard(page)
    page.goto("console")
    expect(page.get_by_label("API key")).to_be_focused()
    page.keyboard.type(site.world.api_key)
    keyboard.press("Tab")
    page.keyboard.type(site.world.api_secret)
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No workflow yet")).to_be_visible()
    keyboard.press("g", "p")
    expect(page.get_by_role("heading", level=1, name="Phones")).to_be_focused()
    keyboard.tab_to(page.get_by_role("link", name="Play the example"))
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Play the example")).to_be_focused()
    keyboard.tab_to(page.get_by_role("button", name="Play", exact=True))
    keyboard.press("Enter")
    page.wait_for_url(re.compile("#/play/.+"))
    keyboard.held()
    workflow_id = page.url.split("/")[-1]
    site.send(workflow_id)
    expect(page.get_by_role("region", name="Phone of Anna")).to_be_visible()
    keyboard.tab_to(page.get_by_role("button", name="End the wait now"))
    keyboard.press("Enter")
    expect(page.get_by_role("button", name="End the wait now")).to_be_hidden()
    keyboard.held()
    site.send(workflow_id, 1)
    phone = page.get_by_role("region", name="Phone of 447700900950")
    expect(phone).to_be_visible()
    keyboard.tab_to(phone.get_by_role("button", name="Deliver", exact=True))
    keyboard.press("Enter")
    expect(phone).to_contain_text("✓✓ delivered")
    site.callbacks()
    expect(page.get_by_text("Done, by SMS.")).to_be_visible()
    keyboard.held()

    other = site.post(MESSENGER, SMS, client_ref="the other")
    site.send(other)
    keyboard.press("g", "w")
    expect(page.get_by_role("heading", level=1, name="Workflows")).to_be_focused()
    expect(page.get_by_role("link", name="the other")).to_be_visible()
    keyboard.press("j")
    expect(page.get_by_role("link", name="the other")).to_be_focused()
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="the other")).to_be_focused()
    keyboard.press("x")
    keyboard.held()
    keyboard.tab_to(page.get_by_role("button", name=re.compile("^Cancel")).last)
    keyboard.press("Enter")
    expect(page.get_by_text(re.compile("^Cancelled"))).not_to_have_count(0)
    keyboard.held()
    assert site.world.read(other).status == "cancelled"


def test_skip_and_shortcuts(site, page):
    """The first Tab is a way to the content. Shortcuts are text in a field, and can be switched off."""
    open_console(page, site, "new")
    keyboard = Keyboard(page)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    skip = page.get_by_role("link", name="Skip to the content")
    keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.get_by_label("client_ref", exact=False).last.focus()
    keyboard.press("g", "w")
    expect(page).to_have_url(re.compile("#/new"))
    page.get_by_role("heading", level=1).focus()
    keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog.get_by_text("go to the workflows")).to_be_visible()
    keyboard.tab_to(dialog.get_by_label("Use these keys"))
    keyboard.press("Space", "Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("heading", level=1).focus()
    keyboard.press("g", "w")
    keyboard.press("?")
    expect(page).to_have_url(re.compile("#/new"))
    expect(dialog).to_be_hidden()
    page.reload()
    page.get_by_role("heading", level=1).focus()
    keyboard.press("g", "w")
    expect(page).to_have_url(re.compile("#/new"))


def test_what_is_said(site, page):
    """A screen reader hears what is new, at most once in five seconds, and of several things the newest."""
    workflow_id = site.post(MESSENGER, SMS)
    site.send(workflow_id)
    watch = Watch(site, page)
    watch.open(f"w/{workflow_id}")
    expect(page.get_by_text("Waiting for “read” on Messenger.")).to_be_visible()
    page.evaluate(
        """() => {
            window.heard = [];
            const status = document.querySelector(".foot");
            const note = () => status.textContent && heard.push([performance.now(), status.textContent]);
            new MutationObserver(note).observe(status, { subtree: true, childList: true, characterData: true });
        }"""
    )
    for word in ("submitted", "delivered", "read"):
        site.receipt(workflow_id, 0, word)
        page.get_by_role("button", name="Look again").click()
        watch.run(1, step=50)
        expect(page.get_by_role("list", name="What happened").get_by_text(word).first).to_be_visible()
    watch.run(10, step=50)
    [(first, submitted), (second, completed)] = page.evaluate("heard")
    assert (submitted, completed) == ("Status: Messenger: submitted.", "Status: Completed by Messenger.")
    assert 5000 <= second - first < 5100


def test_reduced_motion(site, new_page):
    """Nothing moves by itself for a reader who does not want it."""
    page = new_page(reduced_motion="reduce")
    workflow_id = site.post({**MESSENGER, "to": {"type": "messenger", "id": "sim-phone-anna"}}, SMS)
    site.send(workflow_id)
    open_console(page, site, f"play/{workflow_id}")
    expect(page.get_by_role("region", name="Phone of Anna")).to_be_visible()
    moving = "() => document.getAnimations().filter((one) => one.playState === 'running').length"
    assert page.evaluate(moving) == 0
