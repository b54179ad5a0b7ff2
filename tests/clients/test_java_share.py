"""Kafka's own share consumer and its tool for share groups, against a lab."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.clients.apache_kafka.clusters import OurKafka, jars

LEAN = ("-Xmx192m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
RECORDS = 60


@pytest.fixture
def ours() -> Iterator[OurKafka]:
    jars()
    running = OurKafka()
    yield running
    running.close()


def java(main: str, *arguments: str) -> list[str]:
    found: Path = jars()
    return ["java", *LEAN, "-cp", f"{found}/*", f"org.apache.kafka.tools.{main}", *arguments]


def told(*arguments: str) -> str:
    done = subprocess.run(
        java("consumer.group.ShareGroupCommand", *arguments), capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout


@pytest.mark.timeout(180)
def test_two_share_consumers_divide_the_records_among_them(ours: OurKafka) -> None:
    at = ("--bootstrap-server", f"127.0.0.1:{ours.ports[1]}")
    subprocess.run(
        java("TopicCommand", *at, "--create", "--topic", "jobs", "--partitions", "2"), check=True, timeout=60
    )
    reading = [*at, "--topic", "jobs", "--group", "workers", "--timeout-ms", "25000"]
    consumers = [
        subprocess.Popen(
            java("consumer.ConsoleShareConsumer", *reading),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        deadline = time.monotonic() + 60
        while told(*at, "--describe", "--group", "workers", "--members").count("jobs:") < 2:
            assert time.monotonic() < deadline
        # A share partition begins at the end that it finds when it is first fetched from.
        time.sleep(3)
        producer = Producer({"bootstrap.servers": at[1]})
        for number in range(RECORDS):
            producer.produce("jobs", str(number), partition=number % 2)
            producer.flush(10)
        outputs = [consumer.communicate(timeout=90)[0].split() for consumer in consumers]
    finally:
        for consumer in consumers:
            consumer.kill()
    assert sorted(map(int, outputs[0] + outputs[1])) == list(range(RECORDS))
    described = told(*at, "--describe", "--group", "workers").splitlines()
    assert [line.split()[-1] for line in described if "jobs" in line] == ["0", "0"]
