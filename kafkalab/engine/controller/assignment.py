"""Which brokers hold a new partition: as the request says, or as the placement decides.

Checks and their words follow ReplicationControlManager (createTopic, createPartitions,
validateManualPartitionAssignment).
"""

from random import Random

from kio.schema.create_partitions.v3.request import CreatePartitionsTopic
from kio.schema.create_topics.v7.request import CreatableTopic

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.controller.placement import place
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

Replicas = tuple[int, ...]


def of_new_topic(image: MetadataImage, config: BrokerConfig, topic: CreatableTopic, random: Random) -> list[Replicas]:
    """The replicas of partition 0, 1, ..."""
    if topic.assignments:
        return _as_asked(image, topic)
    if topic.replication_factor < -1 or topic.replication_factor == 0:
        raise Refused(
            ErrorCode.invalid_replication_factor,
            "Replication factor must be larger than 0, or -1 to use the default value.",
        )
    if topic.num_partitions < -1 or topic.num_partitions == 0:
        raise Refused(ErrorCode.invalid_partitions, "Number of partitions was set to an invalid non-positive value.")
    partitions = config.num_partitions if topic.num_partitions == -1 else topic.num_partitions
    factor = config.default_replication_factor if topic.replication_factor == -1 else topic.replication_factor
    return _placed(image, partitions, factor, random)


def of_more_partitions(
    image: MetadataImage, topic: CreatePartitionsTopic, before: int, factor: int, random: Random
) -> list[Replicas]:
    """The replicas of partition `before`, `before` + 1, ..."""
    additional = topic.count - before
    if topic.assignments is None:
        return _placed(image, additional, factor, random)
    if len(topic.assignments) != additional:
        raise _invalid(
            f"Attempted to add {additional} additional partition(s), but only {len(topic.assignments)} "
            "assignment(s) were specified."
        )
    replicas = [tuple(map(int, each.broker_ids)) for each in topic.assignments]
    for index, brokers in enumerate(replicas):
        check(image, brokers, factor)
        if not _any_active(image, brokers):
            raise _invalid(
                f"All brokers specified in the manual partition assignment for partition {before + index} are fenced "
                "or in controlled shutdown."
            )
    return replicas


def check(image: MetadataImage, brokers: Replicas, factor: int | None) -> None:
    """`factor` is the number of replicas of the partitions before; None for the first."""
    if not brokers:
        raise _invalid("The manual partition assignment includes an empty replica list.")
    for broker in sorted(brokers):
        if broker not in image.brokers:
            raise _invalid(
                f"The manual partition assignment includes broker {broker}, but no such broker is registered."
            )
        if brokers.count(broker) > 1:
            raise _invalid(f"The manual partition assignment includes the broker {broker} more than once.")
    if factor is not None and len(brokers) != factor:
        raise _invalid(
            f"The manual partition assignment includes a partition with {len(brokers)} replica(s), but this is not "
            f"consistent with previous partitions, which have {factor} replica(s)."
        )


def _placed(image: MetadataImage, partitions: int, factor: int, random: Random) -> list[Replicas]:
    try:
        return place(image.brokers.values(), partitions, factor, random)
    except Refused as refused:
        raise Refused(
            refused.error_code, f"Unable to replicate the partition {factor} time(s): {refused.message}"
        ) from refused


def _as_asked(image: MetadataImage, topic: CreatableTopic) -> list[Replicas]:
    if topic.replication_factor != -1:
        raise Refused(
            ErrorCode.invalid_request,
            "A manual partition assignment was specified, but replication factor was not set to -1.",
        )
    if topic.num_partitions != -1:
        raise Refused(
            ErrorCode.invalid_request,
            "A manual partition assignment was specified, but numPartitions was not set to -1.",
        )
    asked: dict[int, Replicas] = {}
    factor: int | None = None
    for each in topic.assignments:
        if each.partition_index in asked:
            raise _invalid(f"Found multiple manual partition assignments for partition {each.partition_index}")
        brokers = tuple(map(int, each.broker_ids))
        check(image, brokers, factor)
        factor = len(brokers)
        if not _any_active(image, brokers):
            raise _invalid(
                f"All brokers specified in the manual partition assignment for partition {each.partition_index} are "
                "fenced or in controlled shutdown."
            )
        asked[each.partition_index] = brokers
    if sorted(asked) != list(range(len(asked))):
        raise _invalid("partitions should be a consecutive 0-based integer sequence")
    return [asked[number] for number in range(len(asked))]


def _any_active(image: MetadataImage, brokers: Replicas) -> bool:
    return any(image.brokers[broker].active for broker in brokers)


def _invalid(reason: str) -> Refused:
    return Refused(ErrorCode.invalid_replica_assignment, reason)
