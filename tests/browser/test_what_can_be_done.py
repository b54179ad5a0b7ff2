"""Everything that the lab can do is on the page, and what a fault hits shows it, with a button that undoes it."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from kafkalab.lab import COMMANDS
from kafkalab.web.labs.menus import IN_THE_TOP_BAR
from tests.browser.conftest import ARTEFACTS, act


@pytest.fixture(autouse=True)
def _all_is_mended(page: Page) -> Iterator[None]:
    """The lab is everybody's: a test that failed half way shall not leave its faults to the next."""
    yield
    while page.locator("#faults button", has_text="Undo").count():
        # One that was undone by the test itself may go from under the pointer.
        with suppress(PlaywrightTimeout):
            page.locator("#faults button", has_text="Undo").first.click(timeout=2_000)
        page.wait_for_timeout(100)


def menu_of(page: Page, thing: str, *, faults: bool = False) -> None:
    """Choose a thing on the stage."""
    page.get_by_role("button", name=re.compile(thing)).first.focus()
    page.keyboard.press("Enter")
    if faults:
        page.locator("#now summary", has_text="Break something").click()


def test_every_command_is_a_form_or_a_button(page: Page) -> None:
    forms = page.locator("form[data-orders]").evaluate_all("all => all.map(form => form.dataset.orders)")
    menus = json.loads(page.locator("#menus").text_content() or "")
    pressed = {item["command"] for items in menus.values() for item in items if not item["asks"]}
    assert {*forms} | pressed == set(COMMANDS) - {*IN_THE_TOP_BAR}


def test_a_slow_disk_stands_in_its_brokers_column_and_is_undone_there(page: Page) -> None:
    menu_of(page, "^Broker 1, running", faults=True)
    page.get_by_role("button", name="Slow disk…").click()
    form = page.locator("details[data-act=slow_disk]")
    expect(form.locator("[name=broker]")).to_have_value("1")
    form.locator("[name=delay_ms]").fill("3")
    expect(form.locator(".equals")).to_contain_text("dmsetup reload broker-1")
    form.get_by_role("button", name="Slow it down").click()
    chip = page.get_by_role("button", name=re.compile("^Fault on broker 1: slow disk: 3 ms, for [0-9] s"))
    expect(chip).to_be_visible()
    expect(page.locator("#faults")).to_contain_text("1 fault")
    page.screenshot(path=ARTEFACTS / "fault.png")
    chip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#now h2")).to_have_text("broker 1: slow disk: 3 ms")
    page.locator("#stage-svg").get_by_role("button", name="Undo: broker 1 slow disk: 3 ms").focus()
    page.keyboard.press("Enter")
    expect(chip).to_have_count(0)
    expect(page.locator("#faults")).to_be_hidden()


def test_a_cut_link_is_a_wire_between_two_brokers(page: Page) -> None:
    act(page, "cut_link", one="broker-1", other="broker-1")
    expect(page.locator("[data-act=cut_link] [data-error-of=other]")).to_have_text("must be another node")
    act(page, "cut_link", one="broker-1", other="broker-3")
    wire = page.get_by_role("button", name=re.compile("^Fault on broker 1 ↔ broker 3: cut"))
    expect(wire).to_be_visible()
    assert page.locator(".fault[data-cut=true] .fault-wire").count() == 3
    page.locator("#faults").get_by_role("button", name="Undo: broker 1 ↔ broker 3 cut").click()
    expect(wire).to_have_count(0)


def test_a_partition_is_moved_to_another_broker(page: Page) -> None:
    act(page, "create_topic", name="moving", partitions="1", replication_factor="1")
    replica = page.get_by_role("button", name=re.compile("moving partition 0 on broker [123]: leader"))
    expect(replica).to_be_visible()
    held = int(re.findall("broker ([123])", replica.get_attribute("aria-label") or "")[0])
    menu_of(page, "moving partition 0 on broker")
    page.get_by_role("button", name="Move to other brokers…").click()
    form = page.locator("details[data-act=reassign_partition]")
    expect(form.locator("[name=replicas]")).to_have_value(str(held))
    form.locator("[name=replicas]").fill("one")
    form.get_by_role("button", name="Move").click()
    expect(form.locator("[data-error-of=replicas]")).to_have_text("must be whole numbers, separated by commas")
    target = held % 3 + 1
    form.locator("[name=replicas]").fill(str(target))
    form.get_by_role("button", name="Move").click()
    expect(page.get_by_role("button", name=f"moving partition 0 on broker {target}: leader")).to_be_visible()
    expect(page.get_by_role("button", name=f"moving partition 0 on broker {held}")).to_have_count(0)
    expect(page.locator("#done li").first).to_contain_text("kafka-reassign-partitions.sh")
    act(page, "alter_topic_config", topic="moving", name="retention.ms", value="a week")
    expect(page.locator("[data-act=alter_topic_config] .form-error")).to_contain_text("INVALID_CONFIG")


def test_the_log_lens_shows_what_compaction_took(page: Page) -> None:
    act(page, "create_topic", name="prices", partitions="1", configs="cleanup.policy=compact")
    for price in ("1", "2", "3"):
        act(page, "send_record", topic="prices", key="shoe", value=price)
        expect(page.locator("#done li").first).to_contain_text(f"<<< {price}")
    menu_of(page, "^Topic prices")
    page.get_by_role("button", name="Roll segments").click()
    page.get_by_role("button", name="Compact now").click()
    page.locator("#stage-svg").focus()
    page.locator("body").press("2")
    # A follower that has not heard of the last high watermark compacts less: only the leader's row is sure.
    gap = page.locator(".log-row[data-state=leader] .gap title")
    expect(gap).to_have_text("Offsets 0 to 1 are empty: their records were compacted away.")
    expect(page.get_by_role("button", name=re.compile("leader · 2 segments$"))).to_be_visible()
    page.screenshot(path=ARTEFACTS / "compacted.png")
