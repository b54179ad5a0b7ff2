"""Records through a real sink process that is killed with SIGKILL, and what is in the store afterwards.

`python -m tests.archive.killing 1000000` starts a lab, fills a topic, kills the process twice and tells the figures.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from kafkalab.archive.process import QUIET
from kafkalab.bench.peers import Peer, start_lab

MANAGE = Path(__file__).parents[2] / "manage.py"
TOPIC = "clicks"
PARTITIONS = 3
_WROTE = re.compile(r"(\S+) has (\d+) records")
_BEGAN = re.compile(r"(\S+) goes on from offset (\d+)")


@dataclass
class Killing:
    records: int
    produce_s: float = 0
    archive_s: float = 0
    verify_s: float = 0
    kills: list[int] = field(default_factory=list)
    """How many records had been written before each, as far as the process had told."""
    went_on_from: list[dict[str, int]] = field(default_factory=list)
    """Of each process, where the store told it to go on."""
    objects: int = 0
    found: list[dict[str, int]] = field(default_factory=list)
    """By partition, as `manage.py archive --verify` tells it."""


def command(peer: Peer, store: Path, *options: str) -> list[str]:
    return [
        sys.executable, str(MANAGE), "archive", "--bootstrap", peer.bootstrap, "--topic", TOPIC,
        "--store", str(store), *options,
    ]  # fmt: skip


def produce(peer: Peer, records: int) -> None:
    """Each value tells which one it is; some records have no key, some no text."""
    admin = AdminClient({**QUIET, "bootstrap.servers": peer.bootstrap})
    admin.create_topics([NewTopic(TOPIC, PARTITIONS, 3)])[TOPIC].result()
    producer = Producer({**QUIET, "bootstrap.servers": peer.bootstrap, "acks": "all", "linger.ms": 20})
    for number in range(records):
        value = (
            b"\xff%d" % number if number % 1_000 == 0 else b'{"user": "user-%d", "page": %d}' % (number % 997, number)
        )
        key = None if number % 10 == 0 else b"user-%d" % (number % 997)
        while True:
            try:
                producer.produce(TOPIC, value, key)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    assert producer.flush(120) == 0


def killed(records: int, *, buffer_mib: int = 1, kills: tuple[float, ...] = (0.25, 0.6), format_name: str) -> Killing:
    """A process that archives everything, killed when it has written those shares of the records."""
    told = Killing(records)
    with tempfile.TemporaryDirectory() as directory:
        store, peer = Path(directory), start_lab()
        try:
            began = time.perf_counter()
            produce(peer, records)
            told.produce_s = time.perf_counter() - began
            began = time.perf_counter()
            options = ("--buffer-mib", str(buffer_mib), "--buffer-s", "1", "--until-end", "--format", format_name,
                       "--member", "one")  # fmt: skip
            written = 0
            for share in (*kills, None):
                written += _life(
                    command(peer, store, *options), told, None if share is None else share * records - written
                )
            told.archive_s = time.perf_counter() - began
            began = time.perf_counter()
            verified = subprocess.run(
                command(peer, store, "--verify", "--format", format_name),
                env=_ready(),
                capture_output=True,
                check=False,
            )
            assert verified.returncode == 0, verified
            told.found = [json.loads(line) for line in verified.stdout.splitlines()]
            told.verify_s = time.perf_counter() - began
            told.objects = sum(1 for each in store.rglob("*") if each.is_file() and "#" not in each.name)
        finally:
            peer.stop()
    return told


def _life(line: list[str], told: Killing, kill_at: float | None) -> int:
    """One process; how many records it wrote, as far as it told."""
    process = subprocess.Popen(line, env=_ready(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    written = 0
    began: dict[str, int] = {}
    # It must not outlive the test, whatever becomes of it.
    watch = threading.Timer(400, process.kill)
    watch.start()
    try:
        for said in process.stdout:
            if found := _BEGAN.match(said):
                began[found[1]] = int(found[2])
            elif found := _WROTE.match(said):
                written += int(found[2])
                if kill_at is not None and written >= kill_at:
                    # Not just after a write: while it reads, or in the middle of the next one.
                    time.sleep(0.013 * (1 + len(told.kills)))
                    os.kill(process.pid, signal.SIGKILL)
                    kill_at = None
                    told.kills.append(written)
        code = process.wait()
    finally:
        watch.cancel()
    assert code in (0, -signal.SIGKILL), code
    assert kill_at is None, "it ended before it was to be killed"
    told.went_on_from.append(began)
    return written


def _ready() -> dict[str, str]:
    return {**os.environ, "KAFKALAB_PYTHON_IS_READY": "1"}


if __name__ == "__main__":
    print(killed(int(sys.argv[1]), format_name=sys.argv[2] if len(sys.argv) > 2 else "jsonl.gz"))
