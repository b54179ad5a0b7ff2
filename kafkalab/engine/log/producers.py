"""What a log remembers of each producer, so that a retry is not written twice and a zombie not at all.

For each producer id: its epoch, the last five batches (KIP-98), and the transaction that it has open
here. A batch with the sequence numbers of one of the five is a duplicate and is answered with the
offsets it got the first time; any other must follow on the last one. A marker ends the transaction,
and with it the right to write under an older epoch (`ProducerStateManager`, `ProducerAppendInfo`).
This is derived from the log alone: a follower builds the same by appending the same batches.

Only a leader keeps verifications: a transaction may begin here once its coordinator has said that
the partition belongs to it. The number given out for the question must be the one that is still in
use when the answer comes, else what was asked about has ended meanwhile (KIP-890).
"""

from dataclasses import dataclass, field
from struct import Struct
from typing import Any, NamedTuple

from crc32c import crc32c

from kafkalab.engine.log.transactions import AbortedTransaction, EndedTransaction, Marker, marker_of
from kafkalab.engine.refused import Refused
from kafkalab.wire.batches import Batch
from kafkalab.wire.errors import ErrorCode

BATCHES_KEPT = 5
"""`max.in.flight.requests.per.connection` of an idempotent producer may not be more."""
EXPIRES_AFTER_MS = 86_400_000
"""`producer.id.expiration.ms`."""
LAST_SEQUENCE = 0x7FFFFFFF
MARKERS_RAISE_EPOCH = 2
"""The transaction.version since which a marker has a newer epoch than what it ends (KIP-890)."""
ONGOING = 0
"""In place of a verification: the transaction must be open here already."""

_HEAD = Struct(">hI")
"""Version, CRC-32C of what follows it."""
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
    """The oldest first; none under an epoch of which there is only a marker."""
    coordinator_epoch: int = -1
    """Of the newest marker."""
    last_timestamp_ms: int = -1
    transaction_start: int | None = None
    """The first offset of the transaction that is open."""

    @property
    def last_sequence(self) -> int:
        return self.batches[-1].last_sequence if self.batches else -1

    @property
    def last_offset(self) -> int:
        """Of its data."""
        return self.batches[-1].last_offset if self.batches else -1


@dataclass(slots=True)
class Verification:
    number: int
    lowest_sequence: int
    """A batch behind it would leave a gap that its retry could not fill."""
    epoch: int
    begun_ms: int
    from_zero: bool
    """The producer's epoch rises with each transaction, so that without state the first sequence is 0."""


