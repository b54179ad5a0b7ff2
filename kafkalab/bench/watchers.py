"""Many who watch one lab: how soon they see what happened, what they cost the producers, and how much comes to each.

`python -m kafkalab.bench.watchers URL --watchers 100 --seconds 8` is the hundred browsers, in a process of
their own, and prints one line of JSON. A fact carries the lab's time. In a lab with real clients that goes with
the clock of this machine, by a distance that the lab tells: what lies between that and the arrival of its frame is
how late it is seen.
"""

import argparse
import asyncio
import base64
import json
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka.admin import AdminClient
from websockets.sync.client import connect
from websockets.typing import Origin

from kafkalab.bench.peers import Peer, start_lab

WATCHERS = 100
SETTLED_S = 3
SECONDS = 8
READ_ONE_IN = 20
"""Of the frames, each watcher reads so few, or reading would be what is measured."""
RATE_PER_S = 200
COMPRESSED_TEXT = 0xC1


@dataclass
class Watched:
    late_ms: list[float] = field(default_factory=list)
    frames: int = 0
    bytes: int = 0
    """As they travel: compressed."""


class Browser(asyncio.Protocol):
    """Takes frames as they come and looks into few of them: a hundred are to cost little."""

    def __init__(self, host: str, number: int) -> None:
        self._host = host
        self._buffer = bytearray()
        self._number = number
        self.seen: Watched | None = None
        """Counts, once it is set."""
        self._ahead_us: int | None = None
        """How far the clocks of the lab's machines are ahead of its time, as the snapshot says."""
        self.greeted = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        lines = ["GET /ws/labs/home/ HTTP/1.1", f"Host: {self._host}", f"Origin: http://{self._host}"]
        lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        lines += ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"]
        lines += [f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}", "", ""]
        transport.write("\r\n".join(lines).encode())

    def data_received(self, data: bytes) -> None:
        arrived_us = time.time_ns() // 1_000
        self._buffer += data
        if not self.greeted.done():
            head, blank, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not blank:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                raise RuntimeError(head.decode())
            self.greeted.set_result(None)
            self._buffer = bytearray(rest)
        while (text := self._taken()) is not None:
            self._look(text, arrived_us)

    def _taken(self) -> bytes | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 127, 2
        if size > 125:
            start = 4 if size == 126 else 10
            if len(buffer) < start:
                return None
            size = int.from_bytes(buffer[2:start], "big")
        if len(buffer) < start + size:
            return None
        kind, text = buffer[0], bytes(buffer[start : start + size])
        del buffer[: start + size]
        return text if kind == COMPRESSED_TEXT else b""

    def _look(self, text: bytes, arrived_us: int) -> None:
        self._number += 1
        if self.seen is None and text and self._ahead_us is None:
            self._ahead_us = json.loads(inflated(text))["entities"]["lab"]["clocks_ahead_ms"] * 1_000
        if self.seen is None or self._ahead_us is None or not text:
            return
        self.seen.frames += 1
        self.seen.bytes += len(text)
        if self._number % READ_ONE_IN == 0:
            frame = json.loads(inflated(text))
            if frame["type"] == "frame":
                events = [event["at_us"] for event in frame["events"] if "text" in event]
                self.seen.late_ms += [(arrived_us - at_us - self._ahead_us) / 1_000 for at_us in events]


def inflated(message: bytes) -> bytes:
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(message)


