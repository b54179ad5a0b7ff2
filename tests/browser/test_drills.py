"""A drill as a learner meets it in Chromium, up to a debrief that can be scrubbed. The socket tests what wins."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from kafkalab.bench.peers import Peer
from tests.browser.conftest import ARTEFACTS
from tests.browser.test_access import violations


@pytest.fixture
def page(chromium: Browser, lab: Peer) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True, reduced_motion="reduce")
    complaints: list[str] = []
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{lab.url}drills/")
    yield page
    context.close()
    assert complaints == []


def test_on_call_from_the_list_of_drills_to_a_debrief_that_can_be_scrubbed(page: Page) -> None:
    assert violations(page, "the drills") == []
    page.get_by_role("link", name="The same error every second").click()
    page.wait_for_selector("html[data-ready]")
    pane = page.locator("#drill")
    pane.get_by_role("button", name="Take the pager").click()
    begin = pane.get_by_role("button", name="Begin the watch")
    expect(begin).to_be_disabled()
    for metric in ("lag", "stuck"):
        pane.locator(f"input[value={metric}]").check()
    begin.click()
    expect(pane).to_have_attribute("data-step", "watch")
    expect(page.locator("#tempo button:visible")).to_have_count(0)
    pane.get_by_role("button", name="Give up, to the debrief").click()
    pane.get_by_role("button", name="Yes").click()
    expect(pane).to_have_attribute("data-step", "debrief")
    expect(pane.locator("meter")).to_have_count(4)
    expect(pane).to_contain_text("Poison pill")
    page.locator("[data-drill-moment]").focus()
    page.keyboard.press("Home")
    expect(page.locator("html")).to_have_attribute("data-past", "true")
    pane.get_by_label("One rule").fill("Look first.")
    pane.get_by_role("button", name="Keep it").click()
    expect(pane).to_contain_text("Skip one offset of one partition, after a dry run, and keep what you skipped.")
    with page.expect_download() as left:
        pane.get_by_role("link", name="Markdown").click()
    assert "Rule: Look first." in left.value.path().read_text(encoding="utf-8")
    assert violations(page, "the drills") == []
    page.screenshot(path=ARTEFACTS / "drill-debrief.png")
