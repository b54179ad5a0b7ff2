"""Partitions move to other brokers: AlterPartitionReassignments (45), ListPartitionReassignments (46).

    replicas := target, then those that shall go     the newcomers begin to copy
    all of the target are in sync                    AlterPartition of the leader tells so
    replicas := target                               the others delete what they have

Until the last step nothing is given up, so a reassignment can be cancelled at any time (KIP-455,
KIP-860; ReplicationControlManager, PartitionReassignmentReplicas, PartitionReassignmentRevert).
"""

from datetime import timedelta

from kio.schema.alter_partition_reassignments.v1.request import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
)
from kio.schema.alter_partition_reassignments.v1.response import (
    AlterPartitionReassignmentsResponse,
    ReassignablePartitionResponse,
    ReassignableTopicResponse,
)
from kio.schema.list_partition_reassignments.v0.request import ListPartitionReassignmentsRequest
from kio.schema.list_partition_reassignments.v0.response import (
    ListPartitionReassignmentsResponse,
    OngoingPartitionReassignment,
    OngoingTopicReassignment,
)
from kio.schema.types import BrokerId, TopicName
from kio.static.primitive import i32, i32Timedelta

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller import assignment
from kafkalab.engine.controller.decision import Decision
from kafkalab.engine.controller.elections import ballot_of
from kafkalab.engine.controller.metadata import MetadataImage, PartitionChangeRecord, PartitionImage, TopicImage
from kafkalab.engine.controller.partition_change import Election, Target, partition_change
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

ZERO = i32Timedelta.parse(timedelta(0))


def alter_reassignments(
    image: MetadataImage, config: BrokerConfig, body: AlterPartitionReassignmentsRequest
) -> Decision:
    topics: list[ReassignableTopicResponse] = []
    records: dict[tuple[str, int], PartitionChangeRecord | None] = {}
    for topic in body.topics:
        answers: list[ReassignablePartitionResponse] = []
        for wanted in topic.partitions:
            error, message = ErrorCode.none, None
            try:
                key = (str(topic.name), int(wanted.partition_index))
                records[key] = _alter(image, config, topic.name, wanted, body.allow_replication_factor_change)
            except Refused as refused:
                error, message = refused.error_code, refused.message
            answers.append(
                ReassignablePartitionResponse(
                    partition_index=wanted.partition_index, error_code=error, error_message=message
                )
            )
        topics.append(ReassignableTopicResponse(name=topic.name, partitions=tuple(answers)))
    answer = AlterPartitionReassignmentsResponse(
        throttle_time=ZERO,
        allow_replication_factor_change=body.allow_replication_factor_change,
        error_code=ErrorCode.none,
        error_message=None,
        responses=tuple(topics),
    )
    changes = tuple(record for record in records.values() if record is not None)
    return Decision(answer, changes, "a person moved the partition to other brokers")


def list_reassignments(image: MetadataImage, body: ListPartitionReassignmentsRequest) -> Decision:
    asked = (
        [(topic.name, tuple(topic.partitions)) for topic in image.topics.values()]
        if body.topics is None
        else [(topic.name, topic.partition_indexes) for topic in body.topics]
    )
    found: list[OngoingTopicReassignment] = []
    for name, numbers in asked:
        partitions = [image.partition(name, number) for number in numbers]
        ongoing = tuple(_ongoing(each) for each in partitions if each is not None and in_progress(each))
        if ongoing:
            found.append(OngoingTopicReassignment(name=TopicName(name), partitions=ongoing))
    return Decision(
        ListPartitionReassignmentsResponse(
            throttle_time=ZERO, error_code=ErrorCode.none, error_message=None, topics=tuple(found)
        )
    )


def in_progress(partition: PartitionImage) -> bool:
    return bool(partition.adding_replicas or partition.removing_replicas)


def _ongoing(partition: PartitionImage) -> OngoingPartitionReassignment:
    return OngoingPartitionReassignment(
        partition_index=i32(partition.partition),
        replicas=tuple(map(BrokerId, partition.replicas)),
        adding_replicas=tuple(map(BrokerId, partition.adding_replicas)),
        removing_replicas=tuple(map(BrokerId, partition.removing_replicas)),
    )


def _alter(
    image: MetadataImage, config: BrokerConfig, name: str, wanted: ReassignablePartition, may_change_factor: bool
) -> PartitionChangeRecord | None:
    topic = image.topics.get(name)
    if topic is None:
        raise Refused(ErrorCode.unknown_topic_or_partition, f"Unable to find a topic named {name}.")
    partition = topic.partitions.get(wanted.partition_index)
    if partition is None:
        raise Refused(
            ErrorCode.unknown_topic_or_partition, f"Unable to find partition {name}:{wanted.partition_index}."
        )
    if wanted.replicas is None:
        return _cancel(image, config, topic, partition)
    target = tuple(map(int, wanted.replicas))
    assignment.check(image, target, None)
    factor = len(partition.replicas) - len(partition.adding_replicas)
    if not may_change_factor and len(target) != factor:
        raise Refused(
            ErrorCode.invalid_replication_factor,
            f"The replication factor is changed from {factor} to {len(target)}",
        )
    return _change(image, config, topic, partition, target)


def _change(
    image: MetadataImage, config: BrokerConfig, topic: TopicImage, partition: PartitionImage, target: tuple[int, ...]
) -> PartitionChangeRecord | None:
    removing = tuple(sorted(replica for replica in partition.replicas if replica not in target))
    original = _original(partition)
    # Who came with an earlier reassignment that is not over is a newcomer still.
    adding = tuple(sorted(replica for replica in (*target, *removing) if replica not in original))
    ballot = ballot_of(image, topic, config.topic_defaults)
    return partition_change(partition, ballot, Target(replicas=(*target, *removing), adding=adding, removing=removing))


def _cancel(
    image: MetadataImage, config: BrokerConfig, topic: TopicImage, partition: PartitionImage
) -> PartitionChangeRecord | None:
    if not in_progress(partition):
        raise Refused(ErrorCode.no_reassignment_in_progress)
    replicas = _original(partition)
    isr = tuple(replica for replica in partition.isr if replica in replicas)
    ballot = ballot_of(image, topic, config.topic_defaults)
    if not isr and partition.isr:
        # Only newcomers are in sync: without them records would be lost.
        if ballot.election is not Election.UNCLEAN:
            raise Refused(
                ErrorCode.invalid_replica_assignment,
                f"Unable to revert partition assignment for {topic.name}:{partition.partition} because it would "
                "require an unclean leader election.",
            )
        isr = replicas[:1]
    return partition_change(partition, ballot, Target(isr=isr, replicas=replicas, adding=(), removing=()))


def _original(partition: PartitionImage) -> tuple[int, ...]:
    """The replicas as they were before."""
    return tuple(replica for replica in partition.replicas if replica not in partition.adding_replicas)
