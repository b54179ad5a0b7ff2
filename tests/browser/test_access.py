"""The page for everybody: by keyboard, read out, as tables, on a projector; and axe-core finds nothing."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from kafkalab.bench.peers import Peer
from tests.browser.conftest import ARTEFACTS, act

RUN_WITH: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
CONTRAST = RUN_WITH | {"runOnly": ["color-contrast"]}
OTHER_PAGES = ("api/", "real/", "security/", "rebalances/", "labs/", "archive/costs/")


def violations(page: Page, where: str, within: str = "body", options: dict[str, Any] = RUN_WITH) -> list[str]:
    found: list[dict[str, Any]] = Axe().run(page, context=within, options=options).response["violations"]
    return [f"{where}: {each['id']} at {node['target']}" for each in found for node in each["nodes"]]


@pytest.fixture(scope="module")
def busy_lab(lab: Peer, chromium: Browser) -> Peer:
    """With a record and a group, so that there is something to look at in each picture."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(lab.url)
    page.wait_for_selector("html[data-ready]")
    act(page, "send_record", topic="orders", key="user-7", value="hello")
    act(page, "add_consumer", topics="orders", group="billing")
    expect(page.get_by_role("button", name=re.compile("^Group billing, stable, 1 members"))).to_be_visible(
        timeout=20_000
    )
    context.close()
    return lab


@pytest.fixture
def looked_at(request: pytest.FixtureRequest, chromium: Browser, busy_lab: Peer) -> Iterator[Page]:
    """Axe writes styles of its own into what it looks at: this page's policy lets it."""
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=request.param, bypass_csp=True, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(busy_lab.url)
    page.wait_for_selector("html[data-ready]")
    yield page
    context.close()


def lenses(page: Page) -> Iterator[str]:
    for number in range(1, page.locator("[data-lens-tab]").count() + 1):
        page.locator("body").press(str(number))
        expect(page.locator("[data-lens-tab]").nth(number - 1)).to_have_attribute("aria-pressed", "true")
        yield f"lens {number}"
    page.locator("body").press("1")


@pytest.mark.parametrize("looked_at", ["light"], indirect=True)
def test_axe_finds_nothing_on_the_stage(looked_at: Page) -> None:
    page = looked_at
    found = [each for lens in lenses(page) for each in violations(page, lens)]
    for pane in page.locator("[role=tab][data-pane-tab]:not([hidden])").all():
        pane.click()
        found += violations(page, f"pane {pane.inner_text()}", ".pane")
    for key, where, within in (("t", "tables", "#stage"), ("?", "keys", "#help"), ("p", "present mode", "body")):
        page.locator("body").press(key)
        page.wait_for_timeout(200)
        found += violations(page, where, within)
        page.locator("body").press("Escape" if key == "?" else key)
    assert found == []


@pytest.mark.parametrize("looked_at", ["dark"], indirect=True)
def test_what_is_written_in_the_dark_can_be_read(looked_at: Page) -> None:
    page = looked_at
    found = [each for lens in lenses(page) for each in violations(page, lens, options=CONTRAST)]
    page.locator("body").press("t")
    found += violations(page, "tables", "#stage", CONTRAST)
    assert found == []


@pytest.mark.parametrize("looked_at", ["light", "dark"], indirect=True)
def test_axe_finds_nothing_on_the_other_pages(looked_at: Page, lab: Peer) -> None:
    """In the dark only the colours are others."""
    dark = looked_at.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    found = []
    for path in OTHER_PAGES:
        looked_at.goto(lab.url + path)
        found += violations(looked_at, path, options=CONTRAST if dark else RUN_WITH)
    assert found == []


