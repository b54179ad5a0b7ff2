"""Metadata (3): which brokers live, which topics there are, and who leads what.

What a broker tells is its own image of the metadata, which may be a moment behind. A topic that
does not exist may come into being by being asked for: the broker asks the controller for it and
answers UNKNOWN_TOPIC_OR_PARTITION meanwhile, and the client asks again
(kafka.server.KafkaApis.handleTopicMetadataRequest, KRaftMetadataCache).
"""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from kio.schema.metadata.v13.request import MetadataRequest, MetadataRequestTopic
from kio.schema.metadata.v13.response import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from kio.schema.types import BrokerId, TopicName
from kio.static.primitive import i32, i32Timedelta

from kafkalab.engine.controller.metadata import NO_LEADER, MetadataImage, PartitionImage, TopicImage
from kafkalab.engine.controller.topic_names import check_topic_name, is_internal
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

ZERO = i32Timedelta.parse(timedelta(0))
ALL_TOPIC_OPERATIONS = 0b1101_1111_1000
"""One bit for each AclOperation that applies to topics: without an authorizer all are allowed."""
NOT_ASKED = -(2**31)
BY_ID_SINCE = 12
"""From version 10 on there is room for topic ids, but brokers do not go by them before 12 (KAFKA-12701)."""


def handle(broker: "Broker", request: Request) -> MetadataResponse:
    body: MetadataRequest = request.body
    if request.api_version < BY_ID_SINCE and any(topic.topic_id for topic in body.topics or ()):
        raise Refused(ErrorCode.invalid_request)
    image = broker.metadata
    # Clients of version 0 take no unavailable replica or ISR member in an answer.
    only_alive = request.api_version == 0
    operations = ALL_TOPIC_OPERATIONS if body.include_topic_authorized_operations else NOT_ASKED
    if body.topics is None:
        topics = [_found(image, topic, only_alive, operations) for topic in image.topics.values()]
    else:
        # Who is named twice is told of once.
        asked = {(topic.topic_id, topic.name): topic for topic in body.topics}
        topics = [_asked(broker, body, topic, only_alive, operations) for topic in asked.values()]
    return _response(image, random_alive_broker(broker), topics, request.listener)


def refuse(request: Request, refused: Refused) -> MetadataResponse:
    topics = (_missing(topic.name, topic.topic_id, refused.error_code) for topic in request.body.topics or ())
    return MetadataResponse(throttle_time=ZERO, brokers=(), topics=tuple(topics), error_code=refused.error_code)


def random_alive_broker(broker: "Broker") -> int:
    """What clients are told is the controller: any broker, which forwards to the real one. -1: none."""
    alive = [each.broker_id for each in broker.metadata.brokers.values() if not each.fenced]
    return broker.random.choice(alive) if alive else NO_LEADER


def offline_replicas(image: MetadataImage, partition: PartitionImage) -> tuple[int, ...]:
    return tuple(replica for replica in partition.replicas if not _alive(image, replica))


def partition_error(image: MetadataImage, partition: PartitionImage) -> ErrorCode:
    return ErrorCode.none if _alive(image, partition.leader) else ErrorCode.leader_not_available


def _alive(image: MetadataImage, broker_id: int) -> bool:
    return broker_id in image.brokers and not image.brokers[broker_id].fenced


def _response(
    image: MetadataImage, controller_id: int, topics: list[MetadataResponseTopic], listener: str
) -> MetadataResponse:
    reached = {each.broker_id: each.reached_by(listener) for each in image.brokers.values() if not each.fenced}
    return MetadataResponse(
        throttle_time=ZERO,
        brokers=tuple(
            MetadataResponseBroker(
                node_id=BrokerId(broker_id), host=host, port=i32(port), rack=image.brokers[broker_id].rack
            )
            for broker_id, (host, port) in reached.items()
        ),
        cluster_id=image.cluster_id,
        controller_id=BrokerId(controller_id),
        topics=tuple(topics),
        error_code=ErrorCode.none,
    )


def _asked(
    broker: "Broker", body: MetadataRequest, topic: MetadataRequestTopic, only_alive: bool, operations: int
) -> MetadataResponseTopic:
    image = broker.metadata
    if topic.topic_id is not None:
        name = image.topic_names.get(topic.topic_id)
        if name is None:
            return _missing(None, topic.topic_id, ErrorCode.unknown_topic_id)
        return _found(image, image.topics[name], only_alive, operations)
    asked = topic.name or TopicName("")
    if asked in image.topics:
        return _found(image, image.topics[asked], only_alive, operations)
    try:
        check_topic_name(asked)
    except Refused as refused:
        return _missing(asked, None, refused.error_code)
    if body.allow_auto_topic_creation and broker.config.auto_create_topics_enable:
        broker.topic_creation.create(asked)
    return _missing(asked, None, ErrorCode.unknown_topic_or_partition)


def _missing(name: TopicName | None, topic_id: UUID | None, error_code: ErrorCode) -> MetadataResponseTopic:
    return MetadataResponseTopic(
        error_code=error_code, name=name, topic_id=topic_id, is_internal=is_internal(name or ""), partitions=()
    )


def _found(image: MetadataImage, topic: TopicImage, only_alive: bool, operations: int) -> MetadataResponseTopic:
    return MetadataResponseTopic(
        error_code=ErrorCode.none,
        name=TopicName(topic.name),
        topic_id=topic.topic_id,
        is_internal=is_internal(topic.name),
        partitions=tuple(_partition(image, partition, only_alive) for partition in topic.partitions.values()),
        topic_authorized_operations=i32(operations),
    )


def _partition(image: MetadataImage, partition: PartitionImage, only_alive: bool) -> MetadataResponsePartition:
    error_code = partition_error(image, partition)
    replicas, isr = partition.replicas, partition.isr
    if only_alive:
        replicas = tuple(replica for replica in replicas if _alive(image, replica))
        isr = tuple(replica for replica in isr if _alive(image, replica))
        if error_code is ErrorCode.none and (replicas, isr) != (partition.replicas, partition.isr):
            error_code = ErrorCode.replica_not_available
    return MetadataResponsePartition(
        error_code=error_code,
        partition_index=i32(partition.partition),
        leader_id=BrokerId(NO_LEADER if error_code is ErrorCode.leader_not_available else partition.leader),
        leader_epoch=i32(partition.leader_epoch),
        replica_nodes=tuple(map(BrokerId, replicas)),
        isr_nodes=tuple(map(BrokerId, isr)),
        offline_replicas=tuple(map(BrokerId, offline_replicas(image, partition))),
    )
