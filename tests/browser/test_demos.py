"""A demo as a presenter gives it: two windows, a remote, a dark screen, and back again."""

from playwright.sync_api import Browser, Page, expect

from kafkalab.bench.peers import Peer
from tests.browser.conftest import ARTEFACTS
from tests.browser.test_access import violations


def test_a_demo_is_given_with_a_remote_in_two_windows(chromium: Browser, lab: Peer) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    complaints: list[str] = []
    cards, wall = context.new_page(), context.new_page()
    for page in (cards, wall):
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
    cards.goto(f"{lab.url}demos/1-a-log-not-a-queue/")
    wall.goto(f"{lab.url}demos/1-a-log-not-a-queue/?projector")
    for page in (cards, wall):
        page.wait_for_selector("html[data-ready]")
    pane = cards.locator("#demo")
    expect(pane).to_contain_text("Watch the numbers: each record gets the next one.")
    expect(wall.locator("html[data-present][data-lens=log]")).to_have_count(1)
    expect(wall.locator("[data-pane=demo]")).to_have_count(0)
    cards.locator(".tempo-rates button").last.click()
    forward(cards, pane_says="with the offsets 0 to 4. (holds)")
    forward(cards, pane_says="Billing has read all five. What is in the log now?")
    ARTEFACTS.mkdir(exist_ok=True)
    cards.screenshot(path=ARTEFACTS / "demo-cards.png")
    assert violations(cards, "cards", ".pane") == []
    # The remote is heard where the window is that has the focus, whichever it is.
    wall.locator("body").press("PageDown")
    expect(pane).to_contain_text("Billing got five records. (holds)")
    expect(wall.locator("#stage-svg [data-looked-at]")).to_have_count(1)
    expect(wall.locator("#stage-svg")).to_contain_text("billing")
    wall.screenshot(path=ARTEFACTS / "demo-projector.png")
    cards.locator("body").press("b")
    expect(wall.locator("html[data-dark-screen]")).to_have_count(1)
    expect(pane).to_contain_text("The projector shows nothing.")
    cards.locator("body").press("b")
    expect(wall.locator("html[data-dark-screen]")).to_have_count(0)
    cards.locator("body").press("PageUp")
    expect(pane.locator("[data-phase=ready]")).to_contain_text("The first reader")
    expect(wall.locator("#stage-svg")).not_to_contain_text("billing")
    context.close()
    assert complaints == []


def forward(page: Page, pane_says: str) -> None:
    page.locator("body").press("PageDown")
    expect(page.locator("#demo")).to_contain_text(pane_says)
