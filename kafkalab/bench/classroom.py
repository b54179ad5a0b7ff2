"""A whole class on one server: each learner with a cluster of three brokers, a page open, and a client of his own.

`python -m kafkalab.bench.classroom --learners 60 --seconds 60` starts a server, and is the class itself, in a process
of its own. Everybody watches his lab, writes to it and reads from it with a real client, and now and then orders
something: a broker dies and comes back, a consumer joins and leaves. Measured is how soon orders are answered, whether
a frame was missed, and what the server needs for all that.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, Producer
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from kafkalab.bench.learners import Learner
from kafkalab.bench.peers import Peer, free_ports, start_lab

LEARNERS = 60
SECONDS = 60
PORTS = 3
TOPIC = "work"
RATE_PER_S = 5
"""Of records, from each learner's own client."""
ORDER_EVERY_S = 3.0
ARRIVING_AT_ONCE = 4
SETTLED_S = 5


@dataclass
class Seen:
    answers_ms: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    frames: int = 0
    resyncs: int = 0
    missed: int = 0
    """Frames that did not come although no snapshot came in their place."""
    took_s: float = 0
    """From the first order to the last."""
    processor_s: float = 0
    """What the server needed for that."""
    strangers: int = 0
    """Frames that showed another learner's lab."""
    produced: int = 0
    consumed: int = 0


class Page:
    """A learner's browser, which looks at his lab and gives orders."""

    def __init__(self, learner: Learner, socket: ClientConnection, seen: Seen) -> None:
        self._learner, self._socket, self._seen = learner, socket, seen
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[float, asyncio.Future[None]]] = {}
        self._version: int | None = None

    async def listen(self) -> None:
        async for text in self._socket:
            said = json.loads(text)
            if said["type"] == "answer":
                began, heard = self._waiting.pop(said["id"])
                self._seen.answers_ms.append((time.perf_counter() - began) * 1_000)
                if not said["ok"]:
                    self._seen.refused.append(said["error"])
                heard.set_result(None)
            else:
                self._look(said)

    def _look(self, frame: dict[str, Any]) -> None:
        self._seen.frames += 1
        if frame["type"] == "snapshot":
            self._seen.resyncs += self._version is not None
            self._seen.strangers += frame["entities"]["lab"]["name"] != self._learner.lab
        elif self._version is not None and frame["version"] != self._version + 1:
            self._seen.missed += 1
        self._version = frame["version"]

    async def order(self, command: str, **fields: Any) -> None:
        number = next(self._numbers)
        heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[number] = time.perf_counter(), heard
        await self._socket.send(json.dumps({"command": command, "id": number, **fields}))
        await heard

    async def learn(self, until: float, chance: random.Random) -> None:
        """Orders of a lesson on failures, at a learner's pace."""
        await asyncio.sleep(chance.uniform(0, ORDER_EVERY_S))
        await self.order("create_producer", topic=TOPIC, rate=RATE_PER_S, name="page")
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
                await self.order(command, **fields)


class OwnClient:
    """A learner's own program: writes a few records a second, and reads them again."""

    def __init__(self, learner: Learner, bootstrap: str) -> None:
        login = {
            "bootstrap.servers": bootstrap,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": learner.user,
            "sasl.password": learner.password,
            "log_level": 0,
        }
        self._producer = Producer({**login, "acks": "all"})
        self._consumer = Consumer({**login, "group.id": "own", "auto.offset.reset": "earliest"})
        self._consumer.subscribe([TOPIC])
        self._due = time.monotonic()
        self.produced = self.consumed = 0

    def go_on(self) -> None:
        if time.monotonic() >= self._due:
            self._due += 1 / RATE_PER_S
            self._producer.produce(TOPIC, os.urandom(100))
            self.produced += 1
        self._producer.poll(0)
        self.consumed += sum(message.error() is None for message in self._consumer.consume(10, 0))

    def close(self) -> None:
        self._producer.flush(10)
        self._consumer.close()


def work_with(clients: list[OwnClient], done: threading.Event) -> None:
    while not done.wait(0.02):
        for client in clients:
            client.go_on()
    for client in clients:
        client.close()


