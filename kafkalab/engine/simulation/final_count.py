"""What must be true when all is mended and quiet: nothing acked is lost, nothing counts twice."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.controller.partition_change import RECOVERING
from kafkalab.engine.coordinators.classic_group import GroupState
from kafkalab.engine.coordinators.modern.group import ConsumerGroupState
from kafkalab.engine.log.log import Log
from kafkalab.engine.simulation.compacted import last_words, stored
from kafkalab.engine.simulation.movers import moved_once
from kafkalab.engine.simulation.progress import nothing_is_left_over
from kafkalab.engine.simulation.quorum_referee import controllers_agree
from kafkalab.engine.simulation.sight import Broken
from kafkalab.engine.simulation.transactional import ACCOUNTS
from kafkalab.engine.simulation.transactions_counted import count_transactions, transactions_have_ended
from kafkalab.engine.simulation.zombies import plan_name
from kafkalab.wire import batches

if TYPE_CHECKING:
    from kafkalab.engine.simulation.history import History

Place = tuple[str, int]


@dataclass
class Lost:
    """Acked records that are gone, as may be."""

    acks_1: int = 0
    """Acked by a leader alone, and gone with it."""
    unclean: int = 0
    """In a partition whose topic allows unclean elections, and that had one."""
    deleted: int = 0
    """With their topic."""


def final_count(history: "History") -> Lost:
    """Raises Broken; returns what is gone and may be."""
    if history.cluster.active_controller is None:
        raise Broken("M1", "all is mended, and no controller is active")
    brokers = [node for node in history.world.nodes.values() if isinstance(node, Broker)]
    leaders = _replicas_agree(history, brokers)
    values = {place: _values(leader) for place, leader in leaders.items()}
    _images_agree(history, brokers)
    transactions_have_ended(brokers)
    count_transactions(history.referee.transactions, leaders)
    moved_once(history.plan.movers, leaders)
    lost = _acked_is_there(history, values, leaders)
    _idempotent_means_once(history, values)
    _groups_have_read_everything(history, brokers, leaders, values)
    nothing_is_left_over(history.world, brokers)
    return lost


def _replicas_agree(history: "History", brokers: list[Broker]) -> dict[Place, Partition]:
    """L9: a leader everywhere, all replicas in sync and alike, everything visible."""
    leaders: dict[Place, Partition] = {}
    by_id = {broker.broker_id: broker for broker in brokers}
    controller = history.cluster.controller
    for topic in controller.image.topics.values():
        for number, image in topic.partitions.items():
            where = f"{topic.name}-{number}"
            if image.leader < 0 or sorted(image.isr) != sorted(image.replicas):
                raise Broken("L9", f"{where}: leader {image.leader}, ISR {image.isr} of {image.replicas}")
            if image.leader != image.replicas[0]:
                raise Broken("L9", f"{where}: led by {image.leader}, preferred is {image.replicas[0]}")
            # Alone, a leader has no reason to propose anything, and so to say that it has recovered.
            recovering = image.leader_recovery_state == RECOVERING and len(image.replicas) > 1
            if recovering or image.adding_replicas or image.removing_replicas:
                raise Broken("L9", f"{where}: not at rest: {image}")
            leader = by_id[image.leader].partitions[(topic.name, number)]
            leaders[(topic.name, number)] = leader
            if leader.high_watermark != leader.log.end_offset:
                raise Broken("L9", f"{where}: HW {leader.high_watermark} but the log ends at {leader.log.end_offset}")
            for replica in image.replicas:
                other = by_id[replica].partitions[(topic.name, number)]
                if not _alike(leader.log, other.log):
                    raise Broken("L9", f"{where}: broker {replica} differs from leader {image.leader}")
                if other.high_watermark != leader.high_watermark:
                    raise Broken("L9", f"{where}: broker {replica} knows {other.high_watermark} to be committed only")
    return leaders


def _alike(one: Log, other: Log) -> bool:
    """Compacted logs by what they come to, others byte for byte where both still have it."""
    if one.end_offset != other.end_offset:
        return False
    if one.config.is_compacted:
        return last_words(one) == last_words(other)
    start = max(one.start_offset, other.start_offset)
    return [batch.view for batch in stored(one, start)] == [batch.view for batch in stored(other, start)]


def _values(partition: Partition) -> dict[int, bytes]:
    return {
        record.offset: record.value or b""
        for batch in stored(partition.log)
        for record in batches.records(batch)
        if record.offset >= partition.log.start_offset
    }


def _images_agree(history: "History", brokers: list[Broker]) -> None:
    """M2: every broker has the controller's metadata."""
    controllers_agree(history.cluster)
    controller = history.cluster.controller
    for broker in brokers:
        if broker.metadata.topics != controller.image.topics:
            raise Broken("M2", f"broker {broker.broker_id} has other topics than the controller")
        if broker.metadata.brokers != controller.image.brokers:
            raise Broken("M2", f"broker {broker.broker_id} knows other brokers than the controller")
    ids: dict[UUID, str] = {}
    for topic in controller.image.topics.values():
        if topic.topic_id in ids:
            raise Broken("M5", f"topics {topic.name} and {ids[topic.topic_id]} share an id")
        ids[topic.topic_id] = topic.name


