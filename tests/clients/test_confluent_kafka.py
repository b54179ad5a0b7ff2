"""librdkafka by way of confluent-kafka, with its default settings unless a test says otherwise."""

import time

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic, ResourceType

from tests.clients.conftest import RunningLab


def read_all(lab: RunningLab, topic: str, count: int, **settings: object) -> list[Message]:
    consumer = Consumer(
        {
            "bootstrap.servers": lab.bootstrap,
            "group.id": f"reader-{time.time_ns()}",
            "auto.offset.reset": "earliest",
            **settings,
        }
    )
    consumer.subscribe([topic])
    got: list[Message] = []
    deadline = time.monotonic() + 60
    while len(got) < count and time.monotonic() < deadline:
        for message in consumer.consume(1000, 0.5):
            assert message.error() is None, message.error()
            got.append(message)
    consumer.close()
    return got


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_compression_comes_back_as_it_was_sent(lab: RunningLab, codec: str) -> None:
    topic = lab.create_topic(f"confluent-{codec}")
    producer = Producer({"bootstrap.servers": lab.bootstrap, "compression.type": codec, "linger.ms": 50})
    sent = [(f"key-{n % 7}".encode(), f"value {n} ".encode() * 20) for n in range(500)]
    for key, value in sent:
        producer.produce(topic, value, key, headers=[("codec", codec.encode())])
    assert producer.flush(30) == 0
    got = read_all(lab, topic, len(sent))
    assert sorted((m.key(), m.value()) for m in got) == sorted(sent)
    assert {tuple(m.headers()) for m in got} == {(("codec", codec.encode()),)}


def test_keys_keep_their_order(lab: RunningLab) -> None:
    topic = lab.create_topic("confluent-keyed")
    producer = Producer({"bootstrap.servers": lab.bootstrap})
    for n in range(300):
        producer.produce(topic, str(n).encode(), f"user-{n % 5}".encode())
    assert producer.flush(30) == 0
    by_key: dict[bytes, list[int]] = {}
    for message in read_all(lab, topic, 300):
        by_key.setdefault(message.key(), []).append(int(message.value()))
    assert by_key == {f"user-{k}".encode(): list(range(k, 300, 5)) for k in range(5)}


def test_an_idempotent_producer_loses_and_doubles_nothing_when_the_leader_is_killed(lab: RunningLab) -> None:
    topic = lab.create_topic("confluent-killed", partitions=1, **{"min.insync.replicas": "2"})
    failed: list[KafkaError] = []
    producer = Producer({"bootstrap.servers": lab.bootstrap, "enable.idempotence": True})
    count = 20_000
    for n in range(count):
        producer.produce(topic, str(n).encode(), on_delivery=lambda e, _: failed.append(e) if e else None)
        if n == count // 2:
            producer.poll(0.2)
            assert lab.do("crash_broker", broker=lab.leader(topic, 0))["ok"]
        producer.poll(0)
    assert producer.flush(60) == 0
    assert failed == []
    assert [int(m.value()) for m in read_all(lab, topic, count)] == list(range(count))


def test_a_group_goes_on_where_it_was_when_its_coordinator_is_killed(lab: RunningLab) -> None:
    topic = lab.create_topic("confluent-group", partitions=2)
    producer = Producer({"bootstrap.servers": lab.bootstrap})
    settings = {
        "bootstrap.servers": lab.bootstrap,
        "group.id": "survivors",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    }
    consumer = Consumer(settings)
    consumer.subscribe([topic])
    values: list[int] = []
    for n in range(50):
        producer.produce(topic, str(n).encode())
    producer.flush(30)
    lab.wait_for(lambda: values.extend(int(m.value()) for m in consumer.consume(100, 0.5)) or len(values) == 50)
    consumer.commit(asynchronous=False)
    group = next(one for one in lab.entities("group") if one["group"] == "survivors")
    lab.do("crash_broker", broker=group["coordinator"])
    for n in range(50, 100):
        producer.produce(topic, str(n).encode())
    assert producer.flush(60) == 0
    lab.wait_for(lambda: values.extend(int(m.value()) for m in consumer.consume(100, 0.5)) or len(values) >= 100, 60)
    assert sorted(values) == list(range(100))
    lab.wait_for(lambda: _commits(consumer), 60)
    committed = consumer.committed([TopicPartition(topic, p) for p in range(2)], timeout=30)
    assert sum(max(one.offset, 0) for one in committed) == 100
    consumer.close()


