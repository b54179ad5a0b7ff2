"""What is known of one transactional id: its producer, and how far its transaction has come.

The value never changes: every transition makes a new one, which becomes a record of
`__transaction_state` and counts once that is committed. With transactions of version 2 (KIP-890) each
end of a transaction gives the producer a new epoch, so nothing late can reach into the next one
(org.apache.kafka.coordinator.transaction.TransactionMetadata, TransactionState).
"""

from dataclasses import dataclass, replace
from enum import Enum

TopicPartition = tuple[str, int]

NO_PRODUCER = -1
"""In place of a producer id, or of an epoch."""
NO_TIME = -1
LAST_EPOCH = 32_766
"""The greatest that a producer is given: one more must stay for fencing it."""
LARGEST_EPOCH = 32_767
VERSION_0, VERSION_2 = 0, 2
"""Levels of the feature transaction.version; 2 bumps the epoch at every end."""


class TransactionState(Enum):
    EMPTY = "Empty"
    ONGOING = "Ongoing"
    PREPARE_COMMIT = "PrepareCommit"
    PREPARE_ABORT = "PrepareAbort"
    COMPLETE_COMMIT = "CompleteCommit"
    COMPLETE_ABORT = "CompleteAbort"
    DEAD = "Dead"
    PREPARE_EPOCH_FENCE = "PrepareEpochFence"


_S = TransactionState
NUMBERS = {state: number for number, state in enumerate(TransactionState)}
"""As records have them."""
COMES_FROM: dict[TransactionState, tuple[TransactionState, ...]] = {
    _S.EMPTY: (_S.EMPTY, _S.COMPLETE_COMMIT, _S.COMPLETE_ABORT),
    _S.ONGOING: (_S.ONGOING, _S.EMPTY, _S.COMPLETE_COMMIT, _S.COMPLETE_ABORT),
    _S.PREPARE_COMMIT: (_S.ONGOING,),
    # A producer of version 2 may abort where nothing was begun, or nothing that it knows of.
    _S.PREPARE_ABORT: (_S.ONGOING, _S.PREPARE_EPOCH_FENCE, _S.EMPTY, _S.COMPLETE_COMMIT, _S.COMPLETE_ABORT),
    _S.COMPLETE_COMMIT: (_S.PREPARE_COMMIT,),
    _S.COMPLETE_ABORT: (_S.PREPARE_ABORT,),
    _S.DEAD: (_S.EMPTY, _S.COMPLETE_ABORT, _S.COMPLETE_COMMIT),
    _S.PREPARE_EPOCH_FENCE: (_S.ONGOING,),
}
AT_REST = (_S.EMPTY, _S.COMPLETE_COMMIT, _S.COMPLETE_ABORT)
"""Nothing is open: a new transaction may begin, and the id may be forgotten."""
PREPARED = (_S.PREPARE_COMMIT, _S.PREPARE_ABORT)
"""It is decided how the transaction ends; the markers that say so are on their way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionMetadata:
    transactional_id: str
    producer_id: int
    previous_producer_id: int = NO_PRODUCER
    next_producer_id: int = NO_PRODUCER
    """Given to the producer at the end of this transaction, as the epochs of `producer_id` are used up."""
    producer_epoch: int = NO_PRODUCER
    last_producer_epoch: int = NO_PRODUCER
    """Before the last bump; not in the record, so a new coordinator does not know it."""
    timeout_ms: int
    state: TransactionState = TransactionState.EMPTY
    partitions: tuple[TopicPartition, ...] = ()
    """While markers are written, those that have none yet."""
    started_ms: int = NO_TIME
    updated_ms: int
    client_version: int = VERSION_0

    @property
    def is_epoch_exhausted(self) -> bool:
        return is_exhausted(self.producer_epoch)

    @property
    def bumps_epochs(self) -> bool:
        return self.client_version >= VERSION_2

    # -- where it may go from here ---------------------------------------------------------------

    def with_new_epoch(
        self, timeout_ms: int, producer_epoch: int, last_epoch: int, now_ms: int
    ) -> "TransactionMetadata":
        return self._to(
            TransactionState.EMPTY,
            producer_epoch=producer_epoch,
            last_producer_epoch=last_epoch,
            timeout_ms=timeout_ms,
            partitions=(),
            started_ms=NO_TIME,
            updated_ms=now_ms,
        )

    def with_new_producer(
        self, producer_id: int, timeout_ms: int, now_ms: int, *, keep_last_epoch: bool
    ) -> "TransactionMetadata":
        """Its epochs are used up: another producer id, from epoch 0 on."""
        return self._to(
            TransactionState.EMPTY,
            producer_id=producer_id,
            producer_epoch=0,
            last_producer_epoch=self.producer_epoch if keep_last_epoch else NO_PRODUCER,
            timeout_ms=timeout_ms,
            partitions=(),
            started_ms=NO_TIME,
            updated_ms=now_ms,
        )

    def with_partitions(
        self, partitions: tuple[TopicPartition, ...], now_ms: int, client_version: int
    ) -> "TransactionMetadata":
        return self._to(
            TransactionState.ONGOING,
            partitions=tuple(dict.fromkeys((*self.partitions, *partitions))),
            started_ms=now_ms if self.state in AT_REST else self.started_ms,
            updated_ms=now_ms,
            client_version=client_version,
        )

    def prepared(
        self, *, commit: bool, now_ms: int, client_version: int, next_producer_id: int = NO_PRODUCER
    ) -> "TransactionMetadata":
        """It is decided. Version 2 takes the next epoch already here, for the markers to have it."""
        bumps = client_version >= VERSION_2
        return self._to(
            TransactionState.PREPARE_COMMIT if commit else TransactionState.PREPARE_ABORT,
            producer_epoch=self.producer_epoch + 1 if bumps else self.producer_epoch,
            last_producer_epoch=self.producer_epoch if bumps else self.last_producer_epoch,
            next_producer_id=next_producer_id,
            # Where nothing had begun this one begins and ends at once.
            started_ms=now_ms if self.state in AT_REST else self.started_ms,
            updated_ms=now_ms,
            client_version=client_version,
        )

    def completed(self, now_ms: int) -> "TransactionMetadata":
        """Every partition has its marker."""
        commits = self.state is TransactionState.PREPARE_COMMIT
        rotates = self.bumps_epochs and self.next_producer_id != NO_PRODUCER
        return self._to(
            TransactionState.COMPLETE_COMMIT if commits else TransactionState.COMPLETE_ABORT,
            producer_id=self.next_producer_id if rotates else self.producer_id,
            producer_epoch=0 if rotates else self.producer_epoch,
            next_producer_id=NO_PRODUCER,
            partitions=(),
            updated_ms=now_ms,
        )

    def marked(self, partition: TopicPartition) -> "TransactionMetadata":
        """The partition has its marker, or is no more."""
        return replace(self, partitions=tuple(each for each in self.partitions if each != partition))

    def _to(self, state: TransactionState, **changes: object) -> "TransactionMetadata":
        assert self.state in COMES_FROM[state], f"{self.transactional_id}: {self.state} to {state}"
        return replace(self, state=state, previous_producer_id=self.producer_id, **changes)  # type: ignore[arg-type]


def is_exhausted(producer_epoch: int) -> bool:
    return producer_epoch >= LAST_EPOCH