async def crowd(url: str, watchers: int, seconds: float) -> dict[str, float]:
    """So many sockets for so long; the first frames, which are snapshots, are not counted."""
    host = url.removeprefix("http://").rstrip("/")
    name, _, port = host.partition(":")
    loop = asyncio.get_running_loop()
    browsers = []
    for number in range(watchers):
        browser = Browser(host, number)
        await loop.create_connection(lambda browser=browser: browser, name, int(port))  # type: ignore[misc]
        await browser.greeted
        browsers.append(browser)
    await asyncio.sleep(1)
    seen = Watched()
    for browser in browsers:
        browser.seen = seen
    await asyncio.sleep(seconds)
    for browser in browsers:
        browser.transport.abort()
    late = sorted(seen.late_ms) or [float("nan")]
    return {
        "late_p50_ms": late[len(late) // 2],
        "late_p95_ms": late[len(late) * 95 // 100],
        "frames_per_s": seen.frames / watchers / seconds,
        "kb_per_s": seen.bytes / watchers / seconds / 1e3,
    }


class Crowd:
    """The watchers, in a process of their own."""

    def __init__(self, peer: Peer, watchers: int, seconds: float) -> None:
        options = ["--watchers", str(watchers), "--seconds", str(seconds)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kafkalab.bench.watchers", peer.url, *options], stdout=subprocess.PIPE, text=True
        )

    def told(self) -> dict[str, float]:
        """When they have gone."""
        said, _ = self._process.communicate(timeout=300)
        answer: dict[str, float] = json.loads(said)
        return answer

    def leave(self) -> None:
        self._process.terminate()
        self._process.wait(20)


class Hand:
    """Gives orders as a browser does."""

    def __init__(self, peer: Peer) -> None:
        self._socket = connect(
            peer.url.replace("http://", "ws://") + "ws/labs/home/", origin=Origin(peer.url.rstrip("/")), max_size=None
        )

    def order(self, command: str, **fields: Any) -> None:
        self._socket.send(json.dumps({"command": command, "id": 1, **fields}))
        while (said := json.loads(self._socket.recv(timeout=30)))["type"] != "answer":
            pass
        if not said["ok"]:
            raise RuntimeError(said["error"])

    def go(self) -> None:
        self._socket.close()


def measured(records: int) -> dict[str, float]:
    """A lab with traffic and a hundred watchers; the bytes at ten times the records; the rate of a producer."""
    return _lateness() | _bytes_at_ten_times() | _rate_while_watched(records)


def _lateness() -> dict[str, float]:
    peer = start_lab()
    try:
        # A real client is what makes the lab keep the machine's time, which lateness is measured by.
        visitor = AdminClient({"bootstrap.servers": peer.bootstrap})
        visitor.list_topics(timeout=10)
        hand = Hand(peer)
        hand.order("create_producer", topic="orders", rate=RATE_PER_S)
        hand.order("add_consumer", topics=["orders"], group="billing")
        hand.go()
        time.sleep(SETTLED_S)
        told = Crowd(peer, WATCHERS, SECONDS).told()
    finally:
        peer.stop()
    return {
        f"from event to frame with {WATCHERS} browsers, p50 ms": told["late_p50_ms"],
        f"from event to frame with {WATCHERS} browsers, p95 ms": told["late_p95_ms"],
        f"frames to each of {WATCHERS} browsers, frames/s": told["frames_per_s"],
    }


def _bytes_at_ten_times() -> dict[str, float]:
    bytes_at = {}
    peer = start_lab()
    try:
        hand = Hand(peer)
        hand.order("add_consumer", topics=["orders"], group="billing")
        hand.order("create_producer", topic="orders", name="faster")
        for rate in (100, 1_000):
            # The same producer: another one would be one entity more.
            hand.order("update_producer", name="faster", rate=rate)
            time.sleep(SETTLED_S)
            bytes_at[rate] = Crowd(peer, 1, SECONDS).told()["kb_per_s"]
        hand.go()
    finally:
        peer.stop()
    return {
        "bytes to a browser at 100 records/s, kB/s": bytes_at[100],
        "bytes to a browser at 1,000 records/s, as many times": bytes_at[1_000] / bytes_at[100],
    }


def _rate_while_watched(records: int) -> dict[str, float]:
    # Not at the top: the report is what calls this.
    from kafkalab.bench.report import load

    rates: dict[int, list[float]] = {0: [], WATCHERS: []}
    peer = start_lab()
    try:
        for number in range(3):
            for watchers, found in rates.items():
                topic = f"bench-watched-{number}-{watchers}"
                load(peer, "create", topic, partitions=4, replicas=3)
                watching = Crowd(peer, watchers, 300) if watchers else None
                time.sleep(SETTLED_S if watchers else 0.5)
                found.append(load(peer, "produce", topic, count=records, size=100)["records_per_s"])
                if watching is not None:
                    watching.leave()
                load(peer, "delete", topic)
    finally:
        peer.stop()
    alone, watched = (sorted(found)[1] for found in rates.values())
    return {
        "produce 100 B acks=all copies=3, nobody watches, records/s": alone,
        f"the same with {WATCHERS} browsers, share of it": watched / alone,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--watchers", type=int, default=WATCHERS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(crowd(options.url, options.watchers, options.seconds))))


if __name__ == "__main__":
    main()
