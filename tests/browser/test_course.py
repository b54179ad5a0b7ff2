"""The course outside of the stage, in Chromium: it can be read by everybody, and evidence gets into the workbook."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from kafkalab.bench.peers import Peer
from tests.browser.conftest import ARTEFACTS
from tests.browser.test_access import CONTRAST, RUN_WITH, violations

PAGES = ("", "workbook/", "workbook/Q9/", "search/?q=replica", "found-out/", "yours/", "sheets/7/")


@pytest.mark.parametrize(("scheme", "width", "height"), [("light", 1440, 900), ("dark", 1920, 1080)])
def test_axe_finds_nothing_in_the_course(lab: Peer, chromium: Browser, scheme: str, width: int, height: int) -> None:
    """In the dark only the colours are others."""
    context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{lab.url}course/workbook/Q9/")
    page.get_by_label("Your answer").fill("Three replicas, **one** of them leads.")
    expect(page.locator(".preview strong")).to_have_text("one")
    page.get_by_label("Command").fill("kafka-topics --list")
    page.get_by_role("button", name="Attach the command").click()
    found = []
    ARTEFACTS.mkdir(exist_ok=True)
    for path in PAGES if scheme == "light" else PAGES[:3]:
        page.goto(f"{lab.url}course/{path}")
        found += violations(page, path, options=RUN_WITH if scheme == "light" else CONTRAST)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        if path in ("", "workbook/Q9/"):
            page.screenshot(path=ARTEFACTS / f"course-{scheme}-{path.replace('/', '')}.png")
    page.goto(f"{lab.url}course/search/")
    page.get_by_label("Search the lessons").press_sequentially("acks waits")
    expect(page.locator("#found mark").first).to_have_text("acks")
    context.close()
    assert found == []


def test_a_picture_and_a_command_go_from_the_stage_into_the_workbook(page: Page, lab: Peer) -> None:
    page.get_by_role("tab", name="Terminal").click()
    page.get_by_label("Command line").fill("kafka-topics --list")
    page.get_by_label("Command line").press("Enter")
    expect(page.locator("#terminal-output")).to_contain_text("orders")
    kept = "Kept. It waits in the workbook to be attached to an answer."
    page.get_by_role("button", name="Keep the last command").click()
    expect(page.locator("[data-keep=command]")).to_have_text(kept)
    page.locator(".share > summary").click()
    page.get_by_role("button", name="Keep the stage for the workbook").click()
    expect(page.locator("[data-keep=picture]")).to_have_text(kept)
    page.get_by_role("link", name="Course").click()
    expect(page.get_by_role("heading", name="How Kafka works, by experiment")).to_be_visible()
    page.goto(f"{lab.url}course/workbook/")
    expect(page.locator(".note")).to_contain_text("2 things that you kept")
    page.get_by_role("link", name=re.compile("^Q9")).click()
    page.get_by_role("button", name=re.compile("^Attach ?: kafka-topics --list")).click()
    expect(page.locator(".piece pre")).to_have_text("$ kafka-topics --list\norders")
    page.get_by_role("button", name=re.compile("^Attach ?: home, ")).click()
    picture = page.locator(".piece img")
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") > 800
    answer = page.get_by_label("Your answer")
    answer.press_sequentially("One broker leads.")
    expect(page.locator(".preview")).to_have_text("One broker leads.")
    page.reload()
    expect(answer).to_have_value("One broker leads.")
