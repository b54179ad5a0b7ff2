"""Quotas over real sockets: clients that nobody here wrote are held back, and told so."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, Producer
from kafka import KafkaProducer  # type: ignore[attr-defined]
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import NodeNotReadyError, ThrottlingQuotaExceededError

from tests.clients.conftest import RunningLab

SECONDS = 8


@contextmanager
def quota(lab: RunningLab, name: str, limit: float, **who: str) -> Iterator[None]:
    answer = lab.do("set_client_quota", quota=name, limit=limit, **who)
    assert answer["ok"], answer
    time.sleep(0.7)
    try:
        yield
    finally:
        assert lab.do("set_client_quota", quota=name, limit=None, **who)["ok"]


def throttled(lab: RunningLab, client_id: str) -> bool:
    return any(one["client_id"] == client_id and "throttled" in one for one in lab.entities("client"))


@dataclass
class Produced:
    rate: float
    """Of the bytes that were acked, in a second."""
    told: list[float]
    """Each time that it was told to wait."""
    seen: bool
    """On the page, as throttled."""


def librdkafka_produces(lab: RunningLab) -> Produced:
    topic = lab.create_topic("quota-librdkafka", partitions=1)
    told: list[float] = []
    producer = Producer(
        {
            "bootstrap.servers": lab.bootstrap,
            "client.id": "greedy",
            "linger.ms": 5,
            "batch.size": 10_000,
            "throttle_cb": lambda event: told.append(event.throttle_time),
        }
    )
    acked, seen = 0, False

    def count(error: Any, _message: Any) -> None:
        nonlocal acked
        # What waits at the end is given up.
        assert error is None or error.code() in (KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT), error
        acked += error is None

    with quota(lab, "producer_byte_rate", 50_000, client_id="greedy"):
        began = time.monotonic()
        while time.monotonic() - began < SECONDS + 12:
            if len(producer) < 200:
                producer.produce(topic, b"x" * 1_000, on_delivery=count)
            producer.poll(0.01 if len(producer) >= 200 else 0)
            seen = seen or (bool(told) and throttled(lab, "greedy"))
        rate = acked * 1_000 / (time.monotonic() - began)
        producer.purge()
        producer.flush(5)
    return Produced(rate, told, seen)


def kafka_python_produces(lab: RunningLab) -> float:
    """How many seconds it took."""
    topic = lab.create_topic("quota-kafka-python", partitions=1)
    with quota(lab, "producer_byte_rate", 20_000, client_id="snake"):
        producer = KafkaProducer(bootstrap_servers=lab.bootstrap, client_id="snake", linger_ms=5, batch_size=10_000)
        began = time.monotonic()
        futures = [producer.send(topic, b"x" * 1_000) for _ in range(400)]
        for future in futures:
            future.get(60)
        seconds = time.monotonic() - began
        producer.close()
    return seconds


def a_reader_reads(lab: RunningLab) -> tuple[list[int], float]:
    """What it got, and in how many seconds."""
    topic = lab.create_topic("quota-reader", partitions=1)
    producer = Producer({"bootstrap.servers": lab.bootstrap, "batch.size": 10_000})
    for number in range(400):
        producer.produce(topic, f"{number:04d}".encode() + b"x" * 1_000)
    assert producer.flush(30) == 0
    with quota(lab, "consumer_byte_rate", 20_000, client_id="reader"):
        reader = Consumer(
            {
                "bootstrap.servers": lab.bootstrap,
                "client.id": "reader",
                "group.id": "quota-readers",
                "auto.offset.reset": "earliest",
                "fetch.message.max.bytes": 10_000,
            }
        )
        reader.subscribe([topic])
        got: list[int] = []
        began = time.monotonic()
        while len(got) < 400 and time.monotonic() - began < 60:
            for message in reader.consume(100, 0.5):
                assert message.error() is None, message.error()
                got.append(int((message.value() or b"")[:4]))
        seconds = time.monotonic() - began
        reader.close()
    return got, seconds


def an_admin_builds(lab: RunningLab) -> set[str]:
    """The errors that it was told on the way."""
    errors: list[str] = []
    with quota(lab, "controller_mutation_rate", 2, client_id="builder"):
        admin = KafkaAdminClient(bootstrap_servers=lab.bootstrap, client_id="builder")
        began = time.monotonic()
        for number in range(6):
            while True:
                try:
                    admin.create_topics([NewTopic(f"quota-built-{number}", 8, 1)])
                    break
                except (NodeNotReadyError, ThrottlingQuotaExceededError) as error:
                    errors.append(type(error).__name__)
                    assert time.monotonic() - began < 60
                    time.sleep(0.5)
        admin.close()
    for number in range(6):
        lab.do("delete_topic", name=f"quota-built-{number}")
    return set(errors)


RUNS: tuple[Callable[[RunningLab], Any], ...] = (
    librdkafka_produces,
    kafka_python_produces,
    a_reader_reads,
    an_admin_builds,
)


@pytest.fixture(scope="module")
def runs(lab: RunningLab) -> Iterator[dict[Callable[[RunningLab], Any], Future[Any]]]:
    """All at the same time, each with a quota of its own: they do little but wait."""
    with ThreadPoolExecutor(len(RUNS)) as pool:
        yield {run: pool.submit(run, lab) for run in RUNS}


def test_librdkafka_is_held_to_its_rate_of_bytes(runs: Any) -> None:
    it: Produced = runs[librdkafka_produces].result()
    # What is allowed in ten seconds may come at once; afterwards it is the rate.
    assert 30_000 < it.rate < 110_000, it.rate
    assert it.told
    assert max(it.told) > 0.05
    assert it.seen


def test_kafka_python_is_held_to_its_rate_of_bytes(runs: Any) -> None:
    seconds = runs[kafka_python_produces].result()
    # 400 KB, of which 200 KB are what ten seconds allow.
    assert 7 < seconds < 30, seconds


def test_a_reader_is_held_to_its_rate_and_misses_nothing(runs: Any) -> None:
    got, seconds = runs[a_reader_reads].result()
    assert got == list(range(400))
    assert 7 < seconds < 40, seconds


def test_an_admin_that_changes_too_much_is_told_to_wait_and_gets_there(runs: Any) -> None:
    errors = runs[an_admin_builds].result()
    # It keeps away from a broker that has told it to wait, and says so too.
    assert {"ThrottlingQuotaExceededError"} <= errors <= {"ThrottlingQuotaExceededError", "NodeNotReadyError"}


def test_a_client_is_asked_for_its_metrics_and_they_are_shown(lab: RunningLab) -> None:
    assert lab.do("subscribe_to_metrics", subscription="all", metrics="*", interval_ms=1_000)["ok"]
    producer = Producer({"bootstrap.servers": lab.bootstrap, "client.id": "telling"})
    topic = lab.create_topic("telemetry", partitions=1)

    def told() -> Any:
        producer.produce(topic, b"x")
        producer.poll(0.1)
        mine = [one for one in lab.entities("client") if one["client_id"] == "telling" and "telemetry" in one]
        return mine[0]["telemetry"] if mine else None

    telemetry = lab.wait_for(told, 30)
    names = [metric["name"] for metric in telemetry["metrics"]]
    assert telemetry["pushes"] >= 1
    assert any(name.startswith("org.apache.kafka.") for name in names), names
    assert lab.do("subscribe_to_metrics", subscription="all", metrics=None)["ok"]
    producer.flush(10)
