"""G1: no partition has two owners, neither in what the coordinator shares out nor in what members hold."""

from collections.abc import Iterable
from typing import cast
from uuid import UUID

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.controller.metadata import PartitionImage
from kafkalab.engine.coordinators.classic_group import ClassicGroup, Member
from kafkalab.engine.coordinators.modern.group import ConsumerGroup
from kafkalab.engine.coordinators.records import OFFSETS_TOPIC
from kafkalab.engine.simulation.sight import Broken
from kafkalab.engine.world import World


def shared_out(world: World, node: str, group_id: str) -> None:
    """In a generation each subscribed partition has at most one owner."""
    group = cast(Broker, world.nodes[node]).groups.groups[group_id]
    owners: dict[tuple[str | UUID, int], str] = {}
    for member in group.members.values():
        shared: Iterable[tuple[str | UUID, int]]
        if isinstance(member, Member):
            shared = member.partitions
        else:
            # What it has not yet said to have given up is still its own.
            shared = (*member.has.assigned, *member.has.revoking)
        for place in shared:
            if place in owners:
                raise Broken("G1", f"{group_id}: {place} belongs to {owners[place]} and {member.member_id}")
            owners[place] = member.member_id


def taken_up(world: World, client: str, group_id: str) -> None:
    """Who takes up partitions finds none of them held by another member of the same generation.

    A member that the group has gone on without may hold them still: that is what fencing is for.
    """
    newcomer = cast(Consumer, world.nodes[client])
    group = _group_in(world, group_id, newcomer.generation)
    if group is None:
        return
    for other in world.nodes.values():
        if other is newcomer or not isinstance(other, Consumer) or other.settings.group != group_id:
            continue
        if other.member_id in group.members:
            for place in other.assignment:
                if place in newcomer.fetching.readings:
                    raise Broken("G1", f"{group_id}: {client} was given {place}, which {other.name} has not given up")


def has_a_successor(world: World, node: str, group_id: str, seen: dict[tuple[UUID, int], PartitionImage]) -> bool:
    """Whether the coordinator that speaks is one no more and has not heard of it, as after a long sleep.

    What it finds committed was committed in its time. Its successor has read it, and may be far beyond it.
    """
    broker = cast(Broker, world.nodes[node])
    partition = broker.partitions.get((OFFSETS_TOPIC, broker.groups.partition_for(group_id)))
    image = seen.get((partition.topic_id, partition.partition)) if partition is not None else None
    if partition is None or image is None:
        return False
    return partition.is_leader and partition.leader_epoch < image.leader_epoch


def _group_in(world: World, group_id: str, generation: int) -> ClassicGroup | ConsumerGroup | None:
    for node in world.nodes.values():
        if isinstance(node, Broker) and group_id in node.groups.groups:
            group = node.groups.groups[group_id]
            if isinstance(group, ClassicGroup) and group.generation == generation:
                return group
            # A member's epoch is the group's, once the member has got there.
            if isinstance(group, ConsumerGroup) and group.epoch == generation:
                return group
    return None
