"""Who leads a partition when its replicas come and go.

The rules are those of org.apache.kafka.controller.PartitionChangeBuilder without eligible leader
replicas (KIP-966). A leader stays as long as it is in sync and alive; otherwise the first replica
in assignment order that is. The last in-sync replica is never removed from the ISR: when it is
gone there is no leader, and it alone knows every record that was acknowledged.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum

from kafkalab.engine.controller.metadata import (
    NO_LEADER,
    MetadataImage,
    PartitionChangeRecord,
    PartitionImage,
)

RECOVERED, RECOVERING = 0, 1
"""LeaderRecoveryState: RECOVERING from an unclean election until the leader says otherwise."""
MOST_ELECTIONS = 1_000
"""Of one round of giving leadership back (ReplicationControlManager.MAX_ELECTIONS_PER_IMBALANCE)."""
UNCLEAN_ENABLE = "unclean.leader.election.enable"


class Election(Enum):
    ONLINE = "online"
    """A live in-sync replica, the present leader if it can."""
    PREFERRED = "preferred"
    """The first of the assignment before all others."""
    UNCLEAN = "unclean"
    """As ONLINE; if none is in sync, any that lives, and what it lacks is lost."""


def partition_change(
    partition: PartitionImage,
    *,
    acceptable: Callable[[int], bool],
    election: Election = Election.ONLINE,
    target_isr: tuple[int, ...] | None = None,
    recovery_state: int | None = None,
) -> PartitionChangeRecord | None:
    """The record that takes the partition to `target_isr` (None: as it is) under a leader that may lead.

    None when nothing has to change.
    """
    wanted_isr = partition.isr if target_isr is None else target_isr
    leader = _elect(partition, wanted_isr, acceptable, election)
    unclean = leader != NO_LEADER and leader not in wanted_isr
    if unclean:
        wanted_isr = (leader,)
        recovery_state = RECOVERING
    change = PartitionChangeRecord(
        partition.topic_id,
        partition.partition,
        isr=wanted_isr if wanted_isr and wanted_isr != partition.isr else None,
        leader=leader if leader != partition.leader else None,
        leader_recovery_state=recovery_state if recovery_state != partition.leader_recovery_state else None,
    )
    return None if change == PartitionChangeRecord(partition.topic_id, partition.partition) else change


def _elect(
    partition: PartitionImage, isr: tuple[int, ...], acceptable: Callable[[int], bool], election: Election
) -> int:
    def valid(broker: int) -> bool:
        return broker in isr and acceptable(broker)

    if election is Election.PREFERRED and valid(partition.replicas[0]):
        return partition.replicas[0]
    if valid(partition.leader):
        return partition.leader
    for replica in partition.replicas:
        if valid(replica):
            return replica
    if election is Election.UNCLEAN:
        for replica in partition.replicas:
            if acceptable(replica):
                return replica
    return NO_LEADER


def broker_gone(
    image: MetadataImage, broker_id: int, topic_defaults: Mapping[str, str]
) -> Iterator[PartitionChangeRecord]:
    """What changes when a broker may no longer be in sync: it leaves the ISRs, and others lead."""

    def acceptable(other: int) -> bool:
        return other != broker_id and _active(image, other)

    for topic, partition in _partitions(image):
        if broker_id in partition.isr:
            remaining = tuple(other for other in partition.isr if other != broker_id)
            election = online_election(image, topic, topic_defaults)
            change = partition_change(partition, acceptable=acceptable, election=election, target_isr=remaining)
            if change:
                yield change


def broker_back(
    image: MetadataImage, broker_id: int, topic_defaults: Mapping[str, str]
) -> Iterator[PartitionChangeRecord]:
    """What changes when a broker is unfenced: it may lead partitions that have no leader."""

    def acceptable(other: int) -> bool:
        return other == broker_id or _active(image, other)

    yield from _elect_leaderless(image, acceptable, topic_defaults)


def unclean_elections(image: MetadataImage, topic_defaults: Mapping[str, str]) -> Iterator[PartitionChangeRecord]:
    """Leaders for partitions that have none, where the topic prefers losing records to waiting."""
    yield from _elect_leaderless(image, lambda other: _active(image, other), topic_defaults)


def preferred_elections(image: MetadataImage) -> Iterator[PartitionChangeRecord]:
    """Leadership given back to preferred replicas that are in sync and alive again."""
    made = 0
    for _, partition in _partitions(image):
        preferred = partition.replicas[0]
        if partition.leader == preferred or preferred not in partition.isr or not _active(image, preferred):
            continue
        change = partition_change(
            partition, acceptable=lambda other: _active(image, other), election=Election.PREFERRED
        )
        if change:
            yield change
            made += 1
        if made == MOST_ELECTIONS:
            return


def has_leaderships(image: MetadataImage, broker_id: int) -> bool:
    return any(partition.leader == broker_id for _, partition in _partitions(image))


def online_election(image: MetadataImage, topic: str, topic_defaults: Mapping[str, str]) -> Election:
    """UNCLEAN where the topic's settings allow it."""
    # The broker's default goes by the same name as the topic's own setting.
    allowed = image.topic_config(topic).get(UNCLEAN_ENABLE, topic_defaults.get(UNCLEAN_ENABLE, "false"))
    return Election.UNCLEAN if allowed.strip().lower() == "true" else Election.ONLINE


def _elect_leaderless(
    image: MetadataImage, acceptable: Callable[[int], bool], topic_defaults: Mapping[str, str]
) -> Iterator[PartitionChangeRecord]:
    for topic, partition in _partitions(image):
        if partition.leader == NO_LEADER:
            election = online_election(image, topic, topic_defaults)
            change = partition_change(partition, acceptable=acceptable, election=election)
            if change:
                yield change


def _active(image: MetadataImage, broker_id: int) -> bool:
    return broker_id in image.brokers and image.brokers[broker_id].active


def _partitions(image: MetadataImage) -> Iterator[tuple[str, PartitionImage]]:
    for topic in image.topics.values():
        for partition in topic.partitions.values():
            yield topic.name, partition
