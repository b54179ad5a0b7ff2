"""Run every measurement on each peer in turn, and print medians and ratios.

Peers take turns within one round, so that a machine that is busy for a while is busy for both;
each figure is the median of the rounds.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import TextIO

from websockets.sync.client import connect
from websockets.typing import Origin

from kafkalab.bench import forks, rewinds, watchers
from kafkalab.bench.peers import Peer, start_lab, start_tansu

LOAD_TIMEOUT_S = 300
_SOME_BYTES = bytes(1024 * 1024)


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int = 3
    records_1kb: int = 200_000
    records_100b: int = 500_000
    latency_seconds: int = 10


@dataclass
class Figures:
    """What one peer reached: name of the measure -> one number a round."""

    by_measure: dict[str, list[float]] = field(default_factory=dict)

    def add(self, measure: str, value: float) -> None:
        self.by_measure.setdefault(measure, []).append(value)

    def median(self, measure: str) -> float | None:
        values = self.by_measure.get(measure)
        return median(values) if values else None


def load(peer: Peer, kind: str, topic: str, **options: object) -> dict[str, float]:
    """One run of kafkalab.bench.load against the peer. Raises RuntimeError with the load's own words."""
    command = [sys.executable, "-m", "kafkalab.bench.load", kind, "--bootstrap", peer.bootstrap, "--topic", topic]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LOAD_TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{peer.name}: {kind} {topic}: {done.stderr.strip()}")
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def measure(peer: Peer, plan: Plan, figures: Figures) -> None:
    """One round of everything against one freshly started peer."""
    figures.add("start, s", peer.start_s)
    figures.add("memory at rest, MB", peer.memory_mb())
    sizes = {1000: plan.records_1kb, 100: plan.records_100b}
    copies = [1] if peer.replicas == 1 else [1, peer.replicas]
    for size, count in sizes.items():
        consumed = f"bench-{size}-{copies[-1]}-all"
        for replicas in copies:
            for acks in ("1", "all"):
                topic = f"bench-{size}-{replicas}-{acks}"
                load(peer, "create", topic, partitions=4, replicas=replicas)
                settle(count * size * replicas)
                got = load(peer, "produce", topic, count=count, size=size, acks=acks)
                label = f"produce {size} B acks={acks} copies={replicas}"
                figures.add(f"{label}, MB/s", got["mb_per_s"])
                figures.add(f"{label}, records/s", got["records_per_s"])
                if topic != consumed:
                    load(peer, "delete", topic)
        settle(count * size)
        got = load(peer, "consume", consumed, count=count, size=size)
        figures.add(f"consume {size} B, MB/s", got["mb_per_s"])
        figures.add(f"consume {size} B, records/s", got["records_per_s"])
        figures.add("first record after subscribe, s", got["first_record_s"])
        load(peer, "delete", consumed)
    load(peer, "create", "bench-latency", partitions=4, replicas=copies[-1])
    stop_watching = watch_frames(peer, figures)
    got = load(peer, "latency", "bench-latency", rate=1000, seconds=plan.latency_seconds, linger_ms=5)
    stop_watching()
    figures.add("end to end at 1,000/s linger 5, p50 ms", got["p50_ms"])
    figures.add("end to end at 1,000/s linger 5, p99 ms", got["p99_ms"])
    figures.add("memory after the loads, MB", peer.memory_mb())


def settle(needed: int) -> None:
    """Begin a load with a quiet disk, and with at least `needed` bytes of memory that the machine has at hand.

    What the loads before left for the disk shall not be written at the cost of this one. And a virtual
    machine hands out pages that it has not used for a while at a tenth of the speed: a file that is
    written and removed has them brought in before the clock starts, for every peer alike.
    """
    with tempfile.TemporaryFile() as file:
        for _ in range(needed // len(_SOME_BYTES) + 1):
            file.write(_SOME_BYTES)
    if hasattr(os, "sync"):
        os.sync()


def watch_frames(peer: Peer, figures: Figures) -> Callable[[], None]:
    """Count the frames that a browser would get, until the returned function is called."""
    if not peer.url:
        return lambda: None
    stopped = threading.Event()
    sizes: list[int] = []
    began = time.perf_counter()

    def watch() -> None:
        url = peer.url.replace("http://", "ws://") + "ws/labs/home/"
        with connect(url, origin=Origin(peer.url.rstrip("/")), max_size=None) as socket:
            while not stopped.is_set():
                try:
                    sizes.append(len(socket.recv(timeout=0.5)))
                except TimeoutError:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()

    def stop() -> None:
        stopped.set()
        watcher.join(10)
        seconds = time.perf_counter() - began
        figures.add("frames to a browser at 1,000 records/s, frames/s", len(sizes) / seconds)
        figures.add("frames to a browser at 1,000 records/s, kB/s", sum(sizes) / seconds / 1e3)

    return stop


def run(plan: Plan, out: TextIO) -> dict[str, Figures]:
    """Measure every peer that is installed and print the table. Returns the figures by peer."""
    found: dict[str, Figures] = {}
    for number in range(plan.rounds):
        for start in (start_lab, start_tansu):
            peer = start()
            if peer is None:
                continue
            out.write(f"round {number + 1} of {plan.rounds}: {peer.name}\n")
            out.flush()
            try:
                measure(peer, plan, found.setdefault(peer.name, Figures()))
            finally:
                peer.stop()
    alone = forks.measured() | rewinds.measured() | watchers.measured(plan.records_100b // 5)
    for measure_name, value in alone.items():
        found.setdefault("Kafka Lab", Figures()).add(measure_name, value)
    print_table(found, out)
    return found


def print_table(found: dict[str, Figures], out: TextIO) -> None:
    names = list(found)
    measures = list(dict.fromkeys(m for figures in found.values() for m in figures.by_measure))
    width = max(map(len, measures))
    out.write(f"\n{'median of the rounds':{width}}  " + "  ".join(f"{name:>12}" for name in names) + "\n")
    for one in measures:
        cells = [figures.median(one) for figures in found.values()]
        out.write(f"{one:{width}}  " + "  ".join(f"{'-' if c is None else f'{c:,.1f}':>12}" for c in cells) + "\n")
    if "Tansu" in found:
        out.write("\nKafka Lab beside Tansu's single copy (1.0 = as much)\n")
        for acks, copies in (("1", 1), ("all", 3)):
            ours = found["Kafka Lab"].median(f"produce 1000 B acks={acks} copies={copies}, MB/s")
            theirs = found["Tansu"].median(f"produce 1000 B acks={acks} copies=1, MB/s")
            if ours is not None and theirs is not None:
                out.write(f"produce 1 KB acks={acks}, {copies} replica(s) to 1: {ours / theirs:.2f}\n")
