"""The delivery ledger on the page: from a total to its records, and from a record to its bytes."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import act


def test_a_total_opens_its_records_and_a_row_opens_the_record(page: Page) -> None:
    act(page, "send_record", topic="orders", key="user-7", value="paid")
    expect(page.locator("#done")).to_contain_text("stored as orders", timeout=15_000)
    page.get_by_role("button", name=re.compile(r"^Acked: \d+\. List them")).click()
    row = page.locator(".ledger-rows tbody tr").first
    expect(row).to_contain_text("user-7")
    expect(row).to_contain_text(re.compile(r"Acked\s*on 1, 2, 3 · visible"))
    expect(row.locator(".ledger-when")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d\.\d\d\d$"))
    row.get_by_role("button", name=re.compile("^orders-")).click()
    expect(page.locator("#record")).to_contain_text("paid")
    expect(page.get_by_role("tab", name="Bytes")).to_have_attribute("aria-selected", "true")


def test_a_fate_that_no_record_has_says_so(page: Page) -> None:
    page.get_by_role("tab", name="Ledger").click()
    page.get_by_label("Fate", exact=True).select_option("lost_after_ack")
    expect(page.locator(".ledger-note")).to_contain_text("No record has this fate: lost after ack.")


def test_records_can_be_wanted_by_key_from_the_keyboard(page: Page) -> None:
    for key in ("a", "b"):
        act(page, "send_record", topic="orders", key=key, value=f"of {key}")
        expect(page.locator("#done li").first).to_contain_text("stored as orders", timeout=15_000)
    page.get_by_role("tab", name="Ledger").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Key", exact=True).locator("visible=true").fill("b")
    page.keyboard.press("Enter")
    expect(page.locator(".ledger-rows tbody tr")).to_have_count(1, timeout=15_000)
    expect(page.locator(".ledger-rows tbody tr")).to_contain_text("b")


def test_a_twin_is_shown_beside_how_it_was(page: Page) -> None:
    act(page, "create_producer", topic="orders", rate="5")
    expect(page.locator("#done li").first).to_contain_text("kafka-producer-perf-test", timeout=15_000)
    page.get_by_role("tab", name="Ledger").click()
    page.get_by_text("What if …").click()
    page.get_by_label("One thing changed").select_option("acks producer-1 1")
    page.get_by_role("button", name="Play it again").click()
    expect(page.locator(".what-if-said")).to_contain_text("acks=1, without idempotence", timeout=30_000)
    page.get_by_role("link", name="Both histories side by side").click()
    expect(page.locator(".twin-says")).to_contain_text("acks=all")
    expect(page.locator("[data-side]")).to_have_count(2)
    expect(page.locator("html")).to_have_attribute("data-ready", "true", timeout=15_000)
