"""A class that sits in a room and has a drill: each learner with a cluster under a hidden fault, a page open, and a
client of his own that writes to it and reads from it.

An instructor opens the room, begins drill 1 and breaks everybody's cluster at once; each learner takes the pager, looks
around, says what is broken, mends it, and sees it hold; then everybody comes to the debrief.
"""

import asyncio
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from kafkalab.bench.attending import Page, Seen, at_work, bootstrap_at, opened
from kafkalab.bench.learners import Browser, Learner
from kafkalab.bench.peers import MANAGE, Peer, free_ports, start_lab

DRILL = "1"
SEED = "1"
TOPIC = "orders"
INSTRUCTOR, PASSWORD = "grace", "correct horse battery"
ARRIVING_AT_ONCE = 4
THINKS_S = 3.0
"""Between two orders."""
DOWN = ("crashed", "stopped")
LOOKS = (
    "kafka-topics --describe --topic orders",
    "kafka-topics --describe --topic orders --under-replicated-partitions",
    "kafka-consumer-groups --describe --group billing",
)


def measured(learners: int) -> dict[str, float]:
    first = free_ports(3) + 300
    with tempfile.TemporaryDirectory(prefix="kafkalab-bench-") as data:
        made = [sys.executable, str(MANAGE), "instructor", INSTRUCTOR, "--data", data]
        subprocess.run(made, input=PASSWORD.encode(), check=True, stdout=subprocess.DEVNULL)
        peer = start_lab(data, options=("--labs-port", str(first)))
        try:
            time.sleep(1)
            empty_mb = peer.memory_mb()
            room = Room(peer)
            with ThreadPoolExecutor(ARRIVING_AT_ONCE) as several:
                sitting = list(several.map(room.seated, range(learners)))
            seen = Seen()
            asyncio.run(_drilled(peer, room, sitting, bootstrap_at(first), seen))
            return seen.figures(learners) | {
                "clusters mended": room.won(),
                "memory of a learner at the end, MB": (peer.memory_mb() - empty_mb) / learners,
            }
        finally:
            peer.stop()


class Room:
    """As whoever leads it has it."""

    def __init__(self, peer: Peer) -> None:
        self._url, self._browser = peer.url, Browser(peer.url)
        self._post("instructor/", username=INSTRUCTOR, password=PASSWORD)
        self.code = self._post("rooms/new/", title="Class", arrangement="own", teams="2").strip("/").rpartition("/")[2]

    def seated(self, number: int) -> Learner:
        return Learner.join(self._url, self.code, f"Learner {number}")

    def order(self, order: str, **fields: str) -> None:
        self._post(f"rooms/{self.code}/drill/order/", order=order, **fields)

    def won(self) -> int:
        """How many clusters were mended, as the results say that go out to the instructor."""
        status, told = self._browser.get(f"rooms/{self.code}/drill/results.json")
        assert status == 200, told[:500]
        return sum(place["won"] for place in json.loads(told)["places"])

    def _post(self, path: str, **fields: str) -> str:
        """Where it led to."""
        status, where, page = self._browser.post(path, self._browser.token("instructor/"), **fields)
        assert status == 200, (status, page[:500])
        return where


async def _drilled(peer: Peer, room: Room, sitting: Sequence[Learner], bootstrap: str, seen: Seen) -> None:
    await asyncio.to_thread(room.order, "begin", drill=DRILL, seed=SEED)
    paths = await asyncio.to_thread(_drill_paths, room, sitting)
    async with opened(peer, sitting, paths, seen) as pages:
        with at_work(sitting, bootstrap, TOPIC, seen):
            began, cpu_s = time.monotonic(), peer.cpu_s()
            ready = asyncio.Barrier(len(pages) + 1)
            async with asyncio.TaskGroup() as at_it:
                for number, page in enumerate(pages):
                    at_it.create_task(_on_call(page, random.Random(number), ready))
                await ready.wait()
                await asyncio.to_thread(room.order, "inject", delay="0")
            seen.took_s, seen.processor_s = time.monotonic() - began, peer.cpu_s() - cpu_s
            await asyncio.to_thread(room.order, "stop")
            await asyncio.gather(*(_debriefed(page, random.Random(n)) for n, page in enumerate(pages)))


def _drill_paths(room: Room, sitting: Sequence[Learner]) -> list[str]:
    """Of their websockets."""

    def path(learner: Learner) -> str:
        status, page = learner.browser.get(f"seat/{room.code}/drill/")
        found = re.search(r'data-socket="(/ws/labs/[^/]+/drill/)"', page)
        assert status == 200, page[:500]
        assert found
        return found[1]

    with ThreadPoolExecutor(ARRIVING_AT_ONCE) as several:
        return list(several.map(path, sitting))


async def _on_call(page: Page, chance: random.Random, ready: asyncio.Barrier) -> None:
    """From the brief to when it has held."""

    async def look() -> None:
        await _think(chance)
        await page.order("run_line", line=chance.choice(LOOKS))

    await page.until("brief")
    await page.order("take_pager")
    await look()
    await page.order("pin_metrics", metrics=["under-replicated", "lag"])
    await look()
    await ready.wait()
    await page.until("paged")
    await _think(chance)
    await page.order("acknowledge_page")
    await look()
    await page.order("state_impact", choice="none-now")
    await page.order("note_belief", text="A broker has gone.")
    await look()
    down = [entity for entity, state in page.brokers.items() if state in DOWN]
    assert len(down) == 1, (page.lab, page.brokers)
    await page.order("pin_entity", entity=down[0])
    await page.order("pin_fact", entry=page.drill["facts"][0]["number"])
    await look()
    await page.order("name_cause", choice="broker-gone")
    await _think(chance)
    await page.order("start_broker", broker=int(down[0].partition(":")[2]))
    await page.order("tell_others", text="The broker is coming back.")
    while page.drill["step"] not in ("hold", "verified"):
        await _think(chance)
        await page.order("run_line", line="kafka-leader-election --election-type preferred --all-topic-partitions")
    while page.drill["step"] != "verified":
        await look()
    await page.order("tell_others", text="All is well.")


async def _think(chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0.5, 1.5) * THINKS_S)


async def _debriefed(page: Page, chance: random.Random) -> None:
    await page.until("debrief")
    await _think(chance)
    await page.order("write_down", rule="Look before you touch.", alert="UnderReplicatedPartitions", setting="")
