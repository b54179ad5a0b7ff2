"""Share groups as entities: who is in, and of each partition who holds which record.

What is held and what was given up is in the memory of the partition's leader; the group's
coordinator knows only who reads which partition. Consumers of the lab are entities like others,
with what they said of their records.
"""

from collections.abc import Callable
from itertools import groupby
from typing import Any

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.clients.share_consumer import ShareConsumer
from kafkalab.engine.coordinators.modern.member import TopicIdPartition
from kafkalab.engine.coordinators.share_groups.group import ASSIGNOR, PROTOCOL_TYPE, ShareGroup
from kafkalab.engine.share.partitions import Phase, SharePartition
from kafkalab.engine.share.window import InFlightRecord

Entity = dict[str, Any]
EndOf = Callable[[str, int], int]

MOST_RUNS = 64
"""Of a window's runs, the last: the log lens shows the end of a log."""


def consumer(client: ShareConsumer) -> Entity:
    """With the fields of every consumer, so that the page draws it as one; it has no positions of its own."""
    settings = client.settings
    return {
        "kind": "consumer",
        "name": client.name,
        "group": settings.group,
        "share": True,
        "topics": list(settings.topics),
        "state": client.state,
        "member_id": client.member_id,
        "generation": client.membership.epoch,
        "assignment": [list(where) for where in sorted(client.assignment)],
        "positions": [],
        "delivered": client.delivered,
        "accepted": client.accepted,
        "released": client.released,
        "rejected": client.rejected,
        "held": client.held,
        "too_late": client.fetching.refused,
        "processing_ms": settings.processing_ms,
        "commit": settings.acknowledgement,
        "assignor": ASSIGNOR,
        "auto_offset_reset": "share.auto.offset.reset",
        "released_percent": settings.released_percent,
        "rejected_percent": settings.rejected_percent,
        "last": [],
        "last_error": client.last_error,
    }


def share_partitions(brokers: list[Broker], end_of: EndOf) -> dict[str, Entity]:
    """Of each partition and share group what its leader has in memory."""
    return {
        f"share_partition:{share.key.group}:{share.topic}:{share.key.partition}": _share_partition(
            broker, share, end_of
        )
        for broker in brokers
        for share in broker.share_partitions.known.values()
        if share.phase is Phase.ACTIVE
    }


def _share_partition(broker: Broker, share: SharePartition, end_of: EndOf) -> Entity:
    window, end = share.window, end_of(share.topic, share.key.partition)
    names = _names(broker, share.key.group)
    offset = window.start_offset
    runs: list[Entity] = []
    for same, records in groupby(window.records, key=_look):
        state, delivery_count, member, is_changing = same
        first, offset = offset, offset + len(list(records))
        runs.append(
            {
                "first": first,
                "last": offset - 1,
                "state": state,
                "deliveries": delivery_count,
                "member": names.get(member, member),
                "changing": is_changing,
            }
        )
    return {
        "kind": "share_partition",
        "group": share.key.group,
        "topic": share.topic,
        "partition": share.key.partition,
        "leader": broker.broker_id,
        "start_offset": window.start_offset,
        "end_offset": window.end_offset,
        "lag": max(0, end - window.start_offset - window.delivery_complete_count),
        "delivery_count_limit": window.delivery_count_limit,
        "runs": runs[-MOST_RUNS:],
    }


def _look(record: InFlightRecord) -> tuple[str, int, str | None, bool]:
    return record.state.name.lower(), record.delivery_count, record.member, record.becoming is not None


def _names(broker: Broker, group: str) -> dict[str | None, str]:
    """Members by the name of their client, as far as their sessions with this broker tell it."""
    sessions = broker.share_partitions.sessions.open.values()
    return {session.member: session.client_id for session in sessions if session.group == group}


def groups_of(broker: Broker, partitions: dict[str, Entity], consumers: dict[str, ShareConsumer]) -> dict[str, Entity]:
    """The share groups that this broker coordinates and has loaded."""
    return {
        f"group:{group_id}": _group(broker, shard.partition, found, partitions, consumers)
        for shard in broker.groups.shards.values()
        if not shard.loading
        for group_id, found in shard.share_groups.items()
    }


def _group(
    broker: Broker,
    offsets_partition: int,
    found: ShareGroup,
    partitions: dict[str, Entity],
    consumers: dict[str, ShareConsumer],
) -> Entity:
    offsets = [
        {
            "topic": entity["topic"],
            "partition": entity["partition"],
            "committed": entity["start_offset"],
            "end": entity["start_offset"] + entity["lag"],
            "lag": entity["lag"],
        }
        for entity in partitions.values()
        if entity["group"] == found.group_id
    ]
    return {
        "kind": "group",
        "group": found.group_id,
        "type": PROTOCOL_TYPE,
        "state": str(found.state),
        "generation": found.epoch,
        "assignment_epoch": found.assignment_epoch,
        "protocol_type": PROTOCOL_TYPE,
        "protocol": ASSIGNOR,
        "leader": None,
        "coordinator": broker.broker_id,
        "offsets_partition": offsets_partition,
        "members": [
            {
                "member_id": member.member_id,
                "client_id": member.wants.client_id,
                "host": member.wants.client_host,
                "instance_id": None,
                "ours": _ours(member.wants.client_id, found.group_id, consumers),
                "epoch": member.has.epoch,
                "state": "stable",
                "revoking": [],
                "waiting": [],
                "assignment": _named(broker, member.has.assigned),
                "target": _named(broker, found.target.get(member.member_id, ())),
            }
            for member in found.members.values()
        ],
        "offsets": sorted(offsets, key=lambda at: (at["topic"], at["partition"])),
        "lag": sum(at["lag"] for at in offsets),
    }


def _ours(client_id: str, group: str, consumers: dict[str, ShareConsumer]) -> str | None:
    return client_id if client_id in consumers and consumers[client_id].settings.group == group else None


def _named(broker: Broker, partitions: tuple[TopicIdPartition, ...]) -> list[list[str | int]]:
    topics = broker.metadata.topic_names
    return [[topic, number] for topic, number in sorted((topics[it], n) for it, n in partitions if it in topics)]
