"""Groups as entities: who is in, who reads what, and how far; of a consumer group also the way to its target.

The end that lag is counted from is the high watermark, as for kafka-consumer-groups.sh: what is
not replicated cannot be read yet.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.coordinators.classic_group import ClassicGroup, Member
from kafkalab.engine.coordinators.consumer_protocol import PROTOCOL_TYPE
from kafkalab.engine.coordinators.groups import Group
from kafkalab.engine.coordinators.modern.assignors import SERVER_ASSIGNORS
from kafkalab.engine.coordinators.modern.group import ConsumerGroup
from kafkalab.engine.coordinators.modern.member import ConsumerMember, TopicIdPartition

Entity = dict[str, Any]
Topics = Mapping[UUID, str]


def group(
    found: Group,
    coordinator: int,
    offsets_partition: int,
    end_of: Callable[[str, int], int],
    consumers: dict[str, Consumer],
    topics: Topics,
) -> Entity:
    """`consumers` are the lab's own by name: a member of theirs has that name as its client id."""
    offsets = []
    for (topic, partition), committed in sorted(found.offsets.items()):
        end = end_of(topic, partition)
        lag = max(0, end - committed.offset)
        offsets.append({"topic": topic, "partition": partition, "committed": committed.offset, "end": end, "lag": lag})
    about = _consumer_group(found, topics) if isinstance(found, ConsumerGroup) else _classic_group(found)
    for member in about["members"]:
        client_id = member["client_id"]
        member["ours"] = client_id if _is_ours(client_id, found.group_id, consumers) else None
    return {
        "kind": "group",
        "group": found.group_id,
        "state": str(found.state),
        "coordinator": coordinator,
        "offsets_partition": offsets_partition,
        **about,
        "offsets": offsets,
        "lag": sum(offset["lag"] for offset in offsets),
    }


def _classic_group(found: ClassicGroup) -> Entity:
    return {
        "type": "classic",
        "generation": found.generation,
        "protocol_type": found.protocol_type,
        "protocol": found.protocol,
        "leader": found.leader,
        "members": [_classic_member(member) for member in found.members.values()],
    }


def _classic_member(member: Member) -> Entity:
    return {
        "member_id": member.member_id,
        "client_id": member.client_id,
        "host": member.client_host,
        "instance_id": member.instance_id,
        "assignment": [[topic, partition] for topic, partition in sorted(member.partitions)],
    }


def _consumer_group(found: ConsumerGroup, topics: Topics) -> Entity:
    return {
        "type": "consumer",
        "generation": found.epoch,
        "assignment_epoch": found.assignment_epoch,
        "protocol_type": PROTOCOL_TYPE,
        "protocol": found.preferred_assignor(SERVER_ASSIGNORS[0]),
        "leader": None,
        "members": [_consumer_member(found, member, topics) for member in found.members.values()],
    }


def _consumer_member(found: ConsumerGroup, member: ConsumerMember, topics: Topics) -> Entity:
    wants = member.wants
    return {
        "member_id": member.member_id,
        "client_id": wants.client_id,
        "host": wants.client_host,
        "instance_id": wants.instance_id,
        "assignment": _named(member.has.assigned, topics),
        "speaks": "classic" if member.speaks_classic else "consumer",
        "epoch": member.has.epoch,
        "state": member.has.state.name.lower(),
        "revoking": _named(member.has.revoking, topics),
        "waiting": _named(found.waits_for(member), topics),
        "target": _named(found.target.get(member.member_id, ()), topics),
    }


def _named(partitions: Iterable[TopicIdPartition], topics: Topics) -> list[list[str | int]]:
    return [[topic, number] for topic, number in sorted((topics[it], n) for it, n in partitions if it in topics)]


def _is_ours(client_id: str, group_id: str, consumers: dict[str, Consumer]) -> bool:
    return client_id in consumers and consumers[client_id].settings.group == group_id


def groups_of(broker: Broker, end_of: Callable[[str, int], int], consumers: dict[str, Consumer]) -> dict[str, Entity]:
    """The groups that this broker coordinates and has loaded."""
    return {
        f"group:{group_id}": group(
            found, broker.broker_id, shard.partition, end_of, consumers, broker.metadata.topic_names
        )
        for shard in broker.groups.shards.values()
        if not shard.loading
        for group_id, found in shard.groups.items()
    }


def without_coordinator(groups: dict[str, Entity], brokers: Iterable[Broker]) -> dict[str, Entity]:
    """Of groups seen before those that nobody coordinates now: no running broker has loaded their offsets."""
    loaded = dict.fromkeys(
        shard.partition for broker in brokers for shard in broker.groups.shards.values() if not shard.loading
    )
    return {
        name: group | {"state": "NoCoordinator", "coordinator": -1}
        for name, group in groups.items()
        if group["offsets_partition"] not in loaded
    }
