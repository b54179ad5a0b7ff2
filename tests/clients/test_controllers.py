"""Clients that nobody here wrote, at a lab with three controllers of which two die."""

import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from kafka import KafkaAdminClient

from kafkalab.bench.peers import start_lab
from tests.clients.conftest import RunningLab


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    peer = start_lab(options=("--controllers", "3"))
    try:
        yield RunningLab(peer)
    finally:
        peer.stop()


def active(lab: RunningLab) -> int | None:
    return lab.entities("signs")[0]["active_controller"]


def test_records_flow_on_without_a_quorum_and_a_new_topic_waits_for_one(lab: RunningLab) -> None:
    topic = lab.create_topic("flows", partitions=3)
    producer = Producer({"bootstrap.servers": lab.bootstrap, "acks": "all"})
    reader = Consumer({"bootstrap.servers": lab.bootstrap, "group.id": "flows", "auto.offset.reset": "earliest"})
    reader.subscribe([topic])
    got: set[bytes] = set()

    def flow(batch: str) -> bool:
        wanted = {f"{batch} {n}".encode() for n in range(100)}
        for value in wanted:
            producer.produce(topic, value)
        assert producer.flush(20) == 0
        deadline = time.monotonic() + 20
        while not wanted <= got and time.monotonic() < deadline:
            got.update(message.value() for message in reader.consume(100, 0.2) if message.error() is None)
        return wanted <= got

    assert flow("whole")
    first = active(lab)
    assert lab.do("crash_controller", controller=first)["ok"]
    began = time.monotonic()
    assert flow("one killed")
    second = lab.wait_for(lambda: active(lab), 10)
    assert time.monotonic() - began < 10
    assert second != first
    assert lab.do("crash_controller", controller=second)["ok"]
    assert flow("two killed")
    assert active(lab) is None
    admin = AdminClient({"bootstrap.servers": lab.bootstrap})
    made: Future[None] = admin.create_topics([NewTopic("waits", 1, 3)], request_timeout=40)["waits"]
    time.sleep(3)
    assert not made.done()
    assert lab.do("start_controller", controller=first)["ok"]
    made.result(30)
    assert flow("two of three")
    assert lab.do("start_controller", controller=second)["ok"]
    reader.close()


def test_kafka_python_describes_the_quorum(lab: RunningLab) -> None:
    lab.wait_for(lambda: active(lab))
    lab.wait_for(lambda: all(each["state"] == "running" for each in lab.entities("controller")))
    admin = KafkaAdminClient(bootstrap_servers=lab.bootstrap)

    def partition() -> dict[str, Any]:
        found: dict[str, Any] = admin.describe_metadata_quorum()["topics"][0]["partitions"][0]
        return found

    # A leader knows of an observer from its first fetch on.
    lab.wait_for(lambda: {observer["replica_id"] for observer in partition()["observers"]} == {1, 2, 3})
    described = partition()
    admin.close()
    assert described["leader_id"] == active(lab)
    assert [voter["replica_id"] for voter in described["current_voters"]] == [3000, 3001, 3002]
