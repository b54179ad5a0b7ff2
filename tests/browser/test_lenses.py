"""The matrix, the lines of life, and the inspector's answers to why and with which settings."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, act

CELLS = "#stage-svg .matrix-cell"


def test_a_copy_is_carried_to_another_broker_reviewed_and_moved(page: Page) -> None:
    act(page, "create_topic", name="wide", partitions="48", replication_factor="2")
    page.keyboard.press("Escape")
    page.locator("body").press("3")
    expect(page.locator(f"{CELLS}[aria-label^='wide partition']")).to_have_count(96)
    expect(page.locator("#stage-head")).to_contain_text("even")
    cell = page.locator(f"{CELLS}[data-carry^='wide 0 ']").first
    source = cell.bounding_box()
    target = page.locator(".matrix-empty[data-slot^='wide 0 ']").bounding_box()
    assert source is not None
    assert target is not None
    to = page.locator(".matrix-empty[data-slot^='wide 0 ']").get_attribute("data-slot")
    assert to is not None
    page.mouse.move(source["x"] + 8, source["y"] + 6)
    page.mouse.down()
    page.mouse.move(source["x"] + 22, source["y"] + 8)
    page.mouse.move(target["x"] + 8, target["y"] + 6)
    page.mouse.up()
    review = page.locator("#review")
    expect(review).to_contain_text("Move wide-0?")
    expect(review).to_contain_text(f"Broker {to.split()[2]} copies")
    expect(review.locator(".equals code")).to_contain_text("kafka-reassign-partitions.sh")
    expect(page.locator(f"{CELLS}[data-slot='{to}']")).to_have_count(0)
    review.get_by_label("Throttle").fill("1000000")
    review.get_by_role("button", name="Move it").click()
    expect(review).to_contain_text("wide-0 has moved", timeout=15_000)
    expect(page.locator("#done li").first).to_contain_text("--throttle 1000000")
    expect(page.locator(f"{CELLS}[data-slot='{to}']")).to_have_count(1)
    page.screenshot(path=ARTEFACTS / "matrix-lens.png")


def test_a_copy_is_moved_with_the_keyboard_alone(page: Page) -> None:
    page.locator("body").press("3")
    cell = page.locator(f"{CELLS}[data-carry='orders 0 1']")
    cell.focus()
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#lens-tools")).to_contain_text("Carrying orders-0 from broker 1 to broker 2")
    page.keyboard.press("Enter")
    expect(page.locator("#review")).to_contain_text("No records are copied: only the order of its replicas changes.")
    page.get_by_role("button", name="Let go").click()
    expect(page.locator("#review-tab")).to_be_hidden()


def test_lines_of_life_light_up_what_led_to_what(page: Page) -> None:
    page.locator("body").press("4")
    act(page, "send_record", topic="orders", key="user-7", value="b", partition="0")
    request = page.locator(".arrow[data-family=produce]:not([data-answer])")
    expect(request).to_have_count(1)
    page.locator(".arrow[data-family=produce][data-answer]").dispatch_event("pointerover")
    expect(request).to_have_attribute("data-part", "cause")
    page.screenshot(path=ARTEFACTS / "space-time-lens.png")
    page.get_by_role("button", name="Put away the line of Broker 1").click()
    expect(page.locator(".life-head")).to_have_count(4)
    page.get_by_role("button", name="+ broker-1").click()
    expect(page.locator(".life-head")).to_have_count(5)


def test_a_new_leader_says_why_it_leads(page: Page) -> None:
    page.locator("#broker-acts li", has_text="Broker 3").get_by_role("button", name="kill -9").click()
    page.get_by_role("button", name=re.compile("Broker 3, crashed")).wait_for()
    expect(page.locator("#facts")).to_contain_text("The controller fenced broker 3", timeout=20_000)
    page.locator("#facts .fact", has_text="The controller fenced broker 3").get_by_role("button", name="why").click()
    links = page.locator("#why .why-link")
    expect(links).to_have_count(3)
    expect(links.nth(1)).to_contain_text("Broker 3 was killed")
    expect(links.nth(2)).to_contain_text("kill -9 <pid of broker 3>")
    links.nth(1).get_by_title("Show this moment").click()
    expect(page.locator("html")).to_have_attribute("data-past", "true")
    expect(links).to_have_count(3)


def test_a_setting_is_found_changed_and_taken_back(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Topic orders")).click()
    page.get_by_role("tab", name="Config").click()
    page.get_by_label("Find a setting").fill("min.insync")
    row = page.locator(".config")
    expect(row).to_have_count(1)
    row.locator("summary").click()
    row.get_by_label("New value of min.insync.replicas").fill("2")
    expect(row.locator(".equals code")).to_contain_text("--add-config min.insync.replicas=2")
    row.get_by_role("button", name="Set").click()
    expect(row).to_contain_text("set here")
    expect(row.locator(".config-value")).to_have_text("2")
    row.get_by_role("button", name="Reset").click()
    expect(row.locator(".config-value")).to_have_text("1")
    expect(page.locator("#done li").first).to_contain_text("--delete-config min.insync.replicas")