@dataclass
class School:
    peer: Peer
    bootstrap: str
    learners: list[Learner]
    empty_mb: float
    """The server's memory before anybody came."""


@contextmanager
def opened(learners: int) -> Iterator[School]:
    """A server, and all who have arrived."""
    first = free_ports(PORTS) + 300
    peer = start_lab(options=("--labs-port", str(first)))
    try:
        time.sleep(1)
        empty_mb = peer.memory_mb()
        with ThreadPoolExecutor(ARRIVING_AT_ONCE) as several:
            arrived = list(several.map(lambda _: Learner.arrive(peer.url), range(learners)))
        bootstrap = ",".join(f"127.0.0.1:{first + number}" for number in range(PORTS))
        yield School(peer, bootstrap, arrived, empty_mb)
    finally:
        peer.stop()


async def attend(school: School, seconds: float, seen: Seen) -> None:
    """All pages at once, from the first order to the last."""
    host = school.peer.url.removeprefix("http://").rstrip("/")
    sockets = [
        await connect(
            f"ws://{host}/ws/labs/{learner.lab}/",
            origin=Origin(f"http://{host}"),
            additional_headers={"Cookie": learner.browser.cookies},
            max_size=None,
        )
        for learner in school.learners
    ]
    pages = [Page(learner, socket, seen) for learner, socket in zip(school.learners, sockets, strict=True)]
    listening = [asyncio.create_task(page.listen()) for page in pages]
    await asyncio.gather(
        *(page.order("create_topic", name=TOPIC, partitions=3, replication_factor=3) for page in pages)
    )
    clients = await asyncio.to_thread(lambda: [OwnClient(each, school.bootstrap) for each in school.learners])
    done = threading.Event()
    working = asyncio.create_task(asyncio.to_thread(work_with, clients, done))
    await asyncio.sleep(SETTLED_S)
    seen.answers_ms.clear()
    seen.frames = 0
    began, cpu_s = time.monotonic(), school.peer.cpu_s()
    until = began + seconds
    await asyncio.gather(*(page.learn(until, random.Random(number)) for number, page in enumerate(pages)))
    seen.took_s, seen.processor_s = time.monotonic() - began, school.peer.cpu_s() - cpu_s
    seen.produced = sum(client.produced for client in clients)
    seen.consumed = sum(client.consumed for client in clients)
    done.set()
    await working
    for task in listening:
        task.cancel()
    for socket in sockets:
        await socket.close()


def measured(learners: int = LEARNERS, seconds: float = SECONDS) -> dict[str, float]:
    with opened(learners) as school:
        return _attended(school, seconds)


def _attended(school: School, seconds: float) -> dict[str, float]:
    seen, learners = Seen(), len(school.learners)
    awake_mb = school.peer.memory_mb()
    asyncio.run(attend(school, seconds, seen))
    answers = sorted(seen.answers_ms)
    return {
        "learners": learners,
        "orders answered": len(answers),
        "orders refused": len(seen.refused),
        "order to answer, p50 ms": answers[len(answers) // 2],
        "order to answer, p95 ms": answers[len(answers) * 95 // 100],
        "order to answer, longest ms": answers[-1],
        "frames to each learner, frames/s": seen.frames / learners / seen.took_s,
        "frames missed without a snapshot": seen.missed,
        "snapshots in place of frames": seen.resyncs,
        "frames of somebody else's lab": seen.strangers,
        "records from clients, records/s": seen.produced / seen.took_s,
        "records to clients, records/s": seen.consumed / seen.took_s,
        "processor, share of one core": seen.processor_s / seen.took_s,
        "memory of a lab that begins, MB": (awake_mb - school.empty_mb) / learners,
        "memory of a lab at the end, MB": (school.peer.memory_mb() - school.empty_mb) / learners,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=LEARNERS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    asked = parser.parse_args()
    for name, figure in measured(asked.learners, asked.seconds).items():
        print(f"{figure:12,.2f}  {name}")


if __name__ == "__main__":
    main()