def _acked_is_there(history: "History", values: dict[Place, dict[int, bytes]], leaders: dict[Place, Partition]) -> Lost:
    """L6: what was acked with acks=all is readable at the very offset that the ack named, unless
    retention or compaction was right to take it."""
    plans = {plan.name: plan for plan in history.plan.producers}
    lost = Lost()
    for (client, serial), (topic, topic_id, partition, offset) in history.referee.acked.items():
        if topic in history.referee.remade and topic_id != history.cluster.controller.image.topics[topic].topic_id:
            lost.deleted += 1
            continue
        found = values[(topic, partition)].get(offset)
        plan = plans[plan_name(client)]
        is_tombstone = plan.tombstone_every and serial % plan.tombstone_every == 0
        value = b"" if is_tombstone else f"{serial} from {client}".encode()
        leader = leaders[topic, partition]
        if found == value or offset < leader.log.start_offset:
            continue
        if leader.log.config.is_compacted:
            compacted = history.referee.compacted
            if compacted.is_superseded((leader.topic_id.int, partition), leader, offset, value or None):
                continue
        if (topic, partition) in history.referee.metadata.gambled:
            lost.unclean += 1
            continue
        if plan.acks == -1:
            raise Broken("L6", f"record {serial} of {client}, acked at {topic}-{partition}@{offset}: found {found!r}")
        lost.acks_1 += 1
    return lost


def _idempotent_means_once(history: "History", values: dict[Place, dict[int, bytes]]) -> None:
    """T1: with idempotence no record is found twice, and a partition keeps the order of sending.

    But for one case. A leader that has never heard of a producer takes whatever number comes first
    (ProducerAppendInfo.checkSequence); what is still on its way to the leader before comes later, and is refused for
    the gap until the producer gives up the first, and numbers the rest anew.
    """
    names = {plan.name for plan in history.plan.producers if plan.idempotence}
    for place, found in values.items():
        last: dict[str, int] = {}
        had: set[bytes] = set()
        for offset, value in found.items():
            serial, _, client = value.decode(errors="replace").partition(" from ")
            if plan_name(client) not in names:
                continue
            gap = (client, *place) in history.referee.refused_for_a_gap
            if value in had or (int(serial) <= last.get(client, 0) and not gap):
                raise Broken("T1", f"{place}@{offset}: record {serial} of {client} after {last[client]}")
            had.add(value)
            last[client] = int(serial)


def _groups_have_read_everything(
    history: "History",
    brokers: list[Broker],
    leaders: dict[Place, Partition],
    values: dict[Place, dict[int, bytes]],
) -> None:
    """G5 nothing was skipped, G6 every partition has a live owner, and the lag is nothing."""
    members: dict[str, list[str]] = {}
    for plan in history.plan.consumers:
        members.setdefault(plan.group, []).append(plan.name)
    for group_id, consumers in members.items():
        groups = [broker.groups.groups[group_id] for broker in brokers if group_id in broker.groups.groups]
        if len(groups) != 1:
            raise Broken("G4", f"{group_id} is known to {len(groups)} coordinators")
        group = groups[0]
        if group.state not in (GroupState.STABLE, ConsumerGroupState.STABLE) or len(group.members) != len(consumers):
            raise Broken("G6", f"{group_id} is {group.state} with {len(group.members)} of {len(consumers)} members")
        topics = {topic for plan in history.plan.consumers if plan.group == group_id for topic in plan.topics}
        for place, leader in leaders.items():
            if place[0] not in topics:
                continue
            end = leader.log.end_offset
            committed = group.offsets[place].offset if place in group.offsets else 0
            # Who commits what it has worked on says nothing of markers and of aborted records behind that.
            worked_on = [last + 1 for _, last, _ in history.referee.transactions.received.get(place, [])]
            # Where all of it was aborted there was nothing to work on: two who begin with one transactional id
            # again and again abort each other's transactions for ever.
            least = max(worked_on, default=0 if place[0] == ACCOUNTS else end)
            if not least <= committed <= end:
                raise Broken("G6", f"{group_id} committed {committed} of {place}, which ends at {end}")
            # Who reads a topic made again may go on at the offset where it was in the old one.
            if place[0] not in history.referee.remade and place[0] != ACCOUNTS:
                _all_was_delivered(history, consumers, place, values[place])


def _all_was_delivered(history: "History", consumers: list[str], place: Place, values: dict[int, bytes]) -> None:
    ranges = sorted(r for name in consumers for r in history.referee.delivered.get((name, *place), []))
    reached = number = 0
    for offset in values:
        while number < len(ranges) and ranges[number][0] <= offset:
            reached = max(reached, ranges[number][1] + 1)
            number += 1
        if reached <= offset:
            raise Broken("G5", f"{place}: offset {offset} was delivered to no member of {consumers}")
