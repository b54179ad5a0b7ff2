"""What is remembered of a share partition: where it starts, and what became of the records behind that.

A share partition is one partition as one share group sees it. Its window begins at the share
partition's start offset; a batch of states says of a run of offsets in it that they are free to be
delivered again, done with, or given up. Who holds a lock is not remembered: with the leader the
locks are gone, and the records are free again
(org.apache.kafka.server.share.persister.PersisterStateBatch, PersisterStateBatchCombiner).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from kafkalab.wire.uuids import text_of

UNINITIALIZED_START = -1
"""The start offset of a share partition that the group has begun, but whose leader has not looked at the log."""


class RecordState(IntEnum):
    """The numbers that Kafka writes down (org.apache.kafka.server.share.fetch.RecordState)."""

    AVAILABLE = 0
    ACQUIRED = 1
    ACKNOWLEDGED = 2
    ARCHIVED = 4

    @property
    def is_terminal(self) -> bool:
        """Nobody will be given the record any more."""
        return self >= RecordState.ACKNOWLEDGED


RECORD_STATES = frozenset(int(state) for state in RecordState)
"""The numbers that stand for a state: others must not get as far as a log."""


@dataclass(frozen=True, slots=True)
class SharePartitionKey:
    group: str
    topic_id: UUID
    partition: int

    @property
    def coordinator_key(self) -> str:
        """What a client asks for with FindCoordinator, and what says which partition of the state topic holds it."""
        return f"{self.group}:{text_of(self.topic_id)}:{self.partition}"


@dataclass(frozen=True, slots=True)
class StateBatch:
    first_offset: int
    last_offset: int
    """Inclusive, as on the wire."""
    state: RecordState
    delivery_count: int


@dataclass(frozen=True, slots=True)
class SharePartitionState:
    """All that the share coordinator knows of one share partition."""

    snapshot_epoch: int = 0
    state_epoch: int = 0
    """Raised when the group begins with the partition anew: who speaks of an older one is fenced."""
    leader_epoch: int = 0
    """Of the partition's leader that read or wrote last: older leaders are fenced."""
    start_offset: int = UNINITIALIZED_START
    delivery_complete_count: int = -1
    """Records in the window that are done with; -1 if that was not told."""
    batches: tuple[StateBatch, ...] = ()
    created_ms: int = 0
    written_ms: int = 0


def combine(known: Iterable[StateBatch], newer: Iterable[StateBatch], start_offset: int) -> tuple[StateBatch, ...]:
    """One list without overlaps and without what lies before the start: where both speak, the newer counts."""
    runs: list[StateBatch] = sorted(known, key=_first)
    for batch in newer:
        around: list[StateBatch] = []
        for run in runs:
            if run.last_offset < batch.first_offset or run.first_offset > batch.last_offset:
                around.append(run)
                continue
            if run.first_offset < batch.first_offset:
                around.append(StateBatch(run.first_offset, batch.first_offset - 1, run.state, run.delivery_count))
            if run.last_offset > batch.last_offset:
                around.append(StateBatch(batch.last_offset + 1, run.last_offset, run.state, run.delivery_count))
        runs = sorted([*around, batch], key=_first)
    kept: list[StateBatch] = []
    for run in runs:
        if run.last_offset < start_offset:
            continue
        first = max(run.first_offset, start_offset)
        kept.append(StateBatch(first, run.last_offset, run.state, run.delivery_count))
    return tuple(kept)


def _first(batch: StateBatch) -> int:
    return batch.first_offset
