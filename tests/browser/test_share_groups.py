"""Share groups on the stage: the group, its consumers, and in the log lens who holds which record."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, act


def test_the_log_lens_shows_who_holds_which_record(page: Page) -> None:
    act(page, "add_share_consumer", topics="orders", group="pickers", processing_ms="2000")
    expect(page.locator("#done li").first).to_contain_text("kafka-console-share-consumer.sh")
    act(page, "add_share_consumer", topics="orders", group="pickers", processing_ms="2000")
    group = page.get_by_role("button", name=re.compile("^Group pickers, stable, 2 members"))
    expect(group).to_be_visible(timeout=30_000)
    act(page, "create_producer", topic="orders", rate="4")
    page.keyboard.press("Escape")
    page.locator("body").press("2")
    held = page.get_by_role("img", name=re.compile(r"^Offset \d+: held by share-consumer-[12]$"))
    expect(held.first).to_be_visible(timeout=60_000)
    page.get_by_role("button", name=re.compile("^share group pickers")).first.click()
    expect(page.locator("#now")).to_contain_text("Share group pickers")
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "share-group.png")
