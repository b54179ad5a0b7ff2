"""Producers and consumers as entities: who sends, who reads, and how far."""

from typing import Any

from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.clients.producer import Producer
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
        "key_ranges": settings.key_ranges,
        "synchronous": settings.synchronous,
        "compression": settings.compression,
        "sent": client.sent,
        "acked": client.acked,
        "failed": client.failed,
        "retried": client.retried,
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
        "in_hand": client.in_hand,
        "gaps": [{"began_us": gap.began_us, "ms": round((gap.ended_us - gap.began_us) / 1_000)} for gap in client.gaps],
        "processing_ms": settings.processing_ms,
        "commit": settings.commit,
        "group_protocol": settings.group_protocol,
        "assignor": settings.assignor if settings.group_protocol == "classic" else settings.group_remote_assignor,
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


def short(data: bytes | None) -> str | None:
    shown = text(data[: 4 * VALUE_CHARACTERS]) if data is not None else None
    return shown[:VALUE_CHARACTERS] if shown is not None else None
