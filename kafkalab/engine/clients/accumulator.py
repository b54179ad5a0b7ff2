"""Records wait here in batches, one queue for each partition, until a batch is worth a request.

A batch is ready when it is full, when it has lingered long enough, or when another one is already
waiting behind it (org.apache.kafka.clients.producer.internals.RecordAccumulator, ProducerBatch).
"""

from collections import deque
from dataclasses import dataclass, field

from kafkalab.engine.clients.partitioners import Load
from kafkalab.wire import frozen

TopicPartition = tuple[str, int]

BATCH_HEAD_BYTES = 61
RECORD_OVERHEAD_BYTES = 12
"""Lengths and deltas of a record, as much as they usually take."""


@frozen.dataclass(frozen=True, slots=True)
class Outgoing:
    """A record on its way."""

    serial: int
    """Counts the records of one producer from 1 on."""
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp_ms: int
    token: int | None = None
    """Given by the person who sent it by hand; None for one that the producer made up."""
    size: int = field(init=False)

    def __post_init__(self) -> None:
        size = RECORD_OVERHEAD_BYTES + len(self.key or b"") + len(self.value or b"")
        for name, value in self.headers:
            size += len(name) + len(value or b"") + 4
        object.__setattr__(self, "size", size)


@frozen.dataclass(frozen=True, slots=True)
class Unplaced:
    """A record whose topic is not known yet: `send()` blocks."""

    record: Outgoing
    topic: str
    partition: int | None
    since_us: int = field(compare=False)


@dataclass(eq=False, slots=True)
class Batch:
    """Two batches are never the same, whatever is in them."""

    topic: str
    partition: int
    created_us: int
    records: list[Outgoing] = field(default_factory=list)
    size: int = BATCH_HEAD_BYTES
    attempts: int = 0
    not_before_us: int = 0
    """After a failure: when it may be sent again."""
    producer_id: int = -1
    producer_epoch: int = -1
    base_sequence: int = -1
    renumbered: bool = False
    """It once had other sequence numbers, under an older producer epoch."""
    on_the_wire: bool = False
    done: bool = False
    """Acked or given up: an answer that still comes counts for nothing."""
    where: TopicPartition = field(init=False)

    def __post_init__(self) -> None:
        self.where = (self.topic, self.partition)

    @property
    def numbered(self) -> bool:
        return self.base_sequence >= 0

    def add(self, record: Outgoing, size: int) -> None:
        self.records.append(record)
        self.size += size


class Accumulator:
    def __init__(self) -> None:
        self.queues: dict[TopicPartition, deque[Batch]] = {}
        """First in, first out. Batches on the wire are not in here; those to be sent again are, in front."""
        self.bytes = 0
        """Of all records that are neither acked nor given up (buffer.memory)."""

    def append(self, where: TopicPartition, record: Outgoing, batch_size: int, now_us: int) -> bool:
        """Put the record into the last batch, or a new one. True if the batch before it is complete."""
        queue = self.queues.get(where)
        if queue is None:
            queue = self.queues[where] = deque()
        size = record.size
        self.bytes += size
        last = queue[-1] if queue else None
        fits = last is not None and last.attempts == 0 and not last.numbered and last.size + size <= batch_size
        if last is None or not fits:
            queue.append(Batch(*where, created_us=now_us))
        queue[-1].add(record, size)
        return not fits or queue[-1].size >= batch_size

    def ready_us(self, queue: deque[Batch], linger_us: int, batch_size: int, hurry: bool) -> int:
        """From when on the first batch of a queue may go. The queue must not be empty."""
        first = queue[0]
        if first.attempts:
            return first.not_before_us
        if hurry or len(queue) > 1 or first.size >= batch_size:
            return 0
        return first.created_us + linger_us

    def take(self, where: TopicPartition) -> Batch:
        return self.queues[where].popleft()

    def put_back(self, batch: Batch) -> None:
        """To be sent again: in front, but behind those with smaller sequence numbers of the same epoch."""
        queue = self.queues.setdefault(batch.where, deque())
        place = 0
        if batch.numbered:
            for waiting in queue:
                if not waiting.numbered or not _precedes(waiting, batch):
                    break
                place += 1
        queue.insert(place, batch)

    def release(self, batch: Batch) -> None:
        """The batch is acked or given up."""
        batch.done = True
        self.bytes -= batch.size - BATCH_HEAD_BYTES
        queue = self.queues.get(batch.where)
        if queue is not None and batch in queue:
            queue.remove(batch)

    def loads(self, topic: str, partitions: list[int]) -> list[Load]:
        return [Load(partition, len(self.queues.get((topic, partition), ()))) for partition in partitions]

    def waiting(self) -> list[Batch]:
        return [batch for queue in self.queues.values() for batch in queue]


def _precedes(one: Batch, other: Batch) -> bool:
    """Sequence numbers wrap after 2^31 - 1, and never are so far apart within one partition."""
    if one.producer_epoch != other.producer_epoch:
        return one.producer_epoch < other.producer_epoch
    return ((other.base_sequence - one.base_sequence) & 0x7FFFFFFF) < 0x40000000