def test_the_stage_is_walked_and_inspected_without_a_mouse(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("To the stage")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#stage-svg') !== null")
    page.get_by_role("button", name=re.compile("^Controller ")).focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_have_attribute("aria-label", re.compile("^Broker 2, running"))
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_have_attribute("aria-label", re.compile("^Topic orders"))
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_have_attribute("aria-label", re.compile("^orders partition . on broker 2"))
    page.keyboard.press("Enter")
    expect(page.locator("#now h2")).to_have_text(re.compile("orders-. on broker 2"))
    expect(page.locator("#stage-svg [aria-current=true]")).to_have_count(1)


def test_the_keys_are_listed_beside_the_stage_and_can_be_turned_off(page: Page) -> None:
    page.locator("body").press("?")
    keys = page.get_by_role("region", name="Help")
    expect(keys).to_contain_text("The same as tables")
    over, stage = keys.bounding_box(), page.locator("#stage").bounding_box()
    assert over is not None
    assert stage is not None
    assert over["x"] >= stage["x"] + stage["width"]
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.get_by_role("button", name="Help").click()
    page.get_by_role("button", name="Keys on").click()
    page.reload()
    page.wait_for_selector("html[data-ready]")
    for key in ("p", "t", "?"):
        page.locator("body").press(key)
    expect(page.locator("#stage-svg")).to_be_visible()
    expect(keys).to_be_hidden()


def test_the_tables_say_what_the_stage_shows(page: Page) -> None:
    leaders = {
        label.split(" on ")[0].replace(" partition ", "-"): label.split(" on ")[1].split(":")[0]
        for label in page.get_by_role(
            "button", name=re.compile(r"orders partition . on broker .: leader")
        ).evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    }
    assert len(leaders) == 3
    page.locator("body").press("t")
    expect(page.locator("#stage-svg")).to_be_hidden()
    table = page.get_by_role("table", name="Topic orders")
    rows = table.locator("tbody tr").evaluate_all(
        "all => all.map(row => [...row.cells].slice(0, 2).map(c => c.innerText))"
    )
    assert dict(rows) == leaders
    expect(page.get_by_role("region", name="Summary")).to_contain_text("What can be done next")
    table.get_by_role("button", name="orders-1").click()
    expect(page.locator("#now h2")).to_have_text("orders-1")


def test_present_mode_reads_from_the_last_row(busy_lab: Peer, page: Page) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.locator("body").press("p")
    expect(page.locator(".top")).to_be_hidden()
    expect(page.locator(".beat-said")).not_to_be_empty()
    expect(page.locator("#join-code")).to_be_visible()
    assert page.locator("#join-code").evaluate("one => one.decode().then(() => one.naturalWidth)") > 0
    expect(page.locator(".join-address")).to_have_text(re.compile(r"^http://127\.0\.0\.1:\d+/labs/home/$"))
    sizes = page.locator("#stage-svg text, .presented :is(.beat-said, .beat-when, .join-address)").evaluate_all(
        "all => all.map(one => parseFloat(getComputedStyle(one).fontSize) * (one.getScreenCTM?.().a ?? 1))"
    )
    assert min(sizes) >= 20
    strokes = page.locator("#stage-svg :is(.broker-body, .replica-body, .controller-body)").evaluate_all(
        "all => all.map(one => parseFloat(getComputedStyle(one).strokeWidth) * one.getScreenCTM().a)"
    )
    assert min(strokes) >= 3
    before = page.locator(".beat-said").inner_text()
    for _ in range(8):
        # The first is the beat that was told already, now with what it changed.
        page.keyboard.press("PageUp")
        expect(page.locator(".beat-when")).to_contain_text("behind")
        page.wait_for_timeout(300)
        if page.locator(".beat-said").inner_text() != before:
            break
    expect(page.locator(".beat-said")).not_to_have_text(before)
    page.keyboard.press("End")
    expect(page.locator(".beat-said")).to_have_text(before)
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "present.png")
    page.keyboard.press(".")
    expect(page.locator("html")).to_have_attribute("data-dark-screen", "")
    page.keyboard.press("Escape")
    expect(page.locator(".top")).to_be_visible()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "light")


@pytest.mark.parametrize("looked_at", ["light"], indirect=True)
def test_without_motion_envelopes_are_numbered_arrows(looked_at: Page) -> None:
    act(looked_at, "create_producer", topic="orders", rate="10")
    arrow = looked_at.locator("#stage-svg .flight", has=looked_at.locator(".flight-arrow"))
    expect(arrow.first.locator(".envelope-name")).to_have_text(re.compile(r"^1( |$)"), timeout=15_000)
    expect(arrow.first).to_have_attribute("opacity", "1")
