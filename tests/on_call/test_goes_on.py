"""An incident goes on after its lab is gone from memory, and after the server itself was killed."""

import asyncio
import http.cookiejar
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient
from websockets.sync.client import connect
from websockets.typing import Origin

from kafkalab.bench.peers import await_health, free_ports, lab_command
from kafkalab.web.drills.desks import desks
from kafkalab.web.drills.storing import all_stored
from tests.on_call.drilling import at_the_page_of, on_call
from tests.test_start import READY

DRILL_5 = "/drills/5-the-same-error-every-second/?seed=7"
PATIENCE_S = 60


@pytest.mark.django_db(transaction=True)
def test_who_comes_back_later_finds_the_incident_where_it_was_and_wins_it() -> None:
    async def scenario() -> None:
        async with on_call():
            learner = AsyncClient()
            async with at_the_page_of(learner, DRILL_5) as page:
                await page.is_paged()
                await page.asks("state_impact", choice="one-third")
                for fact in page.drill["facts"][:1]:
                    await page.asks("pin_fact", entry=fact["number"])
                await page.asks("note_belief", text="It is one record.")
                await page.plays(page.desk.duty.drill.solution[:3])
                name, before = page.desk.name, page.drill
                await asyncio.sleep(1)
            await all_stored()
            desks.close()
            async with at_the_page_of(learner, DRILL_5) as page:
                page.hurry()
                await page.until("cause")
                same = ("seed", "step", "pinned", "page", "impact", "notice")
                assert {key: page.drill[key] for key in same} == {key: before[key] for key in same}
                assert (page.desk.name, page.desk.duty.lab.faults.secret) == (name, True)
                assert "consumer:billing-1" not in page.desk.duty.lab.view()
                await page.plays(page.desk.duty.drill.solution[3:])
                await page.until("verified")
                await page.asks("begin_debrief")
                lines = (await page.until("debrief"))["debrief"]["lines"]
                assert "It is one record." in [line["text"] for line in lines if line["kind"] == "said"]
                assert page.drill["debrief"]["won"]
                await asyncio.sleep(0.5)
            await all_stored()
            desks.close()
            assert "Poison pill" in (await learner.get("/drills/")).content.decode()
            async with at_the_page_of(learner, DRILL_5) as page:
                assert (await page.until("debrief"))["debrief"]["won"]

    asyncio.run(scenario())


class Browser:
    """One with a cookie, before a server of its own process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.drill: dict[str, Any] = {}
        self.shown: dict[str, Any] = {}
        """The last snapshot or frame."""

    @contextmanager
    def at_the_drill(self) -> Iterator[None]:
        with self.opener.open(f"{self.url}{DRILL_5}", timeout=PATIENCE_S) as page:
            [path] = re.findall(r'data-socket="(/ws/labs/[^/]+/drill/)"', page.read().decode())
        cookie = "; ".join(f"{each.name}={each.value}" for each in self.jar)
        where = f"ws{self.url.removeprefix('http')}{path}"
        self.drill, self.shown = {}, {}
        with connect(
            where, origin=Origin(self.url), additional_headers={"Cookie": cookie}, max_size=None
        ) as self.socket:
            yield

    def asks(self, command: str, **fields: Any) -> None:
        self.socket.send(json.dumps({"command": command, "id": 1, **fields}))
        while (said := self.hear())["type"] != "answer":
            pass
        assert said["ok"], said

    def until(self, wanted: Callable[[], bool]) -> None:
        while not wanted():
            self.hear()

    def hear(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.socket.recv(timeout=PATIENCE_S))
        if said["type"] == "drill":
            self.drill = said["drill"]
        elif said["type"] != "answer":
            self.shown = said
        return said


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL to send to one process")
def test_the_server_is_killed_in_the_middle_of_a_drill_and_the_drill_goes_on(tmp_path: Path) -> None:
    port = free_ports(4)
    learner = Browser(f"http://127.0.0.1:{port + 3}")
    with server(port, tmp_path, learner.url) as process:
        with learner.at_the_drill():
            learner.until(lambda: learner.drill.get("step") == "brief")
            learner.asks("take_pager")
            learner.asks("pin_metrics", metrics=["lag", "stuck"])
            learner.asks("begin_watch")
            learner.asks("note_belief", text="All is quiet.")
            learner.asks("create_topic", name="mine", partitions=1)
            enough_us = learner.shown["at_us"] + 2_000_000
            learner.until(lambda: learner.shown["at_us"] > enough_us)
        process.kill()
        process.wait(10)
    with server(port, tmp_path, learner.url) as process:
        with learner.at_the_drill():
            learner.until(lambda: "step" in learner.drill)
            pinned = [one["name"] for one in learner.drill["metrics"] if one["pinned"]]
            assert (learner.drill["step"], learner.drill["seed"], pinned) == ("watch", 7, ["lag", "stuck"])
            assert ("topic:mine" in learner.shown["entities"], learner.drill["notice"]) == (True, "")
            learner.asks("begin_debrief", sure=True)
            learner.until(lambda: learner.drill["step"] == "debrief")
            told = " ".join(line["text"] for line in learner.drill["debrief"]["lines"])
            assert "All is quiet." in told
            assert "kafka-topics.sh --bootstrap-server" in told
        process.terminate()
        assert process.wait(15) == 0


@contextmanager
def server(port: int, data: Path, url: str) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(lab_command(port, str(data)), env=READY, stdout=subprocess.DEVNULL)
    try:
        await_health(f"{url}/healthz", process)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)