class Producers:
    def __init__(self) -> None:
        self.by_id: dict[int, Producer] = {}
        self.open: dict[int, int] = {}
        """First offset of each open transaction to its producer."""
        self.ended: dict[int, int] = {}
        """First offset of each transaction whose marker may not be replicated yet, to the marker's offset."""
        self.verifications: dict[int, Verification] = {}
        self._last_verification = ONGOING

    def first_unstable(self, high_watermark: int) -> int | None:
        """Where the first transaction begins that is not known to all to have ended."""
        if self.ended:
            self.ended = {first: marker for first, marker in self.ended.items() if marker >= high_watermark}
        return min((*self.open, *self.ended), default=None)

    # -- what a leader asks before it appends ------------------------------------------------------

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

    def verify(self, producer_id: int, epoch: int, sequence: int, raises_epoch: bool, now_ms: int) -> int:
        """The number to give with the batch once the coordinator has agreed; ONGOING if it need not be asked.

        An older epoch than the log knows is refused at once (UnifiedLog.maybeStartTransactionVerification)."""
        producer = self.by_id.get(producer_id)
        if producer is not None and epoch < producer.epoch:
            raise _of_older_epoch(producer_id, epoch, producer, "smaller than")
        if self._is_ongoing(producer_id, epoch):
            return ONGOING
        verification = self.verifications.get(producer_id)
        if verification is None:
            self._last_verification += 1
            verification = Verification(self._last_verification, sequence, epoch, now_ms, raises_epoch)
            self.verifications[producer_id] = verification
        elif epoch > verification.epoch:
            verification.epoch, verification.lowest_sequence = epoch, sequence
        elif epoch == verification.epoch:
            verification.lowest_sequence = min(verification.lowest_sequence, sequence)
        return verification.number

    def check(self, batch: Batch, from_client: bool, verified: int | None) -> None:
        """Refuse data of an older epoch, data out of turn, and data outside of its transaction.

        `verified` is the number that `verify` gave; None where nobody has to be asked."""
        verification = self.verifications.get(batch.producer_id)
        agreed = verified is None or (verification is not None and verification.number == verified)
        if batch.is_transactional and not agreed and not self._is_ongoing(batch.producer_id, batch.producer_epoch):
            raise Refused(ErrorCode.invalid_txn_state, "Record was not part of an ongoing transaction")
        producer = self.by_id.get(batch.producer_id)
        if producer is not None and batch.producer_epoch < producer.epoch:
            raise _of_older_epoch(batch.producer_id, batch.producer_epoch, producer, "smaller than")
        if from_client:
            _check_sequence(batch, producer, verification)
        if producer is not None and producer.transaction_start is not None and not batch.is_transactional:
            raise Refused(
                ErrorCode.invalid_txn_state, f"Expected transactional write from producer {batch.producer_id}"
            )

    def check_marker(self, batch: Batch, marker: Marker, transaction_version: int) -> None:
        producer = self.by_id.get(batch.producer_id)
        if producer is None:
            return
        if batch.producer_epoch < producer.epoch:
            raise _of_older_epoch(batch.producer_id, batch.producer_epoch, producer, "smaller than")
        is_open = producer.transaction_start is not None
        if transaction_version >= MARKERS_RAISE_EPOCH and batch.producer_epoch == producer.epoch and is_open:
            # Written by the coordinator for the transaction before; without an open one it is a repeat (KAFKA-19999).
            raise _of_older_epoch(batch.producer_id, batch.producer_epoch, producer, "smaller than or equal to")
        if marker.coordinator_epoch < producer.coordinator_epoch:
            raise Refused(
                ErrorCode.transaction_coordinator_fenced,
                f"Invalid coordinator epoch for producerId {batch.producer_id}: {marker.coordinator_epoch} (zombie), "
                f"{producer.coordinator_epoch} (current)",
            )

    def _is_ongoing(self, producer_id: int, epoch: int) -> bool:
        producer = self.by_id.get(producer_id)
        return producer is not None and producer.transaction_start is not None and producer.epoch == epoch

    # -- what an append changes --------------------------------------------------------------------

    def remember(self, batch: Batch, base_offset: int) -> EndedTransaction | None:
        """The batch was appended at this offset. Which transaction it has ended, if it is a marker."""
        if batch.is_transactional:
            self.verifications.pop(batch.producer_id, None)
        if batch.is_control:
            marker = marker_of(batch)
            return None if marker is None else self._end(batch, marker, base_offset)
        producer = self._in_epoch(batch.producer_id, batch.producer_epoch)
        past = PastBatch(
            batch.base_sequence,
            batch.last_sequence,
            base_offset,
            base_offset + batch.last_offset_delta,
            batch.max_timestamp,
        )
        _add(producer, past)
        if batch.is_transactional and producer.transaction_start is None:
            producer.transaction_start = base_offset
            self.open[base_offset] = batch.producer_id
        return None

    def _end(self, batch: Batch, marker: Marker, offset: int) -> EndedTransaction | None:
        producer = self._in_epoch(batch.producer_id, batch.producer_epoch)
        producer.coordinator_epoch = marker.coordinator_epoch
        producer.last_timestamp_ms = batch.max_timestamp
        first_offset, producer.transaction_start = producer.transaction_start, None
        if first_offset is None:
            return None
        del self.open[first_offset]
        self.ended[first_offset] = offset
        return EndedTransaction(batch.producer_id, first_offset, offset, marker.committed)

    def aborted(self, ended: EndedTransaction) -> AbortedTransaction:
        """As the index has it, right after the marker was remembered (`ProducerStateManager.lastStableOffset`)."""
        stable = min(self.open, default=ended.last_offset + 1)
        return AbortedTransaction(ended.producer_id, ended.first_offset, ended.last_offset, stable)

    def _in_epoch(self, producer_id: int, epoch: int) -> Producer:
        producer = self.by_id.get(producer_id)
        if producer is None:
            producer = self.by_id[producer_id] = Producer(epoch)
        elif producer.epoch != epoch:
            producer.epoch = epoch
            producer.batches = []
        return producer

    def expire(self, now_ms: int) -> None:
        """Forget the producers that wrote nothing for a day and have no transaction open."""
        self.by_id = {
            producer_id: producer
            for producer_id, producer in self.by_id.items()
            if producer.transaction_start is not None or now_ms - producer.last_timestamp_ms < EXPIRES_AFTER_MS
        }
        self.verifications = {
            producer_id: verification
            for producer_id, verification in self.verifications.items()
            if now_ms - verification.begun_ms < EXPIRES_AFTER_MS
        }

    def clear(self) -> None:
        self.by_id.clear()
        self.open.clear()
        self.ended.clear()

    # -- snapshots ---------------------------------------------------------------------------------

    def to_bytes(self) -> bytes:
        """A snapshot in Kafka's format. Kafka keeps one batch for a producer, we write an entry for
        each of the five: so retries are known as such after a restart in good order, too. Of a
        producer that was heard of later than with its last batch, an entry without a batch comes first."""
        entries = []
        for producer_id, producer in self.by_id.items():
            start = -1 if producer.transaction_start is None else producer.transaction_start
            tail = (producer.coordinator_epoch, start)
            if not producer.batches or producer.batches[-1].timestamp_ms != producer.last_timestamp_ms:
                entries.append(_ENTRY.pack(producer_id, producer.epoch, -1, -1, 0, producer.last_timestamp_ms, *tail))
            entries += [
                _ENTRY.pack(
                    producer_id,
                    producer.epoch,
                    past.last_sequence,
                    past.last_offset,
                    past.last_offset - past.first_offset,
                    past.timestamp_ms,
                    *tail,
                )
                for past in producer.batches
            ]
        body = _COUNT.pack(len(entries)) + b"".join(entries)
        return _HEAD.pack(_VERSION, crc32c(body)) + body

    def load(self, data: bytes) -> bool:
        """Take over a snapshot; False, and nothing taken, when it is not a whole one."""
        if len(data) < _HEAD.size + _COUNT.size:
            return False
        version, checksum = _HEAD.unpack_from(data)
        if version != _VERSION or checksum != crc32c(data[_HEAD.size :]):
            return False
        self.clear()
        heard_ms: dict[int, int] = {}
        for entry in _ENTRY.iter_unpack(data[_HEAD.size + _COUNT.size :]):
            producer_id, epoch, last_sequence, last_offset, delta, timestamp_ms, coordinator_epoch, start = entry
            producer = self._in_epoch(producer_id, epoch)
            producer.coordinator_epoch = coordinator_epoch
            if last_offset < 0:
                producer.last_timestamp_ms = heard_ms[producer_id] = timestamp_ms
            else:
                first_sequence = last_sequence if last_sequence < 0 else (last_sequence - delta) % (LAST_SEQUENCE + 1)
                _add(producer, PastBatch(first_sequence, last_sequence, last_offset - delta, last_offset, timestamp_ms))
                producer.last_timestamp_ms = heard_ms.get(producer_id, timestamp_ms)
            if start >= 0:
                producer.transaction_start = start
                self.open[start] = producer_id
        return True


