"""The metrics pane: charts by group, with their sentence, threshold and table, by keyboard too."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, act


def test_a_dead_broker_shows_in_the_charts(page: Page) -> None:
    act(page, "create_producer", topic="orders", rate="20")
    page.locator("#broker-acts li", has_text="Broker 3").get_by_role("button", name="kill -9").click()
    tab = page.get_by_role("tab", name="Metrics")
    tab.focus()
    page.keyboard.press("Enter")
    chart = page.locator("article.metric", has_text="UnderReplicatedPartitions")
    expect(chart).to_have_attribute("data-bad", "fault", timeout=25_000)
    expect(chart).to_contain_text("one more failure may leave too few")
    expect(chart.get_by_role("img", name=re.compile(r"UnderReplicatedPartitions: broker-1 \d"))).to_be_visible()
    chart.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(chart.get_by_role("table")).to_contain_text("5 min ago")
    expect(chart).to_contain_text("kafka.server:type=ReplicaManager,name=UnderReplicatedPartitions")
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "metrics.png")
    page.get_by_role("button", name="Requests").click()
    times = page.locator("article.metric", has_text="TotalTimeMs 99thPercentile")
    expect(times).to_contain_text(re.compile(r"Produce\s*[\d.\s]+ms"))
    page.screenshot(path=ARTEFACTS / "metrics-requests.png")
