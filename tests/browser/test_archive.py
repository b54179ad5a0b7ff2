"""The page of the archive: a topic is piped into the store, its sink is killed, and each record is there once."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, act


def test_a_killed_sink_goes_on_and_the_store_has_each_record_once(page: Page) -> None:
    act(page, "create_producer", topic="orders", rate="20")
    page.goto(page.url.partition("/labs/")[0] + "/labs/home/archive/")
    start = page.get_by_role("form", name="Archive a topic")
    start.get_by_label("or seconds").fill("2")
    start.get_by_role("button", name="Start archiving").click()
    records = page.locator("[data-figure=objects]")
    expect(records).not_to_have_text("0", timeout=15_000)
    page.reload()
    page.get_by_role("button", name="kill -9 now").click()
    expect(page.locator("[data-figure=state]")).to_have_text("crashed or stopped")
    start.get_by_label("or seconds").fill("2")
    start.get_by_role("button", name="Start archiving").click()
    expect(page.locator("[data-figure=state]")).to_have_text("running", timeout=15_000)
    page.get_by_role("button", name="Read back and verify").click()
    row = page.locator("#verified tbody tr").first
    expect(row).to_have_attribute("data-whole", "true")
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "archive.png")
    page.get_by_role("link", name="What it costs").click()
    expect(page.locator("[data-cheapest] h2")).to_be_visible()
    page.screenshot(path=ARTEFACTS / "costs.png")
    page.get_by_role("link", name="Back to the stage").click()
    page.get_by_role("button", name="Object store of orders").click()
    expect(page.get_by_role("heading", name="Store of orders.jsonl")).to_be_visible()
    expect(page.get_by_role("button", name="kill -9…")).to_be_visible()
    expect(page.get_by_role("link", name="All of them, read back and verified")).to_have_attribute(
        "href", "/labs/home/archive/"
    )