def _add(producer: Producer, past: PastBatch) -> None:
    producer.batches.append(past)
    producer.last_timestamp_ms = past.timestamp_ms
    if len(producer.batches) > BATCHES_KEPT:
        del producer.batches[0]


def _check_sequence(batch: Batch, producer: Producer | None, verification: Verification | None) -> None:
    """Refuse a batch that leaves out or repeats a sequence number (`ProducerAppendInfo.checkSequence`)."""
    first = batch.base_sequence
    if verification is not None and verification.from_zero and first != 0 and producer is None:
        raise _out_of_order(
            f"Invalid sequence number for producer {batch.producer_id}: {first} (incoming seq. number). "
            "Expected sequence 0 for transactions v2 idempotent producer with no existing state."
        )
    if verification is not None and first > verification.lowest_sequence:
        raise _out_of_order(
            f"Out of order sequence number for producer {batch.producer_id}: {first} (incoming seq. number), "
            f"{verification.lowest_sequence} (earliest seen sequence)"
        )
    if producer is None:
        # Its state may have expired, or gone with the records: any sequence can be the next.
        return
    if batch.producer_epoch > producer.epoch:
        if first != 0:
            raise _out_of_order(
                f"Invalid sequence number for new epoch of producer {batch.producer_id}: "
                f"{batch.producer_epoch} (request epoch), {first} (seq. number), "
                f"{producer.epoch} (current producer epoch)"
            )
        return
    last = producer.last_sequence
    if first != (0 if last == LAST_SEQUENCE else last + 1):
        raise _out_of_order(
            f"Out of order sequence number for producer {batch.producer_id}: "
            f"{first} (incoming seq. number), {last} (current end sequence number)"
        )


def _out_of_order(message: str) -> Refused:
    return Refused(ErrorCode.out_of_order_sequence_number, message)


def _of_older_epoch(producer_id: int, epoch: int, producer: Producer, how: str) -> Refused:
    return Refused(
        ErrorCode.invalid_producer_epoch,
        f"Epoch of producer {producer_id} is {epoch}, which is {how} the last seen epoch {producer.epoch}",
    )
