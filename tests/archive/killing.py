"""Records through a real sink process that is killed with SIGKILL, and what is in the store afterwards.

`python -m tests.archive.killing 1000000` starts a lab, fills a topic, kills the process twice and tells the figures.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from kafkalab.archive.process import QUIET
from kafkalab.bench.peers import Peer, start_lab
from tests.archive.s3 import BUCKET, Bucket, s3

MANAGE = Path(__file__).parents[2] / "manage.py"
TOPIC = "clicks"
PARTITIONS = 3
_BEGAN = re.compile(r"(\S+) goes on from offset (\d+)")


@dataclass
class Killing:
    records: int
    produce_s: float = 0
    archive_s: float = 0
    verify_s: float = 0
    stored: list[int] = field(default_factory=list)
    """How many objects of each process the store took."""
    went_on_from: list[dict[str, int]] = field(default_factory=list)
    """Of each process, where the store told it to go on."""
    objects: int = 0
    found: list[dict[str, int]] = field(default_factory=list)
    """By partition, as `manage.py archive --verify` tells it."""


def command(peer: Peer, *options: str) -> list[str]:
    store = ("--store", f"s3://{BUCKET}/kept")
    return [sys.executable, str(MANAGE), "archive", "--bootstrap", peer.bootstrap, "--topic", TOPIC, *store, *options]


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


def killed(records: int, *, at_puts: tuple[int, int], format_name: str) -> Killing:
    """A process that archives everything into a store that speaks S3. The first one is killed when its so many-th
    object has been sent and is not stored, the second one when it is and nobody has been told."""
    told = Killing(records)
    peer = start_lab()
    try:
        with s3() as endpoint:
            began = time.perf_counter()
            produce(peer, records)
            told.produce_s = time.perf_counter() - began
            began = time.perf_counter()
            options = (
                "--buffer-mib",
                "1",
                "--buffer-s",
                "1",
                "--until-end",
                "--format",
                format_name,
                "--member",
                "one",
            )
            for number, when in ((at_puts[0], "before"), (at_puts[1], "after"), (0, "")):
                _life(command(peer, *options), endpoint, told, number, when)
            told.archive_s = time.perf_counter() - began
            began = time.perf_counter()
            line = command(peer, "--verify", "--format", format_name)
            verified = subprocess.run(line, env=_ready(endpoint), capture_output=True, check=False)
            assert verified.returncode == 0, verified
            told.found = [json.loads(line) for line in verified.stdout.splitlines()]
            told.verify_s = time.perf_counter() - began
            told.objects = len(Bucket.objects)
    finally:
        peer.stop()
    return told


def _life(line: list[str], endpoint: str, told: Killing, number: int, when: str) -> None:
    """One process, killed at the so many-th object if it is to be."""
    seen: Counter[str] = Counter()
    process = subprocess.Popen(line, env=_ready(endpoint), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None

    def on_put(now: str) -> bool:
        seen[now] += 1
        if now == when and seen[now] >= number:
            os.kill(process.pid, signal.SIGKILL)
            return True
        return False

    Bucket.on_put = staticmethod(on_put)
    # It must not outlive the test, whatever becomes of it.
    watch = threading.Timer(400, process.kill)
    watch.start()
    began: dict[str, int] = {}
    try:
        for said in process.stdout:
            if found := _BEGAN.match(said):
                began[found[1]] = int(found[2])
        code = process.wait()
    finally:
        watch.cancel()
    assert code == (-signal.SIGKILL if when else 0), code
    told.went_on_from.append(began)
    told.stored.append(seen["after"])


def _ready(endpoint: str) -> dict[str, str]:
    keys = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "r"}
    return {**os.environ, **keys, "KAFKALAB_PYTHON_IS_READY": "1"}


if __name__ == "__main__":
    print(killed(int(sys.argv[1]), at_puts=(14, 15), format_name="jsonl.gz"))
