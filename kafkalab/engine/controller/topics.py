"""Topics are made, deleted and given more partitions.

Every check and its words are those of org.apache.kafka.controller.ReplicationControlManager
(createTopics, deleteTopics, createPartitions) and of kafka.server.ControllerApis. Each topic of a
request succeeds or fails on its own; what succeeds is written in one batch.
"""

from collections import Counter
from datetime import timedelta
from random import Random
from uuid import UUID

from kio.schema.create_partitions.v3.request import CreatePartitionsRequest, CreatePartitionsTopic
from kio.schema.create_partitions.v3.response import CreatePartitionsResponse, CreatePartitionsTopicResult
from kio.schema.create_topics.v7.request import CreatableTopic, CreateTopicsRequest
from kio.schema.create_topics.v7.response import (
    CreatableTopicConfigs,
    CreatableTopicResult,
    CreateTopicsResponse,
)
from kio.schema.delete_topics.v6.request import DeleteTopicsRequest, DeleteTopicState
from kio.schema.delete_topics.v6.response import DeletableTopicResult, DeleteTopicsResponse
from kio.schema.types import TopicName
from kio.static.primitive import i8, i16, i32, i32Timedelta

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller import assignment
from kafkalab.engine.controller.configs import BrokerSettings, described_topic, validated_topic_configs
from kafkalab.engine.controller.decision import Decision
from kafkalab.engine.controller.metadata import (
    METADATA_TOPIC,
    TOPIC,
    ConfigRecord,
    MetadataImage,
    MetadataRecord,
    PartitionRecord,
    RemoveTopicRecord,
    TopicRecord,
)
from kafkalab.engine.controller.room import UNLIMITED, Room
from kafkalab.engine.controller.topic_names import check_topic_name, colliding_topic, is_internal
from kafkalab.engine.quotas.mutations import UNBOUNDED, Mutations
from kafkalab.engine.refused import Refused
from kafkalab.engine.spec import HostLimits
from kafkalab.wire.errors import ErrorCode

ZERO = i32Timedelta.parse(timedelta(0))
MOST_RECORDS = 10_000
"""Of one request (QuorumController.MAX_RECORDS_PER_USER_OP)."""


# -- create ----------------------------------------------------------------------------------------


def create_topics(
    image: MetadataImage,
    config: BrokerConfig,
    body: CreateTopicsRequest,
    random: Random,
    static: BrokerConfig,
    mutations: Mutations = UNBOUNDED,
    limits: HostLimits = UNLIMITED,
) -> Decision:
    """`config` counts; `static` is what server.properties says of it."""
    settings = BrokerSettings.of(image, static)
    # By name: what is named twice is answered once.
    results: dict[str, CreatableTopicResult] = {}
    records: list[MetadataRecord] = []
    room = Room(image, limits)
    times = Counter(topic.name for topic in body.topics)
    for topic in body.topics:
        try:
            if times[topic.name] > 1:
                raise Refused(ErrorCode.invalid_request, "Duplicate topic name.")
            created = _create(image, config, topic, random, room)
            _limit(len(records) + len(created))
            mutations.record(sum(isinstance(each, PartitionRecord) for each in created))
            result = _created(settings, created)
        except Refused as refused:
            results[topic.name] = _not_created(topic.name, refused)
        else:
            records.extend(created)
            room.take(1, result.num_partitions)
            results[topic.name] = result
    answer = CreateTopicsResponse(throttle_time=ZERO, topics=tuple(results.values()))
    return Decision(answer, () if body.validate_only else tuple(records))


def _create(
    image: MetadataImage, config: BrokerConfig, topic: CreatableTopic, random: Random, room: Room
) -> list[MetadataRecord]:
    if topic.name == METADATA_TOPIC:
        raise Refused(ErrorCode.topic_authorization_failed, "Authorization failed.")
    if topic.name in image.topics:
        raise Refused(ErrorCode.topic_already_exists, f"Topic '{topic.name}' already exists.")
    check_topic_name(topic.name)
    if other := colliding_topic(topic.name, image.topics):
        raise Refused(ErrorCode.invalid_topic_exception, f"Topic '{topic.name}' collides with existing topic: {other}")
    configs = validated_topic_configs({each.name: each.value for each in topic.configs}, config)
    wanted = len(topic.assignments) or (config.num_partitions if topic.num_partitions == -1 else topic.num_partitions)
    _limit(wanted)
    if not is_internal(topic.name):
        # Where strangers have filled the cluster, groups shall still get their coordinators.
        room.check(1, wanted)
    replicas = assignment.of_new_topic(image, config, topic, random)
    topic_id = UUID(int=random.getrandbits(128), version=4)
    return [
        TopicRecord(str(topic.name), topic_id),
        *(ConfigRecord(TOPIC, str(topic.name), name, value) for name, value in configs.items()),
        *(_new_partition(image, topic_id, number, brokers) for number, brokers in enumerate(replicas)),
    ]


def _new_partition(image: MetadataImage, topic_id: UUID, number: int, replicas: tuple[int, ...]) -> PartitionRecord:
    isr = tuple(broker for broker in replicas if image.brokers[broker].active)
    return PartitionRecord(topic_id, number, replicas, isr, leader=isr[0], leader_epoch=0, partition_epoch=0)


