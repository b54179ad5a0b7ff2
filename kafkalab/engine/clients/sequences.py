"""Every batch of an idempotent producer is numbered, so that a broker can tell a repeat from news.

Sequence numbers run through each partition, one a record, under a producer id and an epoch that
the cluster gave. Up to five batches may be in flight; after a failure they go out again one by one
in their old order under their old numbers. When the fate of a batch cannot be known, the producer
raises its epoch and begins again at 0: only so may it go on without risking a gap
(org.apache.kafka.clients.producer.internals.TransactionManager, KIP-98, KIP-360).
"""

from dataclasses import dataclass, field

from kafkalab.engine.clients.accumulator import Batch, TopicPartition
from kafkalab.wire.errors import ErrorCode

NO_PRODUCER_ID = -1
LAST_SEQUENCE = 2**31 - 1
LAST_EPOCH = 2**15 - 1


def advanced(sequence: int, by: int) -> int:
    """0 comes after 2^31 - 1."""
    return (sequence + by) % (LAST_SEQUENCE + 1)


@dataclass
class PartitionSequence:
    producer_id: int
    producer_epoch: int
    next_sequence: int = 0
    next_acked: int = 0
    """The sequence number after the last that is known to be stored."""
    in_flight: list[Batch] = field(default_factory=list)
    """Numbered and not settled, in order: on the wire, or waiting to be sent again."""
    unresolved: int | None = None
    """The sequence number after a batch that was given up though it may be stored."""


class Sequences:
    def __init__(self) -> None:
        self.producer_id = NO_PRODUCER_ID
        self.producer_epoch = -1
        self.partitions: dict[TopicPartition, PartitionSequence] = {}
        self._to_restart: dict[TopicPartition, None] = {}
        """Partitions for whose sake the epoch has to be raised."""

    def begin(self, producer_id: int, producer_epoch: int) -> None:
        self.producer_id = producer_id
        self.producer_epoch = producer_epoch

    def may_send(self, batch: Batch) -> bool:
        where = batch.where
        if self.producer_id == NO_PRODUCER_ID or where in self._to_restart:
            return False
        state = self.partitions.get(where)
        if state is None:
            return True
        if not batch.numbered:
            return state.unresolved is None and not (state.in_flight and self._stale(state))
        return not state.in_flight or state.in_flight[0] is batch

    def number(self, batch: Batch) -> None:
        """Give a batch that goes out for the first time its numbers."""
        state = self.partitions.get(batch.where)
        if state is None or (self._stale(state) and not state.in_flight):
            state = self.partitions[batch.where] = PartitionSequence(self.producer_id, self.producer_epoch)
        self._number(batch, state)
        state.in_flight.append(batch)

    def replace(self, batch: Batch, parts: list[Batch]) -> None:
        """The batch was too large and goes out in parts, which share its numbers."""
        state = self.partitions[batch.where]
        sequence = batch.base_sequence
        for part in parts:
            part.producer_id, part.producer_epoch = batch.producer_id, batch.producer_epoch
            part.base_sequence = sequence
            sequence = advanced(sequence, len(part.records))
        place = state.in_flight.index(batch)
        state.in_flight[place : place + 1] = parts

    def acked(self, batch: Batch) -> None:
        state = self.partitions[batch.where]
        state.in_flight.remove(batch)
        if self._of_now(batch, state):
            state.next_acked = advanced(batch.base_sequence, len(batch.records))

    def may_retry(self, batch: Batch, error: ErrorCode) -> bool:
        """Out of order only because an earlier batch, or an older epoch, is still on its way: try again.
        Out of order as the very next batch: something is lost, and no retry brings it back."""
        if error != ErrorCode.out_of_order_sequence_number:
            return error.retriable
        state = self.partitions[batch.where]
        return state.unresolved is None and (batch.renumbered or batch.base_sequence != state.next_acked)

    def failed(self, batch: Batch, error: ErrorCode, more_tries: bool) -> None:
        """The batch was given up because of an answer."""
        self.partitions[batch.where].in_flight.remove(batch)
        lost = error in (ErrorCode.out_of_order_sequence_number, ErrorCode.unknown_producer_id)
        if lost or more_tries:
            self._to_restart[batch.where] = None
        else:
            self._leave_open(batch)

    def expired(self, batch: Batch) -> None:
        """The batch was given up because time ran out."""
        self.partitions[batch.where].in_flight.remove(batch)
        self._leave_open(batch)

    def settle(self) -> None:
        """See whether open questions have answered themselves; if not, raise the epoch."""
        for where, state in self.partitions.items():
            if state.unresolved is not None and not state.in_flight:
                if state.unresolved != state.next_acked:
                    self._to_restart[where] = None
                state.unresolved = None
        if not self._to_restart or any(self._on_the_wire(where) for where in self._to_restart):
            return
        if self.producer_epoch == LAST_EPOCH:
            self.producer_id = NO_PRODUCER_ID
            return
        self.producer_epoch += 1
        for where in self._to_restart:
            self._restart(where)
        self._to_restart = {}

    def renewed(self, producer_id: int, producer_epoch: int) -> None:
        """The cluster gave a producer id, the first one or one for an epoch that is used up."""
        self.begin(producer_id, producer_epoch)
        for where in self._to_restart:
            self._restart(where)
        self._to_restart = {}

    def begin_anew(self, producer_id: int, producer_epoch: int) -> None:
        """For the next transaction: nothing is in flight, and every partition begins with 0."""
        self.begin(producer_id, producer_epoch)
        self.partitions = {}
        self._to_restart = {}

    def _restart(self, where: TopicPartition) -> None:
        """Number what is in flight anew, from 0 on."""
        batches = self.partitions[where].in_flight
        state = self.partitions[where] = PartitionSequence(self.producer_id, self.producer_epoch, in_flight=batches)
        for batch in batches:
            batch.renumbered = True
            self._number(batch, state)

    def _number(self, batch: Batch, state: PartitionSequence) -> None:
        batch.producer_id = state.producer_id
        batch.producer_epoch = state.producer_epoch
        batch.base_sequence = state.next_sequence
        state.next_sequence = advanced(state.next_sequence, len(batch.records))

    def _leave_open(self, batch: Batch) -> None:
        state = self.partitions[batch.where]
        after = advanced(batch.base_sequence, len(batch.records))
        if state.unresolved is None or (after - state.unresolved) & LAST_SEQUENCE < LAST_SEQUENCE // 2:
            state.unresolved = after

    def _on_the_wire(self, where: TopicPartition) -> bool:
        """What is stored under the old numbers after all must not be counted in the new ones."""
        return any(batch.on_the_wire for batch in self.partitions[where].in_flight)

    def _stale(self, state: PartitionSequence) -> bool:
        return (state.producer_id, state.producer_epoch) != (self.producer_id, self.producer_epoch)

    @staticmethod
    def _of_now(batch: Batch, state: PartitionSequence) -> bool:
        return (batch.producer_id, batch.producer_epoch) == (state.producer_id, state.producer_epoch)
