"""Facts about one replica: its log, its high watermark, what was refused."""

from kafkalab.engine.events.event import Event
from kafkalab.wire.frozen import dataclass


@dataclass(frozen=True, slots=True)
class BecameLeader(Event):
    """Broker {broker} took up the lead of {topic}-{partition} in leader epoch {leader_epoch} at offset {log_end}."""

    topic: str
    partition: int
    broker: int
    leader_epoch: int
    log_end: int


@dataclass(frozen=True, slots=True)
class BecameFollower(Event):
    """Broker {broker} follows broker {leader} for {topic}-{partition} in leader epoch {leader_epoch}."""

    topic: str
    partition: int
    broker: int
    leader: int
    """-1: nobody leads."""
    leader_epoch: int

    def sentence(self) -> str:
        if self.leader >= 0:
            return Event.sentence(self)
        return (
            f"Broker {self.broker} has nobody to follow for {self.topic}-{self.partition} in leader epoch"
            f" {self.leader_epoch}: it has no leader."
        )


@dataclass(frozen=True, slots=True)
class RecordsAppended(Event):
    """Broker {broker} wrote offsets {first_offset} to {last_offset} of {topic}-{partition} to its log."""

    topic: str
    partition: int
    broker: int
    first_offset: int
    last_offset: int
    size: int
    """Bytes."""
    leader: bool


@dataclass(frozen=True, slots=True)
class HighWatermarkAdvanced(Event):
    """Everything before offset {high_watermark} of {topic}-{partition} is now replicated and visible."""

    topic: str
    partition: int
    broker: int
    high_watermark: int


@dataclass(frozen=True, slots=True)
class ReplicationHeldBack(Event):
    """Broker {broker} holds copying back as a {side}: the throttle allows {bytes_per_second} bytes a second."""

    broker: int
    side: str
    bytes_per_second: int


@dataclass(frozen=True, slots=True)
class ReplicaDeleted(Event):
    """Broker {broker} deleted its replica of {topic}-{partition}."""

    topic: str
    partition: int
    broker: int


@dataclass(frozen=True, slots=True)
class LogTruncated(Event):
    """Broker {broker} cut {topic}-{partition} back from offset {before} to {after}: {reason}."""

    topic: str
    partition: int
    broker: int
    before: int
    after: int
    reason: str


@dataclass(frozen=True, slots=True)
class LogRecovered(Event):
    """Broker {broker} found a torn tail in {topic}-{partition} and cut {lost_bytes:byte} after offset {log_end}."""

    topic: str
    partition: int
    broker: int
    log_end: int
    lost_bytes: int


@dataclass(frozen=True, slots=True)
class SegmentRolled(Event):
    """Broker {broker} began a new segment of {topic}-{partition} at offset {base_offset}."""

    topic: str
    partition: int
    broker: int
    base_offset: int


@dataclass(frozen=True, slots=True)
class SegmentDeleted(Event):
    """Broker {broker} deleted segment {base_offset} to {end_offset} of {topic}-{partition}: {reason}."""

    topic: str
    partition: int
    broker: int
    base_offset: int
    end_offset: int
    size: int
    """Bytes."""
    reason: str


@dataclass(frozen=True, slots=True)
class LogCompacted(Event):
    """Broker {broker} compacted {topic}-{partition} up to offset {end_offset}: {removed:record is|records are} gone."""

    topic: str
    partition: int
    broker: int
    first_dirty: int
    end_offset: int
    removed: int
    size_before: int
    """Bytes of the segments that were gone over."""
    size_after: int


@dataclass(frozen=True, slots=True)
class LogUncleanable(Event):
    """Broker {broker} cannot compact {topic}-{partition}, and leaves it alone: {reason}."""

    topic: str
    partition: int
    broker: int
    reason: str


@dataclass(frozen=True, slots=True)
class LogStartMoved(Event):
    """{topic}-{partition} now begins at offset {log_start} on broker {broker}: {reason}."""

    topic: str
    partition: int
    broker: int
    log_start: int
    reason: str


@dataclass(frozen=True, slots=True)
class RequestRefused(Event):
    """Broker {broker} refused {api} from {client}: {error}. {detail}"""

    broker: int
    api: str
    client: str
    error: str
    detail: str


@dataclass(frozen=True, slots=True)
class AnswerLost(Event):
    """Broker {broker} did what {client} asked with {api}, and the connection broke before the answer was out."""

    broker: int
    api: str
    client: str


@dataclass(frozen=True, slots=True)
class ClientThrottled(Event):
    """Broker {broker} answers {client} and hears nothing from it for {throttle_ms} ms: it is over its {quota}."""

    broker: int
    client: str
    connection: str
    """Where it came from, by its name in the world."""
    quota: str
    throttle_ms: int


@dataclass(frozen=True, slots=True)
class ConnectionRefused(Event):
    """Broker {broker} closed a connection from {client}: {reason}."""

    broker: int
    client: str
    reason: str


@dataclass(frozen=True, slots=True)
class DuplicateBatchDropped(Event):
    """Broker {broker} already has the batch {first_sequence} to {last_sequence} of producer {producer_id}
    in {topic}-{partition}: nothing is written twice."""

    topic: str
    partition: int
    broker: int
    producer_id: int
    first_sequence: int
    last_sequence: int


@dataclass(frozen=True, slots=True)
class TransactionBegan(Event):
    """Producer {producer_id} began a transaction in {topic}-{partition} at offset {first_offset}: until it ends,
    readers of committed records wait there."""

    topic: str
    partition: int
    broker: int
    producer_id: int
    first_offset: int


@dataclass(frozen=True, slots=True)
class TransactionMarked(Event):
    """A marker at offset {offset} of {topic}-{partition} ends the transaction that producer {producer_id} began
    at offset {first_offset}: {result}."""

    topic: str
    partition: int
    broker: int
    producer_id: int
    first_offset: int
    offset: int
    result: str
    """commit or abort."""
