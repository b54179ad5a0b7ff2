"""kafka-python: a client in pure Python that speaks versions of its own choice."""

import threading
import time

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError

from tests.clients.conftest import RunningLab


def consumer(lab: RunningLab, topic: str, group: str) -> KafkaConsumer:
    return KafkaConsumer(
        topic, bootstrap_servers=lab.bootstrap, group_id=group, auto_offset_reset="earliest", heartbeat_interval_ms=500
    )


def test_what_is_sent_comes_back(lab: RunningLab) -> None:
    topic = lab.create_topic("kp-simple")
    producer = KafkaProducer(bootstrap_servers=lab.bootstrap, acks="all", linger_ms=20)
    futures = [producer.send(topic, f"v{n}".encode(), key=f"k{n}".encode(), headers=[("n", b"1")]) for n in range(100)]
    stored = {(f.get(20).partition, f.get(20).offset) for f in futures}
    assert len(stored) == 100
    reader = KafkaConsumer(bootstrap_servers=lab.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=5000)
    reader.assign([TopicPartition(topic, p) for p in range(3)])
    got = {}
    for message in reader:
        got[(message.partition, message.offset)] = (message.key, message.value)
        if len(got) == 100:
            break
    assert set(got) == stored
    assert set(got.values()) == {(f"k{n}".encode(), f"v{n}".encode()) for n in range(100)}
    reader.close()
    producer.close()


@pytest.mark.parametrize("codec", ["gzip"])
def test_compressed_batches(lab: RunningLab, codec: str) -> None:
    topic = lab.create_topic(f"kp-{codec}", partitions=1)
    producer = KafkaProducer(bootstrap_servers=lab.bootstrap, compression_type=codec, linger_ms=50)
    for n in range(50):
        producer.send(topic, f"value {n}".encode() * 10)
    producer.flush(20)
    reader = consumer(lab, topic, f"kp-{codec}-group")
    got: list[bytes] = []
    lab.wait_for(lambda: got.extend(m.value for ms in reader.poll(500).values() for m in ms) or len(got) == 50)
    assert got == [f"value {n}".encode() * 10 for n in range(50)]
    reader.close()
    producer.close()


def test_two_readers_and_one_of_the_page_share_a_group(lab: RunningLab) -> None:
    topic = lab.create_topic("kp-shared", partitions=6)
    answer = lab.do("add_consumer", name="page-reader", group="shared", topics=[topic], assignor="range")
    assert answer["ok"], answer
    stop = threading.Event()
    owned: dict[int, set[int]] = {}

    def read(number: int) -> None:
        reader = consumer(lab, topic, "shared")
        while not stop.is_set():
            reader.poll(200)
            owned[number] = {one.partition for one in reader.assignment()}
        reader.close()

    readers = [threading.Thread(target=read, args=(number,)) for number in range(2)]
    for reader in readers:
        reader.start()

    def shared_out() -> bool:
        groups = [one for one in lab.entities("group") if one["group"] == "shared"]
        return bool(groups) and groups[0]["state"] == "Stable" and len(groups[0]["members"]) == 3

    try:
        lab.wait_for(shared_out, 60)
        group = next(one for one in lab.entities("group") if one["group"] == "shared")
        assigned = [partition for member in group["members"] for _, partition in member["assignment"]]
        assert sorted(assigned) == list(range(6))
        assert [len(member["assignment"]) for member in group["members"]] == [2, 2, 2]
        lab.wait_for(lambda: sorted(map(len, owned.values())) == [2, 2])
        assert owned[0].isdisjoint(owned[1])
    finally:
        stop.set()
        for reader in readers:
            reader.join(20)
        lab.do("remove_consumer", name="page-reader")


def test_the_admin_client(lab: RunningLab) -> None:
    admin = KafkaAdminClient(bootstrap_servers=lab.bootstrap)
    admin.create_topics([NewTopic("kp-admin", 2, 3)])
    with pytest.raises(TopicAlreadyExistsError):
        admin.create_topics([NewTopic("kp-admin", 2, 3)])
    lab.wait_for(lambda: "kp-admin" in admin.list_topics())
    admin.delete_topics(["kp-admin"])
    lab.wait_for(lambda: "kp-admin" not in admin.list_topics())
    admin.close()


def test_offsets_by_time(lab: RunningLab) -> None:
    topic = lab.create_topic("kp-time", partitions=1)
    producer = KafkaProducer(bootstrap_servers=lab.bootstrap)
    first = producer.send(topic, b"first").get(20)
    time.sleep(0.05)
    second = producer.send(topic, b"second").get(20)
    reader = KafkaConsumer(bootstrap_servers=lab.bootstrap)
    place = TopicPartition(topic, 0)
    assert reader.offsets_for_times({place: first.timestamp + 1})[place].offset == second.offset
    assert reader.beginning_offsets([place]) == {place: 0}
    assert reader.end_offsets([place]) == {place: 2}
    reader.close()
    producer.close()
