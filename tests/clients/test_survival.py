"""Records that were acked are still there after a kill -9, of a broker and of the whole process.

`KAFKALAB_SURVIVAL_RECORDS=1000000` runs it at full length; a test run uses fewer.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from kafkalab.bench.peers import free_ports, start_lab
from tests.clients.conftest import RunningLab

COUNT = int(os.environ.get("KAFKALAB_SURVIVAL_RECORDS", "60000"))
PARTITIONS = 3


def send_and_disturb(bootstrap: str, topic: str, disturb: Callable[[], None]) -> set[int]:
    """Send COUNT records with acks=all and idempotence, disturb half-way, return the acked serials."""
    acked: set[int] = set()
    failed: list[KafkaError] = []

    def delivered(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            failed.append(error)
        else:
            acked.add(int(message.value()))

    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True})
    disturber = threading.Thread(target=disturb)
    for serial in range(COUNT):
        while True:
            try:
                producer.produce(topic, b"%d" % serial, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.05)
        producer.poll(0)
        if serial == COUNT // 2:
            disturber.start()
        if serial > COUNT // 2 and serial % (COUNT // 20) == 0:
            # The second half is sent while the disturbance goes on, not before it.
            producer.poll(0.3)
    assert producer.flush(120) == 0
    disturber.join(60)
    assert failed == []
    return acked


def read_back(bootstrap: str, topic: str) -> list[int]:
    """Every record of the topic, partition by partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "survivor", "enable.auto.commit": False})
    got: list[int] = []
    for partition in range(PARTITIONS):
        _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
        consumer.assign([TopicPartition(topic, partition, 0)])
        deadline = time.monotonic() + 60
        position = 0
        while position < end and time.monotonic() < deadline:
            for message in consumer.consume(10_000, 0.5):
                assert message.error() is None, message.error()
                assert message.offset() == position
                got.append(int(message.value()))
                position = message.offset() + 1
        assert position == end
    consumer.close()
    return got


def test_nothing_acked_is_lost_or_doubled_when_a_leaders_broker_is_killed(lab: RunningLab) -> None:
    topic = lab.create_topic("survives-a-broker", PARTITIONS, 3, **{"min.insync.replicas": "2"})

    def kill_and_bring_back() -> None:
        victim = lab.leader(topic, 0)
        assert lab.do("crash_broker", broker=victim)["ok"]
        time.sleep(3)
        assert lab.do("start_broker", broker=victim)["ok"]

    acked = send_and_disturb(lab.bootstrap, topic, kill_and_bring_back)
    assert acked == set(range(COUNT))
    assert sorted(read_back(lab.bootstrap, topic)) == list(range(COUNT))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_nothing_acked_is_lost_or_doubled_when_the_process_is_killed(tmp_path: Path) -> None:
    port = free_ports(4)
    peers = [start_lab(str(tmp_path), port)]
    lab = RunningLab(peers[0])
    topic = lab.create_topic("survives-the-process", PARTITIONS, 3, **{"min.insync.replicas": "2"})
    lab.do("send_record", topic=topic, key="a", value="-1")

    def kill_and_start_again() -> None:
        peers[0].process.send_signal(signal.SIGKILL)
        peers[0].process.wait()
        peers.append(start_lab(str(tmp_path), port))

    try:
        acked = send_and_disturb(lab.bootstrap, topic, kill_and_start_again)
        assert acked == set(range(COUNT))
        assert sorted(read_back(lab.bootstrap, topic)) == [-1, *range(COUNT)]
        topics = RunningLab(peers[-1]).entities("topic")
        assert sorted(one["topic"] for one in topics if not one["internal"]) == ["orders", topic]
    finally:
        peers[-1].stop()
