"""A learner on a server: the page that is open there, the orders given on it, and his own Kafka client beside it."""

import asyncio
import itertools
import json
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, Producer
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from kafkalab.bench.learners import Learner
from kafkalab.bench.peers import Peer

RATE_PER_S = 5
"""Of records, from each learner's own client."""
PORTS = 3
GONE = "The server has closed the page's socket."


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

    def begin(self) -> None:
        """What was before does not count."""
        self.answers_ms.clear()
        self.refused.clear()
        self.frames = self.resyncs = 0

    def figures(self, learners: int) -> dict[str, float]:
        answers = sorted(self.answers_ms)
        return {
            "learners": learners,
            "orders answered": len(answers),
            "orders refused": len(self.refused),
            "order to answer, p50 ms": answers[len(answers) // 2],
            "order to answer, p95 ms": answers[len(answers) * 95 // 100],
            "order to answer, longest ms": answers[-1],
            "frames to each learner, frames/s": self.frames / learners / self.took_s,
            "frames missed without a snapshot": self.missed,
            "snapshots in place of frames": self.resyncs,
            "frames of somebody else's lab": self.strangers,
            "records from clients, records/s": self.produced / self.took_s,
            "records to clients, records/s": self.consumed / self.took_s,
            "processor, share of one core": self.processor_s / self.took_s,
        }


class Page:
    """A learner's browser, which looks at a lab, and perhaps at the drill that is on there, and gives orders."""

    def __init__(self, lab: str, socket: ClientConnection, seen: Seen) -> None:
        self.lab = lab
        """The only one that may be shown here."""
        self.brokers: dict[str, str] = {}
        """The state of each, as the stage shows it."""
        self.drill: dict[str, Any] = {}
        """What was told of it last."""
        self._socket, self._seen = socket, seen
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[float, asyncio.Future[str]]] = {}
        self._version: int | None = None
        self._news = asyncio.Event()
        self._closed = False

    async def listen(self) -> None:
        try:
            await self._listen()
        finally:
            self._closed = True
            self._news.set()
            for _, heard in self._waiting.values():
                heard.set_exception(ConnectionError(GONE))

    async def _listen(self) -> None:
        async for text in self._socket:
            said = json.loads(text)
            if said["type"] == "answer":
                began, heard = self._waiting.pop(said["id"])
                self._seen.answers_ms.append((time.perf_counter() - began) * 1_000)
                heard.set_result("" if said["ok"] else said["error"])
            elif said["type"] == "drill":
                self.drill = said["drill"]
                self._news.set()
            else:
                self._look(said)

    def _look(self, frame: dict[str, Any]) -> None:
        self._seen.frames += 1
        if frame["type"] == "snapshot":
            self._seen.resyncs += self._version is not None
            self._seen.strangers += frame["entities"]["lab"]["name"] != self.lab
        elif self._version is not None and frame["version"] != self._version + 1:
            self._seen.missed += 1
        self._version = frame["version"]
        for told in (frame["entities"], frame.get("changes", {})):
            states = {entity: fields["state"] for entity, fields in told.items() if "state" in fields}
            self.brokers |= {entity: state for entity, state in states.items() if entity.startswith("broker:")}

    async def order(self, command: str, **fields: Any) -> str:
        """Why it was refused; "" where it was not. Raises ConnectionError."""
        number = next(self._numbers)
        heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[number] = time.perf_counter(), heard
        await self._socket.send(json.dumps({"command": command, "id": number, **fields}))
        if refusal := await heard:
            self._seen.refused.append(refusal)
        return refusal

    async def until(self, *steps: str) -> None:
        """The drill is there. Raises ConnectionError."""
        while self.drill.get("step") not in steps:
            if self._closed:
                raise ConnectionError(GONE)
            self._news.clear()
            await self._news.wait()


@asynccontextmanager
async def opened(
    peer: Peer, learners: Sequence[Learner], paths: Sequence[str], seen: Seen
) -> AsyncIterator[list[Page]]:
    """A page for each learner, at that path of a websocket, which has the name of the lab in it."""
    host = peer.url.removeprefix("http://").rstrip("/")
    sockets = [
        await connect(
            f"ws://{host}{path}",
            origin=Origin(f"http://{host}"),
            additional_headers={"Cookie": learner.browser.cookies},
            max_size=None,
        )
        for learner, path in zip(learners, paths, strict=True)
    ]
    pages = [Page(path.split("/")[3], socket, seen) for path, socket in zip(paths, sockets, strict=True)]
    listening = [asyncio.create_task(page.listen()) for page in pages]
    try:
        yield pages
    finally:
        for task in listening:
            task.cancel()
        for socket in sockets:
            await socket.close()


class OwnClient:
    """A learner's own program: writes a few records a second to a topic, and reads them again."""

    def __init__(self, learner: Learner, bootstrap: str, topic: str) -> None:
        login = {
            "bootstrap.servers": bootstrap,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": learner.user,
            "sasl.password": learner.password,
            "log_level": 0,
        }
        self._topic = topic
        self._producer = Producer({**login, "acks": "all"})
        self._consumer = Consumer({**login, "group.id": "own", "auto.offset.reset": "earliest"})
        self._consumer.subscribe([topic])
        self._due = time.monotonic()
        self.produced = self.consumed = 0

    def go_on(self) -> None:
        if time.monotonic() >= self._due:
            self._due += 1 / RATE_PER_S
            self._producer.produce(self._topic, os.urandom(100))
            self.produced += 1
        self._producer.poll(0)
        self.consumed += sum(message.error() is None for message in self._consumer.consume(10, 0))

    def close(self) -> None:
        self._producer.flush(10)
        self._consumer.close()


@contextmanager
def at_work(learners: Sequence[Learner], bootstrap: str, topic: str, seen: Seen) -> Iterator[None]:
    """A client of each, in a thread beside the pages."""
    clients = [OwnClient(each, bootstrap, topic) for each in learners]
    done = threading.Event()

    def work() -> None:
        while not done.wait(0.02):
            for client in clients:
                client.go_on()
        for client in clients:
            client.close()

    working = threading.Thread(target=work)
    working.start()
    try:
        yield
    finally:
        seen.produced = sum(client.produced for client in clients)
        seen.consumed = sum(client.consumed for client in clients)
        done.set()
        working.join()


def bootstrap_at(first_port: int) -> str:
    """Of the ports that labs share."""
    return ",".join(f"127.0.0.1:{first_port + number}" for number in range(PORTS))