def _created(settings: BrokerSettings, records: list[MetadataRecord]) -> CreatableTopicResult:
    topic = next(record for record in records if isinstance(record, TopicRecord))
    partitions = [record for record in records if isinstance(record, PartitionRecord)]
    own = {record.name: record.value or "" for record in records if isinstance(record, ConfigRecord)}
    return CreatableTopicResult(
        name=TopicName(topic.name),
        topic_id=topic.topic_id,
        error_code=ErrorCode.none,
        error_message=None,
        num_partitions=i32(len(partitions)),
        replication_factor=i16(len(partitions[0].replicas)),
        configs=tuple(
            CreatableTopicConfigs(
                name=each.name, value=each.value, read_only=False, config_source=i8(each.source), is_sensitive=False
            )
            for each in described_topic(own, settings)
        ),
    )


def _not_created(name: str, refused: Refused) -> CreatableTopicResult:
    return CreatableTopicResult(
        name=TopicName(name), topic_id=None, error_code=refused.error_code, error_message=refused.message, configs=()
    )


def _limit(records: int) -> None:
    if records > MOST_RECORDS:
        raise Refused(ErrorCode.policy_violation, "Excessively large number of partitions per request.")


# -- delete ----------------------------------------------------------------------------------------


def delete_topics(
    image: MetadataImage, config: BrokerConfig, body: DeleteTopicsRequest, mutations: Mutations = UNBOUNDED
) -> Decision:
    # By what they say, so that the same answer is given once.
    results: dict[tuple[str | None, UUID | None, ErrorCode], DeletableTopicResult] = {}
    records: list[RemoveTopicRecord] = []
    names = Counter(topic.name for topic in body.topics)
    ids = Counter(topic.topic_id for topic in body.topics)
    for topic in body.topics:
        name, topic_id = topic.name, topic.topic_id
        try:
            if not config.delete_topic_enable:
                raise Refused(ErrorCode.topic_deletion_disabled)
            if name is not None and names[name] > 1:
                raise Refused(ErrorCode.invalid_request, "Duplicate topic name.")
            if topic_id is not None and ids[topic_id] > 1:
                raise Refused(ErrorCode.invalid_request, "Duplicate topic id.")
            name, topic_id = _known(image, topic)
            if topic.topic_id is not None and name in names:
                raise Refused(
                    ErrorCode.invalid_request, "The provided topic name maps to an ID that was already supplied."
                )
            if topic.topic_id is None and topic_id in ids:
                raise Refused(
                    ErrorCode.invalid_request, "The provided topic name maps to an ID that was already supplied."
                )
            mutations.record(len(image.topics[name].partitions))
        except Refused as refused:
            result = DeletableTopicResult(
                name=name, topic_id=topic_id, error_code=refused.error_code, error_message=refused.message
            )
        else:
            records.append(RemoveTopicRecord(topic_id))
            result = DeletableTopicResult(name=name, topic_id=topic_id, error_code=ErrorCode.none)
        results[result.name, result.topic_id, result.error_code] = result
    # The same topic by name and by id is removed once.
    return Decision(
        DeleteTopicsResponse(throttle_time=ZERO, responses=tuple(results.values())), tuple(dict.fromkeys(records))
    )


def _known(image: MetadataImage, topic: DeleteTopicState) -> tuple[TopicName, UUID]:
    if topic.topic_id is None:
        if topic.name is None:
            raise Refused(ErrorCode.invalid_request, "Neither topic name nor id were specified.")
        if topic.name not in image.topics:
            raise Refused(ErrorCode.unknown_topic_or_partition, "This server does not host this topic-partition.")
        return topic.name, image.topics[topic.name].topic_id
    if topic.name is not None:
        raise Refused(ErrorCode.invalid_request, "You may not specify both topic name and topic id.")
    if topic.topic_id not in image.topic_names:
        raise Refused(ErrorCode.unknown_topic_id, "This server does not host this topic ID.")
    return TopicName(image.topic_names[topic.topic_id]), topic.topic_id


# -- more partitions -------------------------------------------------------------------------------


def create_partitions(
    image: MetadataImage,
    body: CreatePartitionsRequest,
    random: Random,
    mutations: Mutations = UNBOUNDED,
    limits: HostLimits = UNLIMITED,
) -> Decision:
    results: dict[str, CreatePartitionsTopicResult] = {}
    records: list[MetadataRecord] = []
    room = Room(image, limits)
    times = Counter(topic.name for topic in body.topics)
    for topic in body.topics:
        error, message = ErrorCode.none, None
        try:
            if times[topic.name] > 1:
                raise Refused(ErrorCode.invalid_request, "Duplicate topic name.")
            added = _add_partitions(image, topic, random, room)
            _limit(len(records) + len(added))
            mutations.record(len(added))
            records.extend(added)
            room.take(0, len(added))
        except Refused as refused:
            error, message = refused.error_code, refused.message
        results[topic.name] = CreatePartitionsTopicResult(name=topic.name, error_code=error, error_message=message)
    answer = CreatePartitionsResponse(throttle_time=ZERO, results=tuple(results.values()))
    return Decision(answer, () if body.validate_only else tuple(records))


def _add_partitions(
    image: MetadataImage, topic: CreatePartitionsTopic, random: Random, room: Room
) -> list[PartitionRecord]:
    known = image.topics.get(topic.name)
    if known is None:
        raise Refused(ErrorCode.unknown_topic_or_partition)
    before = len(known.partitions)
    if topic.count == before:
        raise Refused(ErrorCode.invalid_partitions, f"Topic already has {before} partition(s).")
    if topic.count < before:
        raise Refused(
            ErrorCode.invalid_partitions,
            f"The topic {topic.name} currently has {before} partition(s); {topic.count} would not be an increase.",
        )
    _limit(topic.count - before)
    room.check(0, topic.count - before)
    replicas = assignment.of_more_partitions(image, topic, before, len(known.partitions[0].replicas), random)
    return [_new_partition(image, known.topic_id, before + index, brokers) for index, brokers in enumerate(replicas)]
