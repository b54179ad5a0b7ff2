"""A class in Chromium: an instructor and two learners, each at a browser of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from kafkalab.bench.peers import MANAGE, Peer
from tests.browser.conftest import ARTEFACTS, act

PASSWORD = "correct horse battery"
SCRIPT = "<script>alert(1)</script>7"


@contextmanager
def person(chromium: Browser, complaints: list[str], width: int = 1440, height: int = 900) -> Iterator[Page]:
    """At a browser of their own."""
    context = chromium.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    context.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context.new_page()
    context.close()


@pytest.fixture
def teacher(lab: Peer) -> str:
    data = str(getattr(lab.keep[0], "name"))  # noqa: B009
    command = [sys.executable, str(MANAGE), "instructor", "grace", "--data", data]
    environment = {**os.environ, "KAFKALAB_PYTHON_IS_READY": "1"}
    subprocess.run(command, input=f"{PASSWORD}\n", env=environment, text=True, check=True, capture_output=True)
    return "grace"


def joined(page: Page, url: str, code: str, name: str) -> None:
    page.goto(f"{url}join/")
    page.get_by_label("Code of the room").fill(code.lower())
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("What shall we call you?").fill(name)
    page.get_by_role("button", name="Sit down").click()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator(".room-who strong")).to_have_text(name)


def test_a_class_joins_is_watched_and_one_of_it_is_in_the_spotlight(chromium: Browser, lab: Peer, teacher: str) -> None:
    complaints: list[str] = []
    with person(chromium, complaints) as desk, person(chromium, complaints) as ada, person(chromium, complaints) as bo:
        desk.goto(f"{lab.url}rooms/")
        desk.get_by_label("Name").fill(teacher)
        desk.get_by_label("Password").fill(PASSWORD)
        desk.get_by_role("button", name="Log in").click()
        desk.get_by_label("Title").fill("Monday")
        desk.get_by_role("button", name="Open the room").click()
        code = desk.locator(".ticket .room-code").inner_text()
        expect(desk.locator("#tiles")).to_have_text("Nobody has joined yet.")
        joined(ada, lab.url, code, "Ada Lovelace")
        joined(bo, lab.url, code, SCRIPT)
        expect(desk.locator(".tile h2")).to_have_count(2)
        assert sorted(desk.locator(".tile h2").all_inner_texts()) == sorted(["Ada Lovelace", SCRIPT])
        # What a learner does shows on the tile, and a hand that is raised comes first.
        act(ada, "create_topic", name="clicks")
        tile = desk.locator("[data-seat='Ada Lovelace']")
        expect(tile.locator(".tile-did")).to_contain_text("--create --topic clicks")
        bo.get_by_role("button", name="Raise your hand").click()
        expect(desk.locator(".tile").first).to_have_attribute("data-state", "hand")
        desk.screenshot(path=ARTEFACTS / "classroom-console.png")
        # Everybody is told, and waits.
        desk.get_by_label("Say to all").fill("Look here")
        desk.get_by_role("button", name="Say", exact=True).click()
        expect(ada.locator("#room-message")).to_have_text("Look here")
        desk.get_by_role("button", name="Pause all").click()
        expect(bo.locator("#room-paused")).to_be_visible()
        desk.get_by_role("button", name="Go on").click()
        expect(bo.locator("#room-paused")).to_be_hidden()
        # Watched, read-only; and on the wall without a name.
        with desk.context.expect_page() as opened:
            tile.get_by_role("link", name="Watch").click()
        watched = opened.value
        watched.wait_for_selector("html[data-ready]")
        expect(watched.locator(".room-watching")).to_contain_text("You are watching Ada Lovelace.")
        expect(watched.locator("#facts")).to_contain_text("clicks")
        assert watched.locator("[data-pane=act]").get_attribute("inert") is not None
        watched.screenshot(path=ARTEFACTS / "classroom-watching.png")
        wall = desk.context.new_page()
        wall.goto(f"{lab.url}rooms/{code}/projector/")
        expect(wall.locator(".wall-code")).to_have_text(code)
        expect(wall.locator("#room-joined")).to_have_text("2 have joined")
        wall.screenshot(path=ARTEFACTS / "classroom-wall.png")
        tile.get_by_role("button", name="Spotlight").click()
        wall.wait_for_selector("html[data-present]")
        assert "Ada" not in wall.content()
        wall.screenshot(path=ARTEFACTS / "classroom-spotlight.png")
        ada.screenshot(path=ARTEFACTS / "classroom-seat.png")
    assert complaints == []
