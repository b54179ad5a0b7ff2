"""How smoothly the page draws: `python -m kafkalab.bench.drawing`, with Chromium, prints and judges nothing.

Frames are counted where they are drawn: by the times that the browser gives to requestAnimationFrame. What the
browser was busy with meanwhile is told by its own trace, in time of the processor: that is ours, whoever else wants
the machine. An empty page is measured beside the stage: what is missing there is the machine's.
"""

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from websockets.sync.client import connect
from websockets.typing import Origin

from kafkalab.bench.peers import Peer, start_lab

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WARM_UP_MS = 4_000
LONG_MS = 50
TRACED_MS = 3_000
COUNT = """(ms) => new Promise((done) => {
  const times = [];
  const tick = (at) => { times.push(at); at - times[0] < ms ? requestAnimationFrame(tick) : done(times); };
  requestAnimationFrame(tick);
})"""
TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline", "toplevel", "cc", "viz"]
TOLD = {
    "FunctionCall": "our script",
    "FireAnimationFrame": "our script, in animation frames",
    "UpdateLayoutTree": "style",
    "Layout": "layout",
    "PrePaint": "pre-paint",
    "Paint": "paint",
    "Layerize": "layerize",
    "Commit": "commit",
    "RasterTask": "raster, on threads of its own",
    "MinorGC": "garbage, small",
    "MajorGC": "garbage, large",
}
"""The spans of a trace that are told of, in words. Script within an animation frame counts in both."""


@dataclass(frozen=True)
class Scene:
    """A lab, and what goes on in it."""

    name: str
    brokers: int
    commands: tuple[dict[str, Any], ...]


def _group(name: str, members: int, topic: str) -> Iterator[dict[str, Any]]:
    for number in range(members):
        yield {"command": "add_consumer", "topics": [topic], "group": name, "name": f"{name}-{number + 1}"}


SCENES = (
    Scene("default lab at rest", 3, ()),
    Scene(
        "default lab, 1,000 records/s and a group that reads them",
        3,
        ({"command": "create_producer", "topic": "orders", "rate": 1_000}, *_group("billing", 2, "orders")),
    ),
    Scene(
        "5 brokers, 12 partitions, 4 groups, 1,000 records/s",
        5,
        (
            {"command": "create_topic", "name": "payments", "partitions": 9, "replication_factor": 3},
            {"command": "create_producer", "topic": "orders", "rate": 500},
            {"command": "create_producer", "topic": "payments", "rate": 500},
            *_group("billing", 2, "payments"),
            *_group("search", 2, "payments"),
            *_group("audit", 1, "orders"),
            *_group("mail", 1, "orders"),
        ),
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--lens", action="append", help="which key chooses the lens: 1 is flow, 2 is log")
    parser.add_argument("--only", type=int, help="which scene, from 0 on")
    said = parser.parse_args()
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        sys.exit("Chromium is not installed.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        with _opened(browser, "about:blank") as page:
            _tell("an empty page", _measured(browser, page, said.seconds))
        for scene in SCENES if said.only is None else SCENES[said.only : said.only + 1]:
            peer = start_lab(brokers=scene.brokers)
            try:
                _play(peer, scene)
                with _opened(browser, peer.url) as page:
                    page.wait_for_selector("html[data-ready]")
                    for lens in said.lens or ["1", "2"]:
                        page.locator("body").press(lens)
                        page.wait_for_timeout(WARM_UP_MS)
                        _tell(f"{scene.name}, lens {lens}", _measured(browser, page, said.seconds))
            finally:
                peer.stop()
        browser.close()


@contextmanager
def _opened(browser: Browser, url: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="no-preference")
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


def _play(peer: Peer, scene: Scene) -> None:
    url = peer.url.replace("http://", "ws://") + "ws/labs/home/"
    with connect(url, origin=Origin(peer.url.rstrip("/")), max_size=None) as socket:
        for number, command in enumerate(scene.commands, 1):
            socket.send(json.dumps({**command, "id": number}))
            while (answer := json.loads(socket.recv(timeout=30))).get("id") != number:
                continue
            if not answer["ok"]:
                sys.exit(f"{command}: {answer['error']}")


@dataclass(frozen=True)
class Drawn:
    """What one measurement found, in milliseconds."""

    gaps: list[float]
    """Between drawn frames."""
    busy: Counter[str]
    """Of the processor's time in one second, by kind of work."""
    tasks: list[float]
    """Of the page's main thread, each task's own time: one that is long is a frame that comes late."""


def _measured(browser: Browser, page: Page, seconds: float) -> Drawn:
    times = page.evaluate(COUNT, seconds * 1000)
    browser.start_tracing(page=page, categories=TRACED)
    page.wait_for_timeout(TRACED_MS)
    trace = json.loads(browser.stop_tracing())["traceEvents"]
    busy: Counter[str] = Counter()
    for event in trace:
        if event.get("ph") == "X" and event["name"] in TOLD:
            busy[TOLD[event["name"]]] += event.get("tdur", 0) / TRACED_MS
    named = [event for event in trace if event["name"] == "thread_name"]
    main = {(event["pid"], event["tid"]) for event in named if event["args"]["name"] == "CrRendererMain"}
    tasks = [
        event.get("tdur", 0) / 1000
        for event in trace
        if event["name"] == "RunTask" and (event["pid"], event["tid"]) in main
    ]
    return Drawn(sorted(after - before for before, after in pairwise(times)), busy, sorted(tasks) or [0.0])


def _tell(what: str, drawn: Drawn) -> None:
    gaps, tasks = drawn.gaps, drawn.tasks
    long = sum(gap > LONG_MS for gap in gaps)
    at = [gaps[min(len(gaps) - 1, int(len(gaps) * part))] for part in (0.95, 0.99)]
    print(f"\n{what}")
    print(f"  {1000 / median(gaps):.1f} frames/s (median), {1000 * len(gaps) / sum(gaps):.1f} (mean);", end=" ")
    print(f"p95 {at[0]:.0f} ms, p99 {at[1]:.0f} ms, most {gaps[-1]:.0f} ms, {long} of {len(gaps)} over {LONG_MS} ms")
    print(f"  longest task of the page's own: {tasks[-1]:.1f} ms of the processor;", end=" ")
    print(f"{sum(task > LONG_MS for task in tasks)} of {len(tasks)} over {LONG_MS} ms")
    for kind, ms in drawn.busy.most_common():
        print(f"  {ms:7.1f} ms of the processor in a second: {kind}")


if __name__ == "__main__":
    main()
