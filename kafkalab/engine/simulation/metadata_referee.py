"""The referee for the controller: whatever it writes about a partition must follow from what was.

M3 epochs rise with every change that others must notice; M6 leader, ISR and ELR are among the
replicas and in their places; M7 nobody is eligible while enough are in sync; M8 nobody is elected
from outside; M9 a reassignment ends with all its target in sync; M10 who stopped badly is trusted
no more. L4 all in sync and all eligible hold what any reader has seen.
"""

from dataclasses import dataclass, field
from uuid import UUID

from kafkalab.engine.cluster import Cluster
from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller.elections import ballot_of
from kafkalab.engine.controller.metadata import NO_LEADER, MetadataImage, PartitionImage
from kafkalab.engine.controller.partition_change import RECOVERING, Election
from kafkalab.engine.simulation.sight import Broken, ReplicaKey, Sight, TopicNumber


@dataclass
class MetadataReferee:
    cluster: Cluster
    sights: dict[ReplicaKey, Sight]
    visible: dict[tuple[TopicNumber, int], int]
    seen: dict[tuple[UUID, int], PartitionImage] = field(default_factory=dict)
    epochs: dict[int, int] = field(default_factory=dict)
    """By broker, as last seen."""
    crashed: dict[int, UUID] = field(default_factory=dict)
    """Brokers that were killed and have not registered since, and which incarnation of them that was."""
    gambled: dict[tuple[str, int], int] = field(default_factory=dict)
    """(topic, partition) -> unclean elections. What was committed there before may be gone."""
    deleted: dict[UUID, None] = field(default_factory=dict)
    """Topics of which some brokers may still have replicas, and others none any more."""
    offset: int = -1

    def look(self, image: MetadataImage, config: BrokerConfig) -> None:
        """At the image after each decision that is committed."""
        if image.offset == self.offset:
            return
        self.offset = image.offset
        for place in [place for place in self.seen if place[0] not in image.topic_names]:
            del self.seen[place]
            self.deleted[place[0]] = None
        for topic in image.topics.values():
            for number, partition in topic.partitions.items():
                before = self.seen.get((topic.topic_id, number))
                if before is partition or before == partition:
                    continue
                self.seen[topic.topic_id, number] = partition
                where = f"{topic.name}-{number}"
                _in_their_places(where, partition)
                ballot = ballot_of(image, topic, config.topic_defaults)
                enough = min(ballot.min_isr, len(partition.replicas))
                if partition.eligible_leader_replicas and len(partition.isr) >= enough:
                    raise Broken("M7", f"{where}: {partition.eligible_leader_replicas} eligible, ISR {partition.isr}")
                if before is not None and _follows(where, before, partition, ballot.election):
                    self.gambled[topic.name, number] = self.gambled.get((topic.name, number), 0) + 1
                if (topic.name, number) in self.gambled:
                    continue
                self.look_at_members(where, partition)
        for broker in image.brokers.values():
            if self.epochs.get(broker.broker_id) != broker.epoch:
                self.epochs[broker.broker_id] = broker.epoch
                # What the killed one had asked for itself may be committed only now.
                if self.crashed.get(broker.broker_id, broker.incarnation_id) != broker.incarnation_id:
                    del self.crashed[broker.broker_id]
                    _trusts_no_more(image, broker.broker_id)

    def high_watermark_moved(self, topic: str, topic_id: UUID, number: int) -> None:
        partition = self.seen.get((topic_id, number))
        if partition is not None and (topic, number) not in self.gambled:
            self.look_at_members(f"{topic}-{number}", partition)

    def look_at_members(self, where: str, partition: PartitionImage) -> None:
        topic, number = partition.topic_id.int, partition.partition
        needed = self.visible.get((topic, number), 0)
        for member in (*partition.isr, *partition.eligible_leader_replicas):
            sight = self.sights.get((topic, number, member))
            end = sight.log_end if sight is not None else 0
            if end < needed:
                raise Broken("L4", f"{where}: {member} may lead, but ends at {end} < {needed}: {partition}")


def _trusts_no_more(image: MetadataImage, broker_id: int) -> None:
    for topic in image.topics.values():
        for partition in topic.partitions.values():
            # Elected all the same, because nobody else was left: whoever recovers is trusted by nobody.
            gambled = partition.leader == broker_id and partition.leader_recovery_state == RECOVERING
            if broker_id in (*partition.isr, *partition.eligible_leader_replicas) and not gambled:
                raise Broken("M10", f"broker {broker_id} stopped badly and still may lead {topic.name}: {partition}")


def _in_their_places(where: str, partition: PartitionImage) -> None:
    isr, elr = partition.isr, partition.eligible_leader_replicas
    members = [*isr, *elr]
    if len(set(members)) < len(members) or not set(members) <= set(partition.replicas):
        raise Broken("M6", f"{where}: ISR {isr} and ELR {elr} of {partition.replicas}")
    if partition.leader not in (NO_LEADER, *isr):
        raise Broken("M6", f"{where}: leader {partition.leader} is not in the ISR {isr}")


def _follows(where: str, before: PartitionImage, after: PartitionImage, election: Election) -> bool:
    """Whether it was an unclean election, which the topic must allow."""
    gambled = False
    if after.partition_epoch <= before.partition_epoch:
        raise Broken("M3", f"{where}: changed within partition epoch {after.partition_epoch}")
    removed = not set(before.replicas) <= set(after.replicas)
    must_rise = after.leader != before.leader or removed
    if after.leader_epoch < before.leader_epoch + must_rise:
        raise Broken("M3", f"{where}: leader epoch {after.leader_epoch} after {before.leader_epoch}: {after}")
    if after.leader not in (NO_LEADER, before.leader):
        # Who came with a reassignment, or joined with this very change, is judged by what it holds (L4). The one
        # that it joined may be gone with the same change, which was all that a reassignment waited for.
        recovering = after.leader_recovery_state == RECOVERING
        among_others = len(after.isr) > 1 or (bool(before.removing_replicas) and not after.removing_replicas)
        joined = not recovering and (after.leader in before.adding_replicas or among_others)
        clean = joined or after.leader in (*before.isr, *before.eligible_leader_replicas)
        last_known = recovering and before.last_known_elr == (after.leader,)
        gambled = not clean and not last_known
        if gambled and not (recovering and election is Election.UNCLEAN):
            raise Broken("M8", f"{where}: {after.leader} was elected from {before}")
    cancelled = set(after.replicas) == set(before.replicas) - set(before.adding_replicas)
    # It may begin and end in one change.
    moving = before.adding_replicas or before.removing_replicas or set(after.replicas) != set(before.replicas)
    ended = moving and not after.adding_replicas and not after.removing_replicas
    if ended and not cancelled and not set(after.replicas) <= set(after.isr):
        raise Broken("M9", f"{where}: moved to {after.replicas} while only {after.isr} are in sync")
    return gambled
