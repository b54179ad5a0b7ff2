"""DescribeTopicPartitions (75): topics in pages, for clusters with more of them than one answer holds.

Topics come sorted by name, partitions by number. When the limit is reached the answer ends with a
cursor, the first partition not told, which the next request gives back (KIP-966,
kafka.server.handlers.DescribeTopicPartitionsRequestHandler).
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from kio.schema.describe_topic_partitions.v0.request import DescribeTopicPartitionsRequest
from kio.schema.describe_topic_partitions.v0.response import (
    Cursor,
    DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
)
from kio.schema.types import BrokerId, TopicName
from kio.static.primitive import i32, i32Timedelta

from kafkalab.engine.api.metadata import ALL_TOPIC_OPERATIONS, NOT_ASKED, offline_replicas, partition_error
from kafkalab.engine.controller.metadata import NO_LEADER, MetadataImage, PartitionImage, TopicImage
from kafkalab.engine.controller.topic_names import check_topic_name, is_internal
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

ZERO = i32Timedelta.parse(timedelta(0))


def handle(broker: "Broker", request: Request) -> DescribeTopicPartitionsResponse:
    body: DescribeTopicPartitionsRequest = request.body
    image = broker.metadata
    from_topic, from_partition = "", 0
    if body.cursor is not None:
        from_topic, from_partition = body.cursor.topic_name, body.cursor.partition_index
        if from_partition < 0:
            raise Refused(ErrorCode.invalid_request, "DescribeTopicPartitionsRequest cursor partition must be valid")
        if body.topics and from_topic not in {topic.name for topic in body.topics}:
            raise Refused(
                ErrorCode.invalid_request,
                f"DescribeTopicPartitionsRequest topic list should contain the cursor topic: {from_topic}",
            )
    asked = {topic.name for topic in body.topics} if body.topics else image.topics
    names = sorted(name for name in asked if name >= from_topic)
    room = max(1, min(body.response_partition_limit, broker.config.max_request_partition_size_limit))
    topics: list[DescribeTopicPartitionsResponseTopic] = []
    for name in names:
        topic = image.topics.get(name)
        if topic is None:
            topics.append(_missing(name))
            continue
        first = from_partition if name == from_topic else 0
        left = len(topic.partitions) - first
        if room <= 0 < left:
            return _page(topics, Cursor(topic_name=TopicName(name), partition_index=i32(first)))
        topics.append(_topic(image, topic, range(first, first + max(min(left, room), 0))))
        if left > room:
            return _page(topics, Cursor(topic_name=TopicName(name), partition_index=i32(first + room)))
        room -= max(left, 0)
    return _page(topics, None)


def refuse(request: Request, refused: Refused) -> DescribeTopicPartitionsResponse:
    return DescribeTopicPartitionsResponse(
        throttle_time=ZERO,
        topics=tuple(_refused(topic.name, refused.error_code) for topic in request.body.topics),
    )


def _page(topics: list[DescribeTopicPartitionsResponseTopic], cursor: Cursor | None) -> DescribeTopicPartitionsResponse:
    return DescribeTopicPartitionsResponse(throttle_time=ZERO, topics=tuple(topics), next_cursor=cursor)


def _missing(name: str) -> DescribeTopicPartitionsResponseTopic:
    try:
        check_topic_name(name)
    except Refused as refused:
        return _refused(name, refused.error_code, ALL_TOPIC_OPERATIONS)
    return _refused(name, ErrorCode.unknown_topic_or_partition, ALL_TOPIC_OPERATIONS)


def _refused(name: str, error_code: ErrorCode, operations: int = NOT_ASKED) -> DescribeTopicPartitionsResponseTopic:
    return DescribeTopicPartitionsResponseTopic(
        error_code=error_code,
        name=TopicName(name),
        topic_id=None,
        is_internal=is_internal(name),
        partitions=(),
        topic_authorized_operations=i32(operations),
    )


def _topic(image: MetadataImage, topic: TopicImage, numbers: range) -> DescribeTopicPartitionsResponseTopic:
    return DescribeTopicPartitionsResponseTopic(
        error_code=ErrorCode.none,
        name=TopicName(topic.name),
        topic_id=topic.topic_id,
        is_internal=is_internal(topic.name),
        partitions=tuple(_partition(image, topic.partitions[number]) for number in numbers),
        topic_authorized_operations=i32(ALL_TOPIC_OPERATIONS),
    )


def _partition(image: MetadataImage, partition: PartitionImage) -> DescribeTopicPartitionsResponsePartition:
    # That nobody leads is no error here: it is what was asked for.
    led = partition_error(image, partition) is ErrorCode.none
    return DescribeTopicPartitionsResponsePartition(
        error_code=ErrorCode.none,
        partition_index=i32(partition.partition),
        leader_id=BrokerId(partition.leader if led else NO_LEADER),
        leader_epoch=i32(partition.leader_epoch),
        replica_nodes=tuple(map(BrokerId, partition.replicas)),
        isr_nodes=tuple(map(BrokerId, partition.isr)),
        eligible_leader_replicas=tuple(map(BrokerId, partition.eligible_leader_replicas)),
        last_known_elr=tuple(map(BrokerId, partition.last_known_elr)),
        offline_replicas=tuple(map(BrokerId, offline_replicas(image, partition))),
    )
