"""Producers, consumers and groups as entities: who sends, who reads, and how far.

The end that lag is counted from is the high watermark, as for kafka-consumer-groups.sh: what is
not replicated cannot be read yet.
"""

from collections.abc import Callable, Iterable
from typing import Any

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.clients.producer import Producer
from kafkalab.engine.coordinators.classic_group import ClassicGroup
from kafkalab.lab.reading import text

Entity = dict[str, Any]

VALUE_CHARACTERS = 64
ACKS = {-1: "all", 0: "0", 1: "1"}
ISOLATION_LEVELS = ("read_uncommitted", "read_committed")


def producer(client: Producer) -> Entity:
    settings = client.settings
    return {
        "kind": "producer",
        "name": client.name,
        "topic": settings.topic,
        "state": client.state,
        "rate": settings.rate_per_s,
        "acks": ACKS[settings.acks],
        "idempotence": settings.idempotence,
        "linger_ms": settings.linger_ms,
        "batch_size": settings.batch_size,
        "key_pattern": settings.key_pattern,
        "value_size": settings.value_size,
        "partitioner": settings.partitioner,
        "compression": settings.compression,
        "sent": client.sent,
        "acked": client.acked,
        "failed": client.failed,
        "in_flight": client.requests_in_flight,
        "buffered": client.buffered,
        "last_error": client.last_error,
        "producer_id": client.producer_id,
        "producer_epoch": client.producer_epoch,
        "transactions": _transactions(client),
        "partitions": [
            {"topic": topic, "partition": partition, "last_offset": offset}
            for (topic, partition), offset in sorted(client.last_offsets.items())
        ],
    }


def _transactions(client: Producer) -> Entity | None:
    known = client.transactions
    if known is None:
        return None
    return {
        "transactional_id": known.transactional_id,
        "state": known.state.value,
        "records": known.records,
        "committed": known.committed,
        "aborted": known.aborted,
        "records_each": client.settings.records_per_transaction,
        "abort_every": client.settings.abort_every,
    }


def consumer(client: Consumer) -> Entity:
    settings = client.settings
    committed = client.committed
    return {
        "kind": "consumer",
        "name": client.name,
        "group": settings.group,
        "topics": list(settings.topics),
        "state": client.state,
        "member_id": client.member_id,
        "generation": client.generation,
        "assignment": [list(where) for where in sorted(client.assignment)],
        "positions": [
            {"topic": where[0], "partition": where[1], "position": position, "committed": committed.get(where)}
            for where, position in sorted(client.positions.items())
        ],
        "delivered": client.delivered,
        "processing_ms": settings.processing_ms,
        "commit": settings.commit,
        "assignor": settings.assignor,
        "isolation_level": ISOLATION_LEVELS[settings.isolation_level],
        "auto_offset_reset": settings.auto_offset_reset,
        "last": [
            {
                "topic": delivered.topic,
                "partition": delivered.partition,
                "offset": delivered.record.offset,
                "key": short(delivered.record.key),
                "value": short(delivered.record.value),
            }
            for delivered in client.last
        ],
        "last_error": client.last_error,
    }


def group(
    found: ClassicGroup,
    coordinator: int,
    offsets_partition: int,
    end_of: Callable[[str, int], int],
    consumers: dict[str, Consumer],
) -> Entity:
    """`consumers` are the lab's own by name: a member of theirs has that name as its client id."""
    offsets = []
    for (topic, partition), committed in sorted(found.offsets.items()):
        end = end_of(topic, partition)
        lag = max(0, end - committed.offset)
        offsets.append({"topic": topic, "partition": partition, "committed": committed.offset, "end": end, "lag": lag})
    return {
        "kind": "group",
        "group": found.group_id,
        "state": str(found.state),
        "generation": found.generation,
        "protocol_type": found.protocol_type,
        "protocol": found.protocol,
        "leader": found.leader,
        "coordinator": coordinator,
        "offsets_partition": offsets_partition,
        "members": [
            {
                "member_id": member.member_id,
                "client_id": member.client_id,
                "host": member.client_host,
                "instance_id": member.instance_id,
                "ours": member.client_id if _is_ours(member.client_id, found.group_id, consumers) else None,
                "assignment": [[topic, partition] for topic, partition in sorted(member.partitions)],
            }
            for member in found.members.values()
        ],
        "offsets": offsets,
        "lag": sum(offset["lag"] for offset in offsets),
    }


def _is_ours(client_id: str, group_id: str, consumers: dict[str, Consumer]) -> bool:
    return client_id in consumers and consumers[client_id].settings.group == group_id


def groups_of(broker: Broker, end_of: Callable[[str, int], int], consumers: dict[str, Consumer]) -> dict[str, Entity]:
    """The groups that this broker coordinates and has loaded."""
    return {
        f"group:{group_id}": group(found, broker.broker_id, shard.partition, end_of, consumers)
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


def short(data: bytes | None) -> str | None:
    shown = text(data[: 4 * VALUE_CHARACTERS]) if data is not None else None
    return shown[:VALUE_CHARACTERS] if shown is not None else None
