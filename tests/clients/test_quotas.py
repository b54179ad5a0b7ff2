"""Quotas over real sockets: clients that nobody here wrote are held back, and told so."""

import time
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, Producer
from kafka import KafkaProducer  # type: ignore[attr-defined]
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import NodeNotReadyError, ThrottlingQuotaExceededError

from tests.clients.conftest import RunningLab

SECONDS = 8


@pytest.fixture
def quota(lab: RunningLab) -> Any:
    """Set them; all are taken away at the end."""
    held: list[dict[str, Any]] = []

    def put(quota: str, limit: float, **who: str) -> None:
        answer = lab.do("set_client_quota", quota=quota, limit=limit, **who)
        assert answer["ok"], answer
        held.append({"quota": quota, **who})
        time.sleep(0.7)

    yield put
    for each in held:
        assert lab.do("set_client_quota", limit=None, **each)["ok"]


def throttled(lab: RunningLab, client_id: str) -> bool:
    return any(one["client_id"] == client_id and "throttled" in one for one in lab.entities("client"))


def test_librdkafka_is_held_to_its_rate_of_bytes(lab: RunningLab, quota: Any) -> None:
    topic = lab.create_topic("quota-librdkafka", partitions=1)
    quota("producer_byte_rate", 50_000, client_id="greedy")
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
    acked, began, seen = 0, time.monotonic(), False

    def count(error: Any, _message: Any) -> None:
        nonlocal acked
        # What waits at the end is given up.
        assert error is None or error.code() in (KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT), error
        acked += error is None

    while time.monotonic() - began < SECONDS + 12:
        if len(producer) < 200:
            producer.produce(topic, b"x" * 1_000, on_delivery=count)
        producer.poll(0.01 if len(producer) >= 200 else 0)
        seen = seen or (bool(told) and throttled(lab, "greedy"))
    rate = acked * 1_000 / (time.monotonic() - began)
    producer.purge()
    producer.flush(5)
    # What is allowed in ten seconds may come at once; afterwards it is the rate.
    assert 30_000 < rate < 110_000, rate
    assert told
    assert max(told) > 0.05
    assert seen


def test_kafka_python_is_held_to_its_rate_of_bytes(lab: RunningLab, quota: Any) -> None:
    topic = lab.create_topic("quota-kafka-python", partitions=1)
    quota("producer_byte_rate", 20_000, client_id="snake")
    producer = KafkaProducer(bootstrap_servers=lab.bootstrap, client_id="snake", linger_ms=5, batch_size=10_000)
    began = time.monotonic()
    futures = [producer.send(topic, b"x" * 1_000) for _ in range(400)]
    for future in futures:
        future.get(60)
    seconds = time.monotonic() - began
    producer.close()
    # 400 KB, of which 200 KB are what ten seconds allow.
    assert 7 < seconds < 30, seconds


def test_a_reader_is_held_to_its_rate_and_misses_nothing(lab: RunningLab, quota: Any) -> None:
    topic = lab.create_topic("quota-reader", partitions=1)
    producer = Producer({"bootstrap.servers": lab.bootstrap, "batch.size": 10_000})
    for number in range(400):
        producer.produce(topic, f"{number:04d}".encode() + b"x" * 1_000)
    assert producer.flush(30) == 0
    quota("consumer_byte_rate", 20_000, client_id="reader")
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
    assert got == list(range(400))
    assert 7 < seconds < 40, seconds


def test_an_admin_that_changes_too_much_is_told_to_wait_and_gets_there(lab: RunningLab, quota: Any) -> None:
    quota("controller_mutation_rate", 2, client_id="builder")
    admin = KafkaAdminClient(bootstrap_servers=lab.bootstrap, client_id="builder")
    errors: list[str] = []
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
    # It keeps away from a broker that has told it to wait, and says so too.
    assert {"ThrottlingQuotaExceededError"} <= set(errors) <= {"ThrottlingQuotaExceededError", "NodeNotReadyError"}
    for number in range(6):
        lab.do("delete_topic", name=f"quota-built-{number}")


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
