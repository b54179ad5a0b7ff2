"""A quota is set on the page, who is over it is marked, and the page of what is real is a click away."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, act


def test_a_producer_over_its_quota_is_marked_until_the_quota_goes(page: Page) -> None:
    act(page, "create_topic", name="bounded", partitions="1", replication_factor="1")
    expect(page.locator("#done li").first).to_contain_text("--topic bounded")
    act(page, "create_producer", topic="bounded", rate="50")
    card = page.get_by_role("button", name=re.compile("^Producer .* to bounded"))
    expect(card).to_be_visible()
    act(page, "set_client_quota", limit="1000", client_id="*")
    line = "--alter --add-config producer_byte_rate=1000 --entity-type clients --entity-default"
    expect(page.locator("#done li").first).to_contain_text(line)
    expect(card.locator(".throttled")).to_be_visible(timeout=30_000)
    page.screenshot(path=ARTEFACTS / "throttled.png")
    card.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#now")).to_contain_text("producer_byte_rate")
    act(page, "set_client_quota", limit="", client_id="*")
    expect(page.locator("#done li").first).to_contain_text("--delete-config producer_byte_rate")
    page.get_by_role("tab", name="Now").click()
    page.locator("details.twice summary", has_text="Remove").click()
    page.get_by_role("button", name=re.compile("for good$")).click()


def test_a_setting_of_every_broker_is_changed(page: Page) -> None:
    act(page, "alter_broker_config", name="log.cleaner.backoff.ms", value="soon")
    expect(page.locator("[data-act=alter_broker_config] .form-error")).to_contain_text("INVALID_CONFIG")
    act(page, "alter_broker_config", name="log.cleaner.backoff.ms", value="14000")
    expect(page.locator("#done li").first).to_contain_text(
        "--broker-defaults --add-config log.cleaner.backoff.ms=14000"
    )


def test_what_is_real_is_a_click_away_and_leads_back(page: Page) -> None:
    page.get_by_role("button", name="Help").click()
    page.get_by_role("link", name="What is real").click()
    expect(page.get_by_role("heading", name="What is real here")).to_be_visible()
    expect(page.locator("tr", has_text="AlterClientQuotas")).to_contain_text("charged and not measured")
    page.screenshot(path=ARTEFACTS / "real.png")
    page.get_by_role("link", name="Back to the stage").click()
    expect(page.locator("#stage-svg")).to_be_visible()
