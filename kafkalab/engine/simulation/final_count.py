"""What must be true when all is mended and quiet: nothing acked is lost, nothing counts twice."""

from typing import TYPE_CHECKING
from uuid import UUID

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.coordinators.classic_group import GroupState
from kafkalab.engine.simulation.sight import Broken
from kafkalab.wire import batches

if TYPE_CHECKING:
    from kafkalab.engine.simulation.history import History

Place = tuple[str, int]


def final_count(history: "History") -> int:
    """Raises Broken; returns how many records acked with acks=1 are gone, which is allowed."""
    brokers = [node for node in history.world.nodes.values() if isinstance(node, Broker)]
    leaders = _replicas_agree(history, brokers)
    values = {place: _values(leader) for place, leader in leaders.items()}
    _images_agree(history, brokers)
    lost = _acked_is_there(history, values)
    _idempotent_means_once(history, values)
    _groups_have_read_everything(history, brokers, leaders)
    _nothing_is_left_over(history, brokers)
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
            leader = by_id[image.leader].partitions[(topic.name, number)]
            leaders[(topic.name, number)] = leader
            if leader.high_watermark != leader.log.end_offset:
                raise Broken("L9", f"{where}: HW {leader.high_watermark} but the log ends at {leader.log.end_offset}")
            whole = _bytes(leader)
            for replica in image.replicas:
                other = by_id[replica].partitions[(topic.name, number)]
                if _bytes(other) != whole:
                    raise Broken("L9", f"{where}: broker {replica} differs from leader {image.leader}")
    return leaders


def _bytes(partition: Partition) -> bytes:
    log, whole = partition.log, b""
    offset = log.start_offset
    while offset < log.end_offset:
        whole += (part := log.read(offset, 1 << 30))
        offset = max(batch.next_offset for batch in batches.headers(part))
    return whole


def _values(partition: Partition) -> dict[int, bytes]:
    return {
        record.offset: record.value or b""
        for batch in batches.headers(_bytes(partition))
        for record in batches.records(batch)
    }


def _images_agree(history: "History", brokers: list[Broker]) -> None:
    """M2: every broker has the controller's metadata."""
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


def _acked_is_there(history: "History", values: dict[Place, dict[int, bytes]]) -> int:
    """L6: what was acked with acks=all is readable at the very offset that the ack named."""
    plans = {plan.name: plan for plan in history.plan.producers}
    lost = 0
    for (client, serial), (topic, partition, offset) in history.referee.acked.items():
        found = values[(topic, partition)].get(offset)
        if found == f"{serial} from {client}".encode():
            continue
        if plans[client].acks == -1:
            raise Broken("L6", f"record {serial} of {client}, acked at {topic}-{partition}@{offset}: found {found!r}")
        lost += 1
    return lost


def _idempotent_means_once(history: "History", values: dict[Place, dict[int, bytes]]) -> None:
    """T1: with idempotence no record is stored twice, and a partition keeps the order of sending."""
    names = {plan.name for plan in history.plan.producers if plan.idempotence}
    for place, stored in values.items():
        last: dict[str, int] = {}
        for offset, value in stored.items():
            serial, _, client = value.decode(errors="replace").partition(" from ")
            if client not in names:
                continue
            if int(serial) <= last.get(client, 0):
                raise Broken("T1", f"{place}@{offset}: record {serial} of {client} after {last[client]}")
            last[client] = int(serial)


def _groups_have_read_everything(history: "History", brokers: list[Broker], leaders: dict[Place, Partition]) -> None:
    """G5 nothing was skipped, G6 every partition has a live owner, and the lag is nothing."""
    members: dict[str, list[str]] = {}
    for plan in history.plan.consumers:
        members.setdefault(plan.group, []).append(plan.name)
    for group_id, consumers in members.items():
        groups = [broker.groups.groups[group_id] for broker in brokers if group_id in broker.groups.groups]
        if len(groups) != 1:
            raise Broken("G4", f"{group_id} is known to {len(groups)} coordinators")
        group = groups[0]
        if group.state is not GroupState.STABLE or len(group.members) != len(consumers):
            raise Broken("G6", f"{group_id} is {group.state} with {len(group.members)} of {len(consumers)} members")
        topics = {topic for plan in history.plan.consumers if plan.group == group_id for topic in plan.topics}
        for place, leader in leaders.items():
            if place[0] not in topics:
                continue
            end = leader.log.end_offset
            committed = group.offsets[place].offset if place in group.offsets else 0
            if committed != end:
                raise Broken("G6", f"{group_id} committed {committed} of {place}, which ends at {end}")
            _delivered_without_gap(history, consumers, place, end)


def _delivered_without_gap(history: "History", consumers: list[str], place: Place, end: int) -> None:
    ranges = sorted(r for name in consumers for r in history.referee.delivered.get((name, *place), []))
    reached = 0
    for first, last in ranges:
        if first > reached:
            break
        reached = max(reached, last + 1)
    if reached < end:
        raise Broken("G5", f"{place}: offset {reached} was delivered to no member of {consumers}")


def _nothing_is_left_over(history: "History", brokers: list[Broker]) -> None:
    """X1: what waits in purgatories are long polls, at most one for each client and follower."""
    clients = len(history.world.nodes)
    for broker in brokers:
        if len(broker.purgatory.waits) > 2 * clients:
            raise Broken("X1", f"broker {broker.broker_id} has {len(broker.purgatory.waits)} waiting requests")
