"""The page's main path, with the hands of a person: choose, send, run, read, kill, open."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, act

MARKUP = "<img src=x onerror=\"document.title='taken'\">"


def test_a_newcomer_sees_a_cluster_that_stands_ready(page: Page) -> None:
    expect(page.get_by_role("button", name=re.compile("^Broker [123], running"))).to_have_count(3)
    expect(page.get_by_role("button", name="Topic orders, 3 partitions, 3 replicas each")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("orders partition . on broker .: leader"))).to_have_count(3)
    expect(
        page.get_by_role("button", name=re.compile("orders partition . on broker .: follower, in sync"))
    ).to_have_count(6)
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "first-screen.png")


def test_a_record_is_sent_found_again_and_opened_down_to_its_bytes(page: Page) -> None:
    act(page, "send_record", topic="orders", key="user-7", value=MARKUP, headers="trace: 42")
    page.get_by_role("button", name=re.compile("stored as orders-. offset 0: open it")).click()
    record = page.locator("#record")
    expect(record).to_contain_text(MARKUP)
    expect(record).to_contain_text("partition leader epoch")
    expect(page.locator("#done")).to_contain_text("kcat -b 127.0.0.1")
    expect(page).to_have_title("home · Kafka Lab")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator("#done")).to_contain_text("kcat -b 127.0.0.1")


def test_a_number_says_what_it_means_to_whoever_comes_to_it_by_keyboard(page: Page) -> None:
    acked = page.get_by_role("button", name=re.compile("^Acked: "))
    expect(acked).to_have_accessible_description("Records of which a broker said that they are stored.")
    acked.focus()
    means = page.locator("#means-acked")
    expect(means).to_be_visible()
    page.keyboard.press("Escape")
    expect(means).to_be_hidden()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#means-sent")).to_be_visible()


def test_a_group_shares_the_partitions_and_keeps_up(page: Page) -> None:
    act(page, "create_producer", topic="orders", rate="5")
    act(page, "add_consumer", topics="orders", group="billing")
    expect(page.locator("#done li").first).to_contain_text("--group billing")
    expect(page.get_by_role("button", name=re.compile("^Group billing, stable, 1 members"))).to_be_visible(
        timeout=20_000
    )
    expect(page.get_by_role("listitem", name=re.compile(r"^Delivered: [1-9]"))).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("body").press("2")
    expect(page.get_by_text(re.compile("^high watermark [1-9]")).first).to_be_visible()
    page.screenshot(path=ARTEFACTS / "log-lens.png")


def test_a_killed_broker_loses_its_leaderships_and_comes_back(page: Page) -> None:
    row = page.locator("#broker-acts li", has_text="Broker 3")
    row.get_by_role("button", name="kill -9").click()
    expect(page.get_by_role("button", name=re.compile("^Broker 3, crashed"))).to_be_visible()
    expect(page.locator("#facts")).to_contain_text("The controller fenced broker 3", timeout=20_000)
    expect(page.get_by_role("button", name=re.compile("orders partition . on broker 3: offline"))).to_have_count(3)
    page.screenshot(path=ARTEFACTS / "broker-down.png")
    row.get_by_role("button", name="Start").click()
    expect(page.get_by_role("button", name=re.compile("^Broker 3, running"))).to_be_visible(timeout=20_000)
    back = re.compile("orders partition . on broker 3: (follower, in sync|leader)")
    expect(page.get_by_role("button", name=back)).to_have_count(3, timeout=20_000)


def test_a_wrong_field_has_its_reason_beside_it(page: Page) -> None:
    act(page, "create_topic", name="no/slash")
    expect(page.locator("[data-act=create_topic] [data-error-of=name]")).to_contain_text("is not allowed")
    act(page, "create_topic", name="fine", replication_factor="9")
    expect(page.locator("[data-act=create_topic]")).to_contain_text("replication factor")


def test_the_page_can_be_walked_with_the_keyboard(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Broker 1, running")).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#now h2")).to_have_text("Broker 2")


def test_the_theme_is_remembered(page: Page) -> None:
    page.get_by_role("button", name="Help").click()
    page.get_by_role("button", name="Theme").click()
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 20, 26)"


def test_single_keys_can_be_turned_off(page: Page) -> None:
    page.locator("body").press("2")
    expect(page.locator("html")).to_have_attribute("data-lens", "log")
    page.get_by_role("button", name="Help").click()
    page.get_by_role("button", name="Keys on").click()
    page.locator("body").press("1")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.locator("body").press("2")
    page.locator("body").press("Space")
    page.get_by_role("button", name="Help").click()
    expect(page.get_by_role("button", name="Keys off")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-lens", "flow")
    expect(page.locator("html")).to_have_attribute("data-paused", "false")


def test_replicas_are_large_where_there_is_room(page: Page) -> None:
    """On a fresh lab at a projector's size the rows fill the brokers' columns: what they say reads from afar."""
    page.set_viewport_size({"width": 1920, "height": 1080})
    row = page.get_by_role("button", name=re.compile("orders partition 0 on broker 1:"))
    expect(row).to_have_attribute("data-lines", re.compile("[23]"))
    sizes = row.locator("text").evaluate_all(
        "all => all.map(text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"
    )
    assert min(sizes) >= 14
    tops = page.locator("#stage-svg .broker").evaluate_all("all => all.map(one => one.getBoundingClientRect().bottom)")
    assert max(tops) <= 1080
