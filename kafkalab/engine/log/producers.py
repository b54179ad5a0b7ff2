"""What a log remembers of each idempotent producer, so that a retry is not written twice.

For each producer id: its epoch and the last five batches (KIP-98). A batch with the sequence
numbers of one of the five is a duplicate and is answered with the offsets it got the first time; any other must
follow on the last one (`ProducerStateManager`, `ProducerAppendInfo`). This is derived from the
log alone: a follower builds the same by appending the same batches.
"""

from dataclasses import dataclass, field
from struct import Struct
from typing import Any, NamedTuple
from zlib import crc32

from kafkalab.engine.refused import Refused
from kafkalab.wire.batches import Batch
from kafkalab.wire.errors import ErrorCode

BATCHES_KEPT = 5
"""`max.in.flight.requests.per.connection` of an idempotent producer may not be more."""
EXPIRES_AFTER_MS = 86_400_000
"""`producer.id.expiration.ms`."""
LAST_SEQUENCE = 0x7FFFFFFF

_HEAD = Struct(">hI")
"""Version, CRC-32 of what follows it."""
_COUNT = Struct(">i")
_ENTRY = Struct(">qhiqiqiq")
"""Kafka's snapshot v1: producer id, epoch, last sequence, last offset, offset delta, timestamp,
coordinator epoch, first offset of the open transaction."""
_VERSION = 1


class PastBatch(NamedTuple):
    first_sequence: int
    last_sequence: int
    first_offset: int
    last_offset: int
    timestamp_ms: int

    def __deepcopy__(self, _memo: dict[int, Any]) -> "PastBatch":
        return self


@dataclass
class Producer:
    epoch: int
    batches: list[PastBatch] = field(default_factory=list)
    """The oldest first; never empty."""


class Producers:
    def __init__(self) -> None:
        self.by_id: dict[int, Producer] = {}

    def duplicate(self, batch: Batch) -> PastBatch | None:
        """The batch this one repeats, if it is among those remembered."""
        producer = self.by_id.get(batch.producer_id)
        if producer is None or producer.epoch != batch.producer_epoch:
            return None
        first, last = batch.base_sequence, batch.last_sequence
        for past in producer.batches:
            if past.first_sequence == first and past.last_sequence == last:
                return past
        return None

    def check(self, batch: Batch) -> None:
        """Refuse a batch of an older epoch, or one that leaves out or repeats a sequence number."""
        producer = self.by_id.get(batch.producer_id)
        if producer is None:
            # Its state may have expired, or gone with the records: any sequence can be the next.
            return
        if batch.producer_epoch < producer.epoch:
            raise Refused(
                ErrorCode.invalid_producer_epoch,
                f"Epoch of producer {batch.producer_id} is {batch.producer_epoch}, "
                f"which is smaller than the last seen epoch {producer.epoch}",
            )
        first = batch.base_sequence
        if batch.producer_epoch > producer.epoch:
            if first != 0:
                raise Refused(
                    ErrorCode.out_of_order_sequence_number,
                    f"Invalid sequence number for new epoch of producer {batch.producer_id}: "
                    f"{batch.producer_epoch} (request epoch), {first} (seq. number), "
                    f"{producer.epoch} (current producer epoch)",
                )
            return
        last = producer.batches[-1].last_sequence
        if first != (0 if last == LAST_SEQUENCE else last + 1):
            raise Refused(
                ErrorCode.out_of_order_sequence_number,
                f"Out of order sequence number for producer {batch.producer_id}: "
                f"{first} (incoming seq. number), {last} (current end sequence number)",
            )

    def remember(self, batch: Batch, base_offset: int) -> None:
        """The batch was appended at this offset."""
        past = PastBatch(
            batch.base_sequence,
            batch.last_sequence,
            base_offset,
            base_offset + batch.last_offset_delta,
            batch.max_timestamp,
        )
        self._add(batch.producer_id, batch.producer_epoch, past)

    def _add(self, producer_id: int, epoch: int, past: PastBatch) -> None:
        producer = self.by_id.get(producer_id)
        if producer is None or producer.epoch != epoch:
            producer = self.by_id[producer_id] = Producer(epoch)
        producer.batches.append(past)
        if len(producer.batches) > BATCHES_KEPT:
            del producer.batches[0]

    def expire(self, now_ms: int) -> None:
        """Forget the producers that wrote nothing for a day."""
        self.by_id = {
            producer_id: producer
            for producer_id, producer in self.by_id.items()
            if now_ms - producer.batches[-1].timestamp_ms < EXPIRES_AFTER_MS
        }

    def clear(self) -> None:
        self.by_id.clear()

    def to_bytes(self) -> bytes:
        """A snapshot in Kafka's format. Kafka keeps one batch for a producer, we write an entry for
        each of the five: so retries are known as such after a restart in good order, too."""
        entries = [
            _ENTRY.pack(
                producer_id,
                producer.epoch,
                past.last_sequence,
                past.last_offset,
                past.last_offset - past.first_offset,
                past.timestamp_ms,
                -1,
                -1,
            )
            for producer_id, producer in self.by_id.items()
            for past in producer.batches
        ]
        body = _COUNT.pack(len(entries)) + b"".join(entries)
        return _HEAD.pack(_VERSION, crc32(body)) + body

    def load(self, data: bytes) -> bool:
        """Take over a snapshot; False, and nothing taken, when it is not a whole one."""
        if len(data) < _HEAD.size + _COUNT.size:
            return False
        version, checksum = _HEAD.unpack_from(data)
        if version != _VERSION or checksum != crc32(data[_HEAD.size :]):
            return False
        self.clear()
        for entry in _ENTRY.iter_unpack(data[_HEAD.size + _COUNT.size :]):
            producer_id, epoch, last_sequence, last_offset, delta, timestamp_ms, _, _ = entry
            first_sequence = last_sequence if last_sequence < 0 else (last_sequence - delta) % (LAST_SEQUENCE + 1)
            past = PastBatch(first_sequence, last_sequence, last_offset - delta, last_offset, timestamp_ms)
            self._add(producer_id, epoch, past)
        return True
