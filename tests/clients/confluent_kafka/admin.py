"""What an administrator does, by confluent-kafka's AdminClient."""

import time
from collections.abc import Callable

import confluent_kafka as ck
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from tests.clients.speaking_up import Ground


def admin_of(ground: Ground) -> AdminClient:
    return AdminClient({"bootstrap.servers": ground.bootstrap})


def until(what: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not so within {seconds} s"


def fill(ground: Ground, count: int) -> None:
    producer = Producer({"bootstrap.servers": ground.bootstrap})
    for n in range(count):
        producer.produce(ground.topic, b"%d" % n, partition=0)
    assert producer.flush(30) == 0


def code(call: Callable[[], object]) -> int:
    try:
        call()
    except KafkaException as refused:
        return int(refused.args[0].code())
    return 0


def admin_topics(ground: Ground) -> str:
    admin, name = admin_of(ground), f"{ground.topic}-made"
    admin.create_topics([NewTopic(name, 2, 3, config={"retention.ms": "60000"})])[name].result(30)
    assert code(lambda: admin.create_topics([NewTopic(name, 2, 3)])[name].result(30)) == KafkaError.TOPIC_ALREADY_EXISTS
    until(lambda: name in admin.list_topics(timeout=10).topics)
    described = admin.describe_topics(ck.TopicCollection([name]))[name].result(30)
    assert [len(one.replicas) for one in described.partitions] == [3, 3]
    assert sorted(node.id for node in admin.describe_cluster().result(30).nodes) == [1, 2, 3]
    admin.delete_topics([name])[name].result(30)
    until(lambda: name not in admin.list_topics(timeout=10).topics)
    return "made, described, deleted"


def admin_configs(ground: Ground) -> str:
    admin, resource = admin_of(ground), ConfigResource(ResourceType.TOPIC, ground.topic)
    change = ConfigResource(
        ResourceType.TOPIC,
        ground.topic,
        incremental_configs=[ConfigEntry("retention.ms", "60000", incremental_operation=AlterConfigOpType.SET)],
    )
    admin.incremental_alter_configs([change])[change].result(30)
    until(lambda: admin.describe_configs([resource])[resource].result(30)["retention.ms"].value == "60000")
    return "retention.ms is 60000"


def admin_groups(ground: Ground) -> str:
    admin = admin_of(ground)
    fill(ground, 1)
    member = Consumer(
        {"bootstrap.servers": ground.bootstrap, "group.id": ground.topic, "auto.offset.reset": "earliest"}
    )
    member.subscribe([ground.topic])
    until(lambda: member.poll(0.5))
    assert ground.topic in [one.group_id for one in admin.list_consumer_groups().result(30).valid]
    described = admin.describe_consumer_groups([ground.topic])[ground.topic].result(30)
    assert described.state.name == "STABLE"
    assert [len(one.assignment.topic_partitions) for one in described.members] == [3]
    busy = code(lambda: admin.delete_consumer_groups([ground.topic])[ground.topic].result(30))
    assert busy == KafkaError.NON_EMPTY_GROUP
    member.close()
    admin.delete_consumer_groups([ground.topic])[ground.topic].result(30)
    assert ground.topic not in [one.group_id for one in admin.list_consumer_groups().result(30).valid]
    return "NON_EMPTY_GROUP with a member, deleted without"


def admin_offsets(ground: Ground) -> str:
    admin = admin_of(ground)
    place = TopicPartition(ground.topic, 0, 7)
    wish = ck.ConsumerGroupTopicPartitions(ground.topic, [place])
    admin.alter_consumer_group_offsets([wish])[ground.topic].result(30)
    asked = ck.ConsumerGroupTopicPartitions(ground.topic)
    told = admin.list_consumer_group_offsets([asked])[ground.topic].result(30)
    assert [(one.topic, one.partition, one.offset) for one in told.topic_partitions] == [(ground.topic, 0, 7)]
    return "set and read; deleting one topic's offsets is not in this client"


def admin_delete_records(ground: Ground) -> str:
    admin = admin_of(ground)
    fill(ground, 10)
    [deleted] = admin.delete_records([TopicPartition(ground.topic, 0, 4)]).values()
    assert deleted.result(30).low_watermark == 4
    reader = Consumer({"bootstrap.servers": ground.bootstrap, "group.id": ground.topic})
    assert reader.get_watermark_offsets(TopicPartition(ground.topic, 0), timeout=30) == (4, 10)
    reader.close()
    return "begins at 4"


def admin_partitions(ground: Ground) -> str:
    admin = admin_of(ground)
    admin.create_partitions([NewPartitions(ground.topic, 5)])[ground.topic].result(30)
    until(lambda: len(admin.list_topics(ground.topic, timeout=10).topics[ground.topic].partitions) == 5)
    return "5 partitions"
