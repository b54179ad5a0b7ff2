"""A running lab and a real Chromium before it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from kafkalab.bench.peers import Peer, start_lab

ARTEFACTS = Path(__file__).parents[2] / ".artefacts"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Not for the whole session: Playwright keeps an event loop running, in which no other test could run its own."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        assert not os.environ.get("CI"), "Chromium is missing: .ci/run installs it"
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def lab() -> Iterator[Peer]:
    """Untouched: what one file of tests leaves behind is not there for the next."""
    peer = start_lab()
    yield peer
    peer.stop()


@pytest.fixture
def page(chromium: Browser, lab: Peer) -> Iterator[Page]:
    """The stage, opened. Whatever the browser complains about fails the test."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="no-preference")
    complaints: list[str] = []
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(lab.url)
    page.wait_for_selector("html[data-ready]")
    yield page
    context.close()
    assert complaints == []


def act(page: Page, command: str, **fields: str) -> None:
    """Fill in a form beside the stage and send it off."""
    page.get_by_role("tab", name="Act").click()
    form = page.locator(f"details[data-act={command}]")
    section = page.locator("section[data-section]", has=form).get_attribute("data-section")
    page.locator(f"[data-section-tab={section}]").click()
    if form.get_attribute("open") is None:
        form.locator("summary").first.click()
    for name, value in fields.items():
        field = form.locator(f"[name={name}]")
        if not field.is_visible():
            form.locator("details summary").last.click()
        field.fill(value)
    form.locator("button[type=submit]").click()
