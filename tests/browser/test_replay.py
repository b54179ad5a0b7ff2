"""A tape on the stage: the world stands still before its end, and the person lets time go on."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kafkalab.bench.peers import MANAGE, free_ports
from kafkalab.lab import Lab, LabSettings
from kafkalab.lab.commands import AddConsumer, CrashBroker, CreateProducer, CreateTopic
from tests.browser.conftest import ARTEFACTS

SECOND_US = 1_000_000


def tape(path: Path) -> Path:
    """A broker is killed under load, and nobody has noticed yet."""
    lab = Lab.open(None, LabSettings(seed=3), start_us=1_767_225_600 * SECOND_US)
    lab.advance(2 * SECOND_US)
    for command in (
        CreateTopic("orders", 3, 3),
        CreateProducer("orders", rate=5),
        AddConsumer(("orders",), group="billing"),
        CrashBroker(2),
    ):
        lab.do(command, lambda outcome: None)
        lab.advance(4 * SECOND_US)
    assert lab.tape is not None
    lab.tape.save(path, lab.world.now_us)
    return path


@pytest.fixture
def replayed(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page of a tape. Whatever the browser complains about fails the test."""
    port = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, str(MANAGE), "replay", str(tape(tmp_path / "tape.jsonl")), "--serve", "--port", str(port)],
        env={**os.environ, "KAFKALAB_PYTHON_IS_READY": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while not process.stdout.readline().startswith("Time stands still"):
        assert process.poll() is None
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"http://127.0.0.1:{port}/")
    page.wait_for_selector("html[data-ready]")
    yield page
    context.close()
    process.terminate()
    process.wait(20)
    assert complaints == []


def test_time_stands_still_and_goes_on_as_the_person_says(replayed: Page) -> None:
    page = replayed
    time = page.locator(".tempo-time")
    expect(page.get_by_role("button", name=re.compile("^Broker 2, crashed"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Group billing"))).to_be_visible()
    expect(page.get_by_text("bootstrap.servers")).to_have_count(0)
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "replay.png")
    before = time.text_content()
    page.wait_for_timeout(400)
    expect(time).to_have_text(before or "")
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page.locator("#done")).to_contain_text("lab time step")
    page.get_by_role("button", name=re.compile("^10.$")).click()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(time).not_to_have_text(before or "")
    # Nine seconds of silence later.
    expect(page.locator("#facts")).to_contain_text(re.compile("[Bb]roker 2 .*silent|fenced"), timeout=15_000)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
