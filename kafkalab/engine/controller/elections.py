"""Who leads a partition when its replicas come and go.

Each function looks at all partitions that an occurrence may concern and yields what changes. How
one partition changes is decided in `partition_change`
(org.apache.kafka.controller.ReplicationControlManager).
"""

from collections.abc import Callable, Iterator, Mapping

from kafkalab.engine.controller.metadata import (
    NO_LEADER,
    MetadataImage,
    PartitionChangeRecord,
    PartitionImage,
    TopicImage,
)
from kafkalab.engine.controller.partition_change import Ballot, Election, Target, partition_change

MOST_ELECTIONS = 1_000
"""Of one round of giving leadership back (ReplicationControlManager.MAX_ELECTIONS_PER_IMBALANCE)."""
UNCLEAN_ENABLE = "unclean.leader.election.enable"
MIN_ISR = "min.insync.replicas"
ELR_FEATURE = "eligible.leader.replicas.version"


def elr_enabled(image: MetadataImage) -> bool:
    return image.features.get(ELR_FEATURE, 0) > 0


def ballot_of(
    image: MetadataImage,
    topic: TopicImage,
    topic_defaults: Mapping[str, str],
    *,
    acceptable: Callable[[int], bool] | None = None,
    election: Election | None = None,
) -> Ballot:
    """The rules that the topic's settings give. Everybody who is active is acceptable unless said otherwise."""
    own = image.topic_config(topic.name)
    return Ballot(
        acceptable or (lambda broker: _active(image, broker)),
        election or online_election(image, topic.name, topic_defaults),
        # The broker's default goes by the same name as the topic's own setting.
        min_isr=int(own.get(MIN_ISR, topic_defaults.get(MIN_ISR, "1"))),
        elr=elr_enabled(image),
    )


def broker_gone(
    image: MetadataImage, broker_id: int, topic_defaults: Mapping[str, str]
) -> Iterator[PartitionChangeRecord]:
    """What changes when a broker may no longer be in sync: it leaves the ISRs, and others lead."""
    for topic, partition in _partitions(image):
        if broker_id in partition.isr:
            ballot = ballot_of(image, topic, topic_defaults, acceptable=_all_active_but(image, broker_id))
            change = partition_change(partition, ballot, Target(isr=_without(partition.isr, broker_id)))
            if change:
                yield change


def broker_lost_data(
    image: MetadataImage, broker_id: int, topic_defaults: Mapping[str, str]
) -> Iterator[PartitionChangeRecord]:
    """What changes when a broker's last life ended badly: it is neither in sync nor eligible any more.

    What it had not flushed may be gone, so it must copy from a leader before it counts (KIP-966).
    """
    for topic, partition in _partitions(image):
        if broker_id in partition.isr or broker_id in partition.eligible_leader_replicas:
            ballot = ballot_of(image, topic, topic_defaults, acceptable=_all_active_but(image, broker_id))
            target = Target(isr=_without(partition.isr, broker_id), unclean=broker_id)
            change = partition_change(partition, ballot, target)
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


def preferred_elections(image: MetadataImage, topic_defaults: Mapping[str, str]) -> Iterator[PartitionChangeRecord]:
    """Leadership given back to preferred replicas that are in sync and alive again."""
    made = 0
    for topic, partition in _partitions(image):
        preferred = partition.replicas[0]
        if partition.leader == preferred or preferred not in partition.isr or not _active(image, preferred):
            continue
        change = partition_change(partition, ballot_of(image, topic, topic_defaults, election=Election.PREFERRED))
        if change:
            yield change
            made += 1
        if made == MOST_ELECTIONS:
            return


def all_in_sync(image: MetadataImage) -> bool:
    """Every broker lives and every replica is in sync: leaderships can be where they belong."""
    return all(broker.active for broker in image.brokers.values()) and all(
        len(partition.isr) == len(partition.replicas) for _, partition in _partitions(image)
    )


def has_leaderships(image: MetadataImage, broker_id: int) -> bool:
    return any(partition.leader == broker_id for _, partition in _partitions(image))


def online_election(image: MetadataImage, topic: str, topic_defaults: Mapping[str, str]) -> Election:
    """UNCLEAN where the topic's settings allow it."""
    allowed = image.topic_config(topic).get(UNCLEAN_ENABLE, topic_defaults.get(UNCLEAN_ENABLE, "false"))
    return Election.UNCLEAN if allowed.strip().lower() == "true" else Election.ONLINE


def _elect_leaderless(
    image: MetadataImage, acceptable: Callable[[int], bool], topic_defaults: Mapping[str, str]
) -> Iterator[PartitionChangeRecord]:
    for topic, partition in _partitions(image):
        if partition.leader == NO_LEADER:
            change = partition_change(partition, ballot_of(image, topic, topic_defaults, acceptable=acceptable))
            if change:
                yield change


def _all_active_but(image: MetadataImage, broker_id: int) -> Callable[[int], bool]:
    return lambda other: other != broker_id and _active(image, other)


def _without(replicas: tuple[int, ...], broker_id: int) -> tuple[int, ...]:
    return tuple(other for other in replicas if other != broker_id)


def _active(image: MetadataImage, broker_id: int) -> bool:
    return broker_id in image.brokers and image.brokers[broker_id].active


def _partitions(image: MetadataImage) -> Iterator[tuple[TopicImage, PartitionImage]]:
    for topic in image.topics.values():
        for partition in topic.partitions.values():
            yield topic, partition
