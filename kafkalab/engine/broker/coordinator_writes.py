"""What a coordinator decides becomes records in a partition it leads, and counts once committed.

The same append, the same replication and the same high watermark as for any producer's records
(org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime, CoordinatorPartitionWriter).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kafkalab.engine.refused import Refused
from kafkalab.wire import batches
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey


class CoordinatorWrite(Protocol):
    """What goes on when the records are committed, or will not be."""

    def committed(self, broker: "Broker") -> None: ...

    def failed(self, broker: "Broker", error_code: ErrorCode) -> None: ...


@dataclass(frozen=True, slots=True)
class CoordinatorProducer:
    """Whose transaction the records belong to."""

    producer_id: int
    epoch: int
    verified: int
    """As `Producers.verify` gave it."""


@dataclass(frozen=True, slots=True)
class CoordinatorWriteAwaitingCommit:
    write: CoordinatorWrite
    required_offset: int
    source: str | None = None

    def check(self, broker: "Broker", key: "PartitionKey") -> bool:
        partition = broker.partitions.get(key)
        if partition is None or not partition.is_leader:
            self.write.failed(broker, ErrorCode.not_leader_or_follower)
            return True
        if partition.high_watermark < self.required_offset:
            return False
        self.write.committed(broker)
        return True

    def expire(self, broker: "Broker") -> None:
        self.write.failed(broker, ErrorCode.request_timed_out)


def append_as_coordinator(
    broker: "Broker",
    topic: str,
    partition: int,
    records: list[tuple[bytes, bytes | None]],
    write: CoordinatorWrite,
    producer: CoordinatorProducer | None = None,
    timeout_ms: int | None = None,
) -> int:
    """See Broker.append_as_coordinator."""
    led = broker.partition(topic, partition)
    if not led.is_leader:
        raise Refused(ErrorCode.not_leader_or_follower)
    numbered = [batches.Record(offset, broker.clock_ms, key, value) for offset, (key, value) in enumerate(records)]
    if producer is None:
        data, verified = batches.build(numbered), None
    else:
        data = batches.build(
            numbered, producer_id=producer.producer_id, producer_epoch=producer.epoch, is_transactional=True
        )
        verified = producer.verified
    appended = led.append_as_leader(data, required_acks=-1, from_client=False, verified=verified)
    key = (topic, partition)
    wait = CoordinatorWriteAwaitingCommit(write, appended.last_offset + 1)
    broker.purgatory.watch(wait, (key,), timeout_ms or broker.config.offsets_commit_timeout_ms)
    # Even if it is committed already: the coordinator first replays what it has just decided.
    broker.purgatory.touch(key)
    return appended.last_offset
