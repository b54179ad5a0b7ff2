"""Time in the hand: held, stepped and slowed by key and button, given up to a real client, and parted into branches."""

import re
import socket
import time

from playwright.sync_api import Page, expect

from kafkalab.bench.peers import Peer
from tests.browser.conftest import ARTEFACTS, act


def test_time_is_held_stepped_and_slowed_by_keys(page: Page) -> None:
    clock = page.locator(".tempo-time")
    page.locator("body").press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    stood = clock.text_content() or ""
    page.wait_for_timeout(300)
    expect(clock).to_have_text(stood)
    page.locator("body").press("ArrowRight")
    expect(clock).not_to_have_text(stood)
    page.locator("body").press("[")
    expect(page.get_by_role("button", name="1/2", exact=True)).to_have_attribute("aria-pressed", "true")
    page.locator("body").press("]")
    page.locator("body").press("Space")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    expect(page.locator("#done")).to_contain_text("lab time step")


def test_a_branch_goes_its_own_way_and_is_compared(page: Page, lab: Peer) -> None:
    act(page, "fork", name="what-if")
    branch = page.get_by_role("group", name="Branches").get_by_role("link", name="what-if", exact=True)
    expect(branch).to_be_visible()
    act(page, "create_topic", name="only-here")
    page.get_by_role("link", name="Compare with what-if").click()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator("#differences")).to_contain_text("Topic only-here is in home only.")
    page.get_by_role("button", name="Pause both").click()
    expect(page.locator("#differences")).to_contain_text(re.compile("Both are at .* UTC"))
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "compare.png")
    page.get_by_role("button", name="Play both").click()
    expect(page.get_by_role("button", name="Pause both")).to_be_visible()
    page.get_by_role("list", name="Delivery ledger of what-if").get_by_role("link", name=re.compile("^Acked: ")).click()
    page.wait_for_selector("html[data-ready]")
    expect(page.get_by_role("group", name="Branches").locator("[aria-current=page]")).to_have_text("what-if")
    expect(page.locator("#ledger-finder [name=fate]")).to_have_value("acked")
    expect(page.locator("#ledger-rows")).to_be_visible()
    expect(page.get_by_role("tab", name="Connect")).to_have_count(0)


def test_a_real_client_takes_the_clock_and_the_page_says_so(page: Page, lab: Peer) -> None:
    host, _, port = lab.bootstrap.split(",")[0].partition(":")
    client = socket.create_connection((host, int(port)))
    bar = page.get_by_role("region", name="Time", exact=True)
    expect(bar).to_contain_text("Wall time")
    expect(bar).to_contain_text("Real clients hold 1 connection")
    expect(page.locator("#facts")).to_contain_text("A real client came in from 127.0.0.1")
    page.screenshot(path=ARTEFACTS / "wall-time.png")
    page.locator("body").press("Space")
    expect(page.locator("#pause")).to_have_attribute("aria-pressed", "true")
    page.locator("body").press("Space")
    client.close()
    time.sleep(0.1)
    page.get_by_role("button", name="Back to lab time").click()
    expect(bar).to_contain_text("Lab time")