def _commits(consumer: Consumer) -> bool:
    try:
        consumer.commit(asynchronous=False)
    except KafkaException:
        return False
    return True


def test_the_admin_client_manages_topics(lab: RunningLab) -> None:
    admin = AdminClient({"bootstrap.servers": lab.bootstrap})
    [made] = admin.create_topics([NewTopic("admin-made", 2, 3, config={"retention.ms": "60000"})]).values()
    made.result(20)
    with pytest.raises(KafkaException) as twice:
        next(iter(admin.create_topics([NewTopic("admin-made", 2, 3)]).values())).result(20)
    assert twice.value.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS
    with pytest.raises(KafkaException) as too_many:
        next(iter(admin.create_topics([NewTopic("admin-four", 1, 4)]).values())).result(20)
    assert too_many.value.args[0].code() == KafkaError.INVALID_REPLICATION_FACTOR
    with pytest.raises(KafkaException) as bad_name:
        next(iter(admin.create_topics([NewTopic("no spaces", 1, 1)]).values())).result(20)
    assert bad_name.value.args[0].code() == KafkaError.TOPIC_EXCEPTION
    next(iter(admin.create_partitions([NewPartitions("admin-made", 4)]).values())).result(20)
    lab.wait_for(lambda: len(admin.list_topics("admin-made", timeout=10).topics["admin-made"].partitions) == 4)
    resource = ConfigResource(ResourceType.TOPIC, "admin-made")
    described = next(iter(admin.describe_configs([resource]).values())).result(20)
    assert described["retention.ms"].value == "60000"
    cluster = admin.describe_cluster().result(20)
    assert sorted(node.id for node in cluster.nodes) == [1, 2, 3]
    next(iter(admin.delete_topics(["admin-made"]).values())).result(20)
    lab.wait_for(lambda: "admin-made" not in admin.list_topics(timeout=10).topics)


def test_the_admin_client_sees_and_deletes_groups(lab: RunningLab) -> None:
    topic = lab.create_topic("confluent-groups", partitions=1)
    producer = Producer({"bootstrap.servers": lab.bootstrap})
    producer.produce(topic, b"one")
    producer.flush(20)
    consumer = Consumer({"bootstrap.servers": lab.bootstrap, "group.id": "seen", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    lab.wait_for(lambda: consumer.poll(0.5))
    admin = AdminClient({"bootstrap.servers": lab.bootstrap})
    listed = admin.list_consumer_groups().result(20)
    assert "seen" in [group.group_id for group in listed.valid]
    described = admin.describe_consumer_groups(["seen"])["seen"].result(20)
    assert described.state.name == "STABLE"
    assert [len(member.assignment.topic_partitions) for member in described.members] == [1]
    with pytest.raises(KafkaException) as busy:
        admin.delete_consumer_groups(["seen"])["seen"].result(20)
    assert busy.value.args[0].code() == KafkaError.NON_EMPTY_GROUP
    consumer.close()
    admin.delete_consumer_groups(["seen"])["seen"].result(20)
    assert "seen" not in [g.group_id for g in admin.list_consumer_groups().result(20).valid]


def test_records_before_an_offset_can_be_deleted(lab: RunningLab) -> None:
    topic = lab.create_topic("confluent-deleted", partitions=1)
    producer = Producer({"bootstrap.servers": lab.bootstrap})
    for n in range(10):
        producer.produce(topic, str(n).encode())
    producer.flush(20)
    admin = AdminClient({"bootstrap.servers": lab.bootstrap})
    [deleted] = admin.delete_records([TopicPartition(topic, 0, 4)]).values()
    assert deleted.result(20).low_watermark == 4
    assert [int(m.value()) for m in read_all(lab, topic, 6)] == [4, 5, 6, 7, 8, 9]
