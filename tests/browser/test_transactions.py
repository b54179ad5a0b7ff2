"""A transaction on the page: its state, its steps, and a person who ends it."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import act


def test_a_transaction_is_seen_opened_and_ended(page: Page) -> None:
    act(
        page,
        "create_producer",
        topic="orders",
        rate="5",
        transactional_id="transfer",
        records_per_transaction="100000",
    )
    card = page.get_by_role("button", name=re.compile("^Transactional id transfer, Ongoing, epoch 0"))
    expect(card).to_be_visible(timeout=20_000)
    card.click()
    now = page.locator("#now")
    expect(now).to_contain_text("Open: what is written is in the logs")
    expect(now).to_contain_text("its producer begins, with epoch 0")
    now.get_by_role("button", name="Force its end").click()
    expect(page.locator("#done")).to_contain_text("forceTerminateTransaction --transactionalId transfer")
    expect(now).to_contain_text("PrepareAbort, epoch 1", timeout=20_000)
