"""A class in Chromium: an instructor's session with three learners from the room to the files of the debrief, each at a
browser of their own, one of them a phone."""

import json
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


def test_an_instructors_session_with_three_learners(chromium: Browser, lab: Peer, teacher: str) -> None:
    """Half a minute must pass until what was mended counts: meanwhile the others come, the class watches and votes."""
    complaints: list[str] = []
    with (
        person(chromium, complaints) as desk,
        person(chromium, complaints) as ada,
        person(chromium, complaints) as bo,
        person(chromium, complaints, 390, 844) as cy,
    ):
        code = is_opened(desk, lab.url, teacher)
        joins(ada, lab.url, code, "Ada Lovelace")
        act(ada, "create_topic", name="clicks")
        drill_begins(desk, ada)
        joins(bo, lab.url, code, SCRIPT)
        is_mended_by(ada)
        joins(cy, lab.url, code, "Cy")
        has_one_column(cy)
        desk.get_by_role("link", name="The room").click()
        shows_who_needs_help(desk, bo)
        wall = shows_how_to_join(desk, code)
        is_watched_and_spotlit(desk, wall, "Ada Lovelace")
        votes_until_the_engine_answers(desk, wall, lab.url, code, (ada, bo, cy))
        is_debriefed(desk, wall, lab.url, code, ada)
    assert complaints == []


def is_opened(desk: Page, url: str, teacher: str) -> str:
    """A room: its code."""
    desk.goto(f"{url}rooms/")
    desk.get_by_label("Name").fill(teacher)
    desk.get_by_label("Password").fill(PASSWORD)
    desk.get_by_role("button", name="Log in").click()
    desk.get_by_label("Title").fill("Monday")
    desk.get_by_role("button", name="Open the room").click()
    expect(desk.locator("#tiles")).to_have_text("Nobody has joined yet.")
    return desk.locator(".ticket .room-code").inner_text()


def joins(page: Page, url: str, code: str, name: str) -> None:
    page.goto(f"{url}join/")
    page.get_by_label("Code of the room").fill(code.lower())
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("What shall we call you?").fill(name)
    page.get_by_role("button", name="Sit down").click()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator(".room-who strong")).to_have_text(name)


def has_one_column(phone: Page) -> None:
    """The drill's page, to which it went by itself: nothing lies sideways, and letters are as large as elsewhere."""
    phone.wait_for_url("**/drill/")
    expect(phone.locator("#stage-svg")).to_contain_text("9 partitions")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    assert str(phone.locator("#stage-svg").get_attribute("viewBox")).split()[2] == "390.0"
    phone.screenshot(path=ARTEFACTS / "classroom-phone.png", full_page=True)


def shows_how_to_join(desk: Page, code: str) -> Page:
    with desk.context.expect_page() as opened:
        desk.get_by_role("link", name="Projector", exact=True).click()
    wall = opened.value
    expect(wall.locator(".wall-code")).to_have_text(code)
    expect(wall.locator("#room-joined")).to_have_text("3 have joined")
    return wall


def shows_who_needs_help(desk: Page, bo: Page) -> None:
    """What a learner did is on the tile, a raised hand comes first; and what is said reaches everybody."""
    bo.get_by_role("button", name="Raise your hand").click()
    expect(desk.locator("[data-seat='Ada Lovelace'] .tile-did")).to_contain_text("--create --topic clicks")
    expect(desk.locator(".tile").first).to_have_attribute("data-state", "hand")
    names = desk.locator(".tile h2").all_inner_texts()
    assert (names[0], sorted(names)) == (SCRIPT, sorted(["Ada Lovelace", SCRIPT, "Cy"]))
    desk.screenshot(path=ARTEFACTS / "classroom-console.png")
    desk.get_by_label("Say to all").fill("Look here")
    desk.get_by_role("button", name="Say", exact=True).click()
    expect(bo.locator("#room-message")).to_have_text("Look here")
    desk.get_by_role("button", name="Pause all").click()
    expect(bo.locator("#room-paused")).to_be_visible()
    desk.get_by_role("button", name="Go on").click()
    expect(bo.locator("#room-paused")).to_be_hidden()


def drill_begins(desk: Page, ada: Page) -> None:
    """Every page goes there by itself. It breaks for whom the instructor says, once she is ready."""
    desk.get_by_role("link", name="Drill", exact=True).click()
    desk.get_by_label("Which drill").select_option("17")
    desk.get_by_role("button", name="Begin the drill").click()
    ada.get_by_role("button", name="Take the pager").click()
    for metric in ("idle-brokers", "under-replicated"):
        ada.locator(f"#drill input[value={metric}]").check()
    ada.get_by_role("button", name="Pin them").click()
    expect(ada.locator("#drill")).to_contain_text("Pinned. Whoever leads the room says when it begins.")
    desk.get_by_role("checkbox", name="Ada Lovelace").check()
    desk.get_by_label("Delay, seconds").fill("0")
    desk.get_by_role("button", name="Inject").click()


