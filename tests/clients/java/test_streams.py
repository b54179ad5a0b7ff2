"""Kafka Streams counts words exactly once while it is killed and brokers crash.

Needs what `KAFKALAB_APACHE_KAFKA` stands for, Java, and Maven the first time; skips without.
"""

import os
import random
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.clients.apache_kafka.clusters import jars
from tests.clients.confluent_kafka.reading import read_all
from tests.clients.conftest import RunningLab
from tests.clients.programs import CLIENTS

LINES = 400
WORDS = ("kappa", "lambda", "mu", "nu", "xi", "omikron", "pi")


class WordCount:
    """The job, which can be killed and started again."""

    def __init__(self, lab: RunningLab, command: tuple[str, ...], state: Path) -> None:
        self._command = (*command[:-1], "WordCount", lab.bootstrap, "lines", "counts", str(state))
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.mark.timeout(400)
def test_every_word_is_counted_once_through_crashes(lab: RunningLab, tmp_path: Path) -> None:
    assert jars()
    java = next(client for client in CLIENTS if client.language == "Java").ready()
    lab.create_topic("lines", **{"min.insync.replicas": "2"})
    lab.create_topic("counts", **{"min.insync.replicas": "2"})
    chance = random.Random(os.environ.get("KAFKALAB_STREAMS_SEED", "1"))
    wanted: Counter[str] = Counter()
    job = WordCount(lab, java.command, tmp_path)
    try:
        producer = Producer({"bootstrap.servers": lab.bootstrap, "enable.idempotence": True})
        for n in range(LINES):
            words = chance.choices(WORDS, k=5)
            wanted.update(words)
            producer.produce("lines", " ".join(words), str(n % 11))
            producer.poll(0.05)
            match n:
                case 100:
                    assert lab.do("crash_broker", broker=lab.leader("counts", 0))["ok"]
                case 200:
                    lab.heal()
                    job.kill()
                    time.sleep(1)
                    job.start()
                case 300:
                    [group] = [one for one in lab.entities("group") if one["group"] == "lines-counter"]
                    assert lab.do("crash_broker", broker=group["coordinator"])["ok"]
        assert producer.flush(60) == 0
        lab.heal()
        told = read_all(lab, "counts", sum(wanted.values()), **{"isolation.level": "read_committed"})
    finally:
        job.kill()
    by_word: dict[str, list[int]] = {}
    for message in told:
        by_word.setdefault(message.key().decode(), []).append(int(message.value()))
    assert by_word == {word: list(range(1, count + 1)) for word, count in wanted.items()}
