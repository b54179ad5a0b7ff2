"""What an administrator does, by kafka-python's KafkaAdminClient."""

import time
from collections.abc import Callable

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.errors import CoordinatorNotAvailableError, NoError, TopicAlreadyExistsError

from tests.clients.speaking_up import Ground


def admin_of(ground: Ground) -> KafkaAdminClient:
    return KafkaAdminClient(bootstrap_servers=ground.servers)


def until(what: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.05)


def fill(ground: Ground, count: int) -> None:
    producer = KafkaProducer(bootstrap_servers=ground.servers)
    for n in range(count):
        producer.send(ground.topic, b"%d" % n, partition=0).get(30)
    producer.close()


def admin_topics(ground: Ground) -> str:
    admin, name = admin_of(ground), f"{ground.topic}-made"
    admin.create_topics([NewTopic(name, 2, 3, topic_configs={"retention.ms": "60000"})])
    try:
        admin.create_topics([NewTopic(name, 2, 3)])
    except TopicAlreadyExistsError:
        pass
    else:
        raise AssertionError("made twice")
    until(lambda: name in admin.list_topics())
    [described] = admin.describe_topics([name])
    assert [len(one["replica_nodes"]) for one in described["partitions"]] == [3, 3]
    assert sorted(broker["broker_id"] for broker in admin.describe_cluster()["brokers"]) == [1, 2, 3]
    admin.delete_topics([name])
    until(lambda: name not in admin.list_topics())
    admin.close()
    return "made, described, deleted"


def admin_configs(ground: Ground) -> str:
    admin = admin_of(ground)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, ground.topic, {"retention.ms": "60000"})])

    def told() -> str:
        described = admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, ground.topic)], config_filter="all"
        )
        return str(described["topic"][ground.topic]["retention.ms"]["value"])

    until(lambda: told() == "60000")
    admin.close()
    return "retention.ms is 60000"


def admin_groups(ground: Ground) -> str:
    admin = admin_of(ground)
    fill(ground, 1)
    member = KafkaConsumer(
        ground.topic, bootstrap_servers=ground.servers, group_id=ground.topic, auto_offset_reset="earliest"
    )
    until(lambda: member.poll(500))
    assert ground.topic in [one["group_id"] for one in admin.list_groups()]
    described = admin.describe_groups([ground.topic])[ground.topic]
    assert described["group_state"] == "Stable"
    assert len(described["members"]) == 1
    busy = admin.delete_groups([ground.topic])[ground.topic]
    assert "NonEmptyGroup" in str(busy), busy
    member.close()
    gone = admin.delete_groups([ground.topic])[ground.topic]
    assert gone is NoError or gone == "OK", gone
    assert ground.topic not in [one["group_id"] for one in admin.list_groups()]
    admin.close()
    return "NonEmptyGroup with a member, deleted without"


def admin_offsets(ground: Ground) -> str:
    admin, place = admin_of(ground), TopicPartition(ground.topic, 0)

    def is_set() -> bool:
        try:
            admin.alter_group_offsets(ground.topic, {place: OffsetAndMetadata(7, "", -1)})
        except CoordinatorNotAvailableError:
            return False
        return True

    until(is_set)
    told = admin.list_group_offsets({ground.topic: None})[ground.topic]
    assert {at: one.offset for at, one in told.items()} == {place: 7}
    deleted = admin.delete_group_offsets(ground.topic, [place])
    assert deleted == {place: NoError}, deleted
    admin.close()
    return "set, read and deleted"


def admin_delete_records(ground: Ground) -> str:
    admin, place = admin_of(ground), TopicPartition(ground.topic, 0)
    fill(ground, 10)
    assert admin.delete_records({place: 4})[place]["low_watermark"] == 4
    reader = KafkaConsumer(bootstrap_servers=ground.servers)
    assert reader.beginning_offsets([place]) == {place: 4}
    reader.close()
    admin.close()
    return "begins at 4"


def admin_partitions(ground: Ground) -> str:
    admin = admin_of(ground)
    admin.create_partitions({ground.topic: 5})
    until(lambda: len(admin.describe_topics([ground.topic])[0]["partitions"]) == 5)
    admin.close()
    return "5 partitions"