def is_mended_by(ada: Page) -> None:
    """By a line of the terminal. Two facts are her evidence."""
    pane = ada.locator("#drill")
    pane.get_by_role("button", name="Acknowledge").click()
    pane.locator("input[value=skew]").check()
    pane.get_by_role("button", name="State the impact").click()
    for count in (1, 2):
        pane.get_by_role("button", name="Pin", exact=True).first.click()
        expect(pane.locator(".drill-pinned li")).to_have_count(count)
    pane.locator("input[value=restart]").check()
    pane.get_by_role("button", name="That is the cause").click()
    expect(pane).to_have_attribute("data-step", "mend")
    ada.locator("body").press("/")
    ada.locator("#terminal-line").fill("kafka-leader-election --election-type preferred --all-topic-partitions")
    ada.locator("#terminal-line").press("Enter")
    expect(ada.locator("html")).to_have_attribute("data-drill", "hold")
    ada.screenshot(path=ARTEFACTS / "classroom-seat.png")


def is_watched_and_spotlit(desk: Page, wall: Page, name: str) -> None:
    """Her drill's cluster: watched read-only, with a name; on the wall, which had shown how to join, without one."""
    tile = desk.locator(f"[data-seat='{name}']")
    with desk.context.expect_page() as opened:
        tile.get_by_role("link", name="Watch").click()
    watched = opened.value
    watched.wait_for_selector("html[data-ready]")
    expect(watched.locator(".room-watching")).to_contain_text(f"You are watching {name}.")
    expect(watched.locator("#facts")).to_contain_text("orders")
    assert watched.locator("[data-pane=act]").get_attribute("inert") is not None
    watched.close()
    tile.get_by_role("button", name="Spotlight").click()
    wall.wait_for_selector("html[data-present]")
    expect(wall.locator("#stage-svg")).to_contain_text("9 partitions")
    assert "Ada" not in wall.content()
    wall.screenshot(path=ARTEFACTS / "classroom-spotlight.png")


def votes_until_the_engine_answers(desk: Page, wall: Page, url: str, code: str, learners: tuple[Page, ...]) -> None:
    """On the stage and on a phone. What was said is hidden until it is shown, who is right until the engine says."""
    desk.goto(f"{url}rooms/{code}/votes/")
    desk.get_by_role("button", name="Ask it").first.click()
    # There is one window for the projector, whatever it shows.
    desk.get_by_role("link", name="The projector's page").click()
    cy = learners[-1]
    for page, number in zip(learners, ("3", "5", "5"), strict=True):
        page.locator("#ballot input[name=said]").fill(number)
        page.locator("#ballot").get_by_role("button", name="Vote", exact=True).click()
    expect(wall.locator(".vote-voted")).to_have_text("3 of 3 seats have voted in round 1.")
    for page in (desk, wall, cy):
        expect(page.locator(".vote-bars")).to_have_count(0)
    desk.get_by_role("button", name="Show everybody what was said").click()
    for page in (desk, wall, cy):
        expect(page.locator(".vote-bars li")).to_have_text(["3 1 · 33 %", "5 2 · 67 %"])
    with desk.context.expect_page() as opened:
        desk.get_by_role("link", name="Let the engine answer").click()
    engine = opened.value
    engine.get_by_role("button", name="Carry it out").click()
    expect(wall.locator(".vote-answer")).to_have_text("The engine says: 5", timeout=15_000)
    expect(cy.locator("[data-right]")).to_have_text("5 2 · 67 % ✓ right")
    wall.screenshot(path=ARTEFACTS / "classroom-vote.png")
    engine.close()


def is_debriefed(desk: Page, wall: Page, url: str, code: str, ada: Page) -> None:
    """Together, on the wall and without names; and with them in three files."""
    expect(ada.locator("html")).to_have_attribute("data-drill", "verified", timeout=35_000)
    desk.goto(f"{url}rooms/{code}/drill/")
    desk.get_by_role("button", name="Stop, to the debrief").click()
    expect(ada.locator(".drill-verdict")).to_have_attribute("data-won", "true")
    ada.get_by_role("tab", name="Drill").click()
    ada.get_by_label("One rule").fill("=Look at who leads.")
    ada.get_by_role("button", name="Keep it").click()
    desk.get_by_role("link", name="Debrief on the projector").click()
    expect(wall.locator("h1")).to_have_text("Leadership skew")
    expect(wall.locator(".class-debrief")).to_contain_text("1 of 1 clusters are done, 1 of them mended.")
    expect(wall.locator(".class-debrief")).to_contain_text("=Look at who leads.")
    expect(wall.locator("meter")).to_have_count(4)
    assert "Ada" not in wall.content()
    wall.screenshot(path=ARTEFACTS / "classroom-debrief.png")
    left = {kind: taken(desk, kind) for kind in ("Markdown", "CSV", "JSON")}
    assert "| Ada Lovelace | yes |" in left["Markdown"]
    assert "- Rule: =Look at who leads." in left["Markdown"]
    assert [line.split(",")[:2] for line in left["CSV"].splitlines()[1:]] == [
        [mark, called] for mark, called in zip(places(left["JSON"]), ["Ada Lovelace", SCRIPT, "Cy"], strict=True)
    ]
    [adas, *_others] = json.loads(left["JSON"])["places"]
    assert (adas["won"], adas["written"]["rule"]) == (True, "=Look at who leads.")
    assert any("kafka-leader-election" in line["text"] for line in adas["timeline"])


def taken(page: Page, kind: str) -> str:
    with page.expect_download() as left:
        page.get_by_role("link", name=kind, exact=True).click()
    return left.value.path().read_text(encoding="utf-8")


def places(text: str) -> list[str]:
    return [each["place"] for each in json.loads(text)["places"]]
