"""The terminal beside the stage: typed by hand, completed, and tied to the stage in both directions."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, act


@pytest.fixture
def line(page: Page):  # type: ignore[no-untyped-def]
    page.locator("body").press("/")
    typed = page.locator("#terminal-line")
    expect(typed).to_be_focused()
    return typed


def test_a_tool_is_typed_completed_and_its_names_light_up_the_stage(page: Page, line) -> None:  # type: ignore[no-untyped-def]
    line.fill("kafka-topics --create --topic shoes --partitions 2 --replication-factor 3")
    line.press("Enter")
    output = page.locator("#terminal-output")
    expect(output).to_contain_text("Created topic shoes.")
    line.fill("kafka-topics --des")
    line.press("Tab")
    expect(line).to_have_value("kafka-topics --describe ")
    line.press_sequentially("--topic sho")
    line.press("Tab")
    expect(line).to_have_value("kafka-topics --describe --topic shoes ")
    line.press("Enter")
    expect(output).to_contain_text("PartitionCount: 2")
    partition = output.locator("[data-names='partition:shoes:1']").first
    partition.hover()
    expect(page.locator("#stage-svg .replica[data-pointed]")).to_have_count(3)
    page.screenshot(path=ARTEFACTS / "terminal.png")
    output.locator("[data-names='broker:2']").first.click()
    expect(page.locator("#stage-svg .broker[data-selected]")).to_have_attribute("data-id", "broker:2")
    expect(line).to_be_visible()
    line.press("ArrowUp")
    line.press("ArrowUp")
    expect(line).to_have_value(re.compile("^kafka-topics --create"))


def test_a_consumer_is_a_tab_with_a_stop_button_and_a_producer_takes_lines(page: Page, line) -> None:  # type: ignore[no-untyped-def]
    line.fill("kafka-topics --create --topic hats --partitions 1")
    line.press("Enter")
    expect(page.locator("#terminal-output")).to_contain_text("Created topic hats.")
    line.fill("kafka-console-consumer --topic hats --partition 0 --offset 0")
    line.press("Enter")
    consumer = page.get_by_role("tab", name=re.compile("^kafka-console-consumer"))
    expect(consumer).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Shell").click()
    line.fill("kafka-console-producer --topic hats")
    line.press("Enter")
    expect(page.locator("#terminal-prompt")).to_have_text(">")
    line.fill("a bowler")
    line.press("Enter")
    page.get_by_role("button", name="End its input").click()
    consumer.click()
    expect(page.locator("#terminal-output")).to_contain_text("a bowler")
    page.get_by_role("button", name="Stop kafka-console-consumer").click()
    expect(consumer).to_have_count(0)
    expect(page.locator("#terminal-output")).to_contain_text("Processed a total of 1 messages")


def test_what_was_done_on_the_page_can_be_typed_again(page: Page) -> None:
    act(page, "create_topic", name="gloves", partitions="1", replication_factor="1")
    done = page.locator("#done .shell-line").first
    expect(done).to_contain_text("kafka-topics.sh")
    done.click()
    line = page.locator("#terminal-line")
    expect(line).to_have_value(re.compile("--create --topic gloves"))
    line.press("Enter")
    expect(page.locator("#terminal-output")).to_contain_text("Topic 'gloves' already exists.")
    refused = page.locator("#done li[data-state=refused]")
    expect(refused).to_contain_text("--create --topic gloves")
    expect(page.locator("#done li")).to_have_count(2)
