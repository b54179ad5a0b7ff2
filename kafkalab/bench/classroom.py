"""A whole class on one server: each learner with a cluster of three brokers, a page open, and a client of his own.

`python -m kafkalab.bench.classroom --learners 60 --seconds 60` starts a server, and is the class itself, in a process
of its own. Everybody watches his lab, writes to it and reads from it with a real client, and now and then orders
something: a broker dies and comes back, a consumer joins and leaves. With `--drill` they sit in a room and have drill 1
instead, from the brief to the debrief (`class_drill`). Measured is how soon orders are answered, whether a frame was
missed, and what the server needs for all that.
"""

import argparse
import asyncio
import itertools
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from kafkalab.bench import class_drill
from kafkalab.bench.attending import RATE_PER_S, Page, Seen, at_work, bootstrap_at, opened
from kafkalab.bench.learners import Learner
from kafkalab.bench.peers import Peer, free_ports, start_lab

LEARNERS = 60
SECONDS = 60
TOPIC = "work"
ORDER_EVERY_S = 3.0
ARRIVING_AT_ONCE = 4
SETTLED_S = 5


@dataclass
class School:
    peer: Peer
    bootstrap: str
    learners: list[Learner]
    empty_mb: float
    """The server's memory before anybody came."""


@contextmanager
def school(learners: int) -> Iterator[School]:
    """A server, and all who have arrived."""
    first = free_ports(3) + 300
    peer = start_lab(options=("--labs-port", str(first)))
    try:
        time.sleep(1)
        empty_mb = peer.memory_mb()
        with ThreadPoolExecutor(ARRIVING_AT_ONCE) as several:
            arrived = list(several.map(lambda _: Learner.arrive(peer.url), range(learners)))
        yield School(peer, bootstrap_at(first), arrived, empty_mb)
    finally:
        peer.stop()


async def learn(page: Page, until: float, chance: random.Random) -> None:
    """Orders of a lesson on failures, at a learner's pace."""
    await asyncio.sleep(chance.uniform(0, ORDER_EVERY_S))
    await page.order("create_producer", topic=TOPIC, rate=RATE_PER_S, name="page")
    for round_number in itertools.count():
        broker, consumer = chance.choice((1, 2, 3)), f"reader-{round_number}"
        for command, fields in (
            ("add_consumer", {"topics": [TOPIC], "group": "page", "name": consumer}),
            ("crash_broker", {"broker": broker}),
            ("start_broker", {"broker": broker}),
            ("remove_consumer", {"name": consumer}),
        ):
            await asyncio.sleep(chance.uniform(0.5, 1.5) * ORDER_EVERY_S)
            if time.monotonic() > until:
                return
            await page.order(command, **fields)


async def attend(at: School, seconds: float, seen: Seen) -> None:
    """All pages at once, from the first order to the last."""
    async with opened(at.peer, at.learners, [f"/ws/labs/{each.lab}/" for each in at.learners], seen) as pages:
        await asyncio.gather(
            *(page.order("create_topic", name=TOPIC, partitions=3, replication_factor=3) for page in pages)
        )
        with at_work(at.learners, at.bootstrap, TOPIC, seen):
            await asyncio.sleep(SETTLED_S)
            seen.begin()
            began, cpu_s = time.monotonic(), at.peer.cpu_s()
            until = began + seconds
            await asyncio.gather(*(learn(page, until, random.Random(number)) for number, page in enumerate(pages)))
            seen.took_s, seen.processor_s = time.monotonic() - began, at.peer.cpu_s() - cpu_s


def measured(learners: int = LEARNERS, seconds: float = SECONDS) -> dict[str, float]:
    with school(learners) as at:
        seen, awake_mb = Seen(), at.peer.memory_mb()
        asyncio.run(attend(at, seconds, seen))
        return seen.figures(learners) | {
            "memory of a lab that begins, MB": (awake_mb - at.empty_mb) / learners,
            "memory of a lab at the end, MB": (at.peer.memory_mb() - at.empty_mb) / learners,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=LEARNERS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--drill", action="store_true", help="a whole drill in a room, however long it takes")
    asked = parser.parse_args()
    figures = class_drill.measured(asked.learners) if asked.drill else measured(asked.learners, asked.seconds)
    for name, figure in figures.items():
        print(f"{figure:12,.2f}  {name}")


if __name__ == "__main__":
    main()
