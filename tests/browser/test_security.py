"""Who may do what, by hand: passwords and lists on the page, and a lab of one's own with a press."""

import re

from playwright.sync_api import Browser, Page, expect

from kafkalab.bench.peers import free_ports, start_lab
from tests.browser.conftest import ARTEFACTS, act


def test_users_and_lists_are_seen_and_taken_away(page: Page) -> None:
    act(page, "set_password", user="alice", password="secret")
    lists = page.locator("#security-lists")
    expect(lists).to_contain_text("alice SCRAM-SHA-256")
    page.locator("details[data-act=add_acl] summary").first.click()
    form = page.locator("details[data-act=add_acl]")
    form.locator("[name=principal]").fill("User:alice")
    form.locator("[name=operation]").select_option("read")
    form.locator("[name=resource]").fill("ord")
    form.locator("[name=pattern]").select_option("prefixed")
    expect(form.locator(".equals code")).to_have_text(
        re.compile(
            r"kafka-acls.sh --bootstrap-server \S+ --add --allow-principal User:alice --operation Read --topic ord"
            r" --resource-pattern-type prefixed"
        )
    )
    form.locator("button[type=submit]").click()
    entry = "User:alice is allowed READ on every topic whose name begins with ord"
    expect(lists).to_contain_text(entry)
    expect(page.locator("#facts")).to_contain_text(f"A new access control list entry: {entry}.")
    page.screenshot(path=ARTEFACTS / "security.png")
    lists.get_by_role("button", name=f"Strike out: {entry}").click()
    lists.get_by_role("button", name="Take alice's password for SCRAM-SHA-256 away").click()
    expect(lists).to_contain_text("No entry: everybody may do everything.")
    expect(lists).to_contain_text("None yet.")


def test_a_learner_makes_a_lab_and_sees_how_to_get_in(chromium: Browser) -> None:
    port = free_ports(3) + 500
    peer = start_lab(options=("--labs-port", str(port)))
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    try:
        page = context.new_page()
        page.goto(peer.url)
        page.wait_for_selector("html[data-ready]")
        page.get_by_role("tab", name="Connect").click()
        page.get_by_role("link", name="your own labs").click()
        page.get_by_role("button", name="New lab").click()
        page.wait_for_selector("html[data-ready]")
        expect(page.locator(".line")).to_contain_text("live")
        page.get_by_role("tab", name="Connect").click()
        name = page.locator(".lab-name").inner_text()
        expect(page.locator("#user-1")).to_have_text(name)
        expect(page.locator("#bootstrap")).to_have_text(f"bootstrap.servers=127.0.0.1:{port}")
        page.screenshot(path=ARTEFACTS / "learner.png")
        page.goto(peer.url + "labs/")
        expect(page.locator("table")).to_contain_text(name)
        page.get_by_role("button", name="Delete with everything in it").click()
        expect(page.locator("main")).to_contain_text("You have none yet.")
    finally:
        context.close()
        peer.stop()
