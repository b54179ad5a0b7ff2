"""Groups on the page: a group of the newer protocol with its epochs, and the comparison of rebalances."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS


def add_member(page: Page) -> None:
    page.get_by_role("tab", name="Act").click()
    form = page.locator("details[data-act=add_consumer]")
    section = page.locator("section[data-section]", has=form).get_attribute("data-section")
    page.locator(f"[data-section-tab={section}]").click()
    if form.get_attribute("open") is None:
        form.locator("summary").first.click()
    form.locator("[name=topics]").fill("orders")
    form.locator("[name=group]").fill("modern")
    form.locator("[name=group_protocol]").select_option("consumer")
    form.locator("button[type=submit]").click()


def test_a_group_of_the_consumer_protocol_tells_its_epochs_and_who_waits(page: Page) -> None:
    add_member(page)
    expect(page.locator("#done")).to_contain_text("--command-property group.protocol=consumer")
    card = page.locator(".group", has_text="modern")
    expect(card).to_contain_text("group epoch 2 · assignment epoch 2", timeout=20_000)
    expect(card.locator(".member-role")).to_have_text(["epoch 2"])
    # Longer than the coordinator takes between two targets: so the next one comes with the member.
    page.wait_for_timeout(6_000)
    add_member(page)
    expect(card.locator(".moving[data-how=waits]").first).to_contain_text("waits: another has it", timeout=20_000)
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "consumer-group-reconciling.png")
    expect(card.locator(".member-role")).to_have_text(["epoch 3", "epoch 3"], timeout=20_000)
    expect(card.locator(".moving")).to_have_count(0, timeout=20_000)
    card.locator(".card-name").click()
    expect(page.locator("#now")).to_contain_text("Assignment epoch")
    expect(page.locator("#now")).to_contain_text("Target: orders-")


def test_rebalances_are_compared_side_by_side(page: Page) -> None:
    page.get_by_role("button", name="Help").click()
    page.get_by_role("link", name="Rebalances").click()
    page.get_by_label("Story").select_option("crashes")
    page.get_by_label("Seed").fill("2")
    # Three plays take seconds, more on a busy machine.
    page.get_by_role("button", name="Compare").click(timeout=90_000)
    drawings = page.get_by_role("img", name=re.compile("^Timeline: "))
    expect(drawings).to_have_count(3, timeout=60_000)
    boxes = [drawings.nth(number).bounding_box() for number in range(3)]
    assert len({box["y"] for box in boxes if box}) == 1
    expect(page.locator("tr[data-member=member-3] td").first).to_have_text("killed")
    page.locator("details.side").last.locator("summary").click()
    expect(page.locator("details.side").last).to_contain_text("A new target is due.")
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "rebalances.png", full_page=True)
