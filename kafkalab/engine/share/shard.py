"""The share partitions of one partition of `__share_group_state`: what replaying that partition yields.

There are two views of each. `latest` has every record that was written, and what is decided next
builds on it; `committed` has what is replicated, and only that is told to anyone, because a failover
can take back the rest (org.apache.kafka.coordinator.share.ShareCoordinatorShard).
"""

from collections import deque
from dataclasses import dataclass, field, replace

from kafkalab.engine.refused import Refused
from kafkalab.engine.share.records import ShareSnapshot, ShareStateRecord, ShareUpdate
from kafkalab.engine.share.state import SharePartitionKey, SharePartitionState, StateBatch, combine
from kafkalab.wire.errors import ErrorCode

UNTOLD = -1


@dataclass
class StateShard:
    partition: int
    leader_epoch: int
    """Of the election that made this broker load it."""
    loading: bool = True
    next_offset: int = 0
    """Where loading goes on."""
    loaded_records: int = 0
    latest: dict[SharePartitionKey, SharePartitionState] = field(default_factory=dict)
    committed: dict[SharePartitionKey, SharePartitionState] = field(default_factory=dict)
    uncommitted: deque[tuple[int, SharePartitionKey, SharePartitionState | None]] = field(default_factory=deque)
    """What `committed` lacks: the offset of each record, and what it made of the share partition."""
    snapshot_offsets: dict[SharePartitionKey, int] = field(default_factory=dict)
    """Where the last snapshot of each lies: what is older than all of them says nothing any more."""
    updates: dict[SharePartitionKey, int] = field(default_factory=dict)
    """How many records have come since the last snapshot."""

    def replay(self, offset: int, record: ShareStateRecord) -> None:
        """The only way in which a share partition's state changes."""
        key = record.key
        match record:
            case ShareSnapshot(_, None):
                self.latest.pop(key, None)
                self.snapshot_offsets.pop(key, None)
                self.updates.pop(key, None)
            case ShareSnapshot(_, SharePartitionState() as state):
                self.latest[key] = state
                self.snapshot_offsets[key] = offset
                self.updates[key] = 0
            case ShareUpdate():
                known = self.latest.get(key, SharePartitionState())
                self.latest[key] = updated(known, record)
                self.updates[key] = self.updates.get(key, 0) + 1
        self.uncommitted.append((offset, key, self.latest.get(key)))

    def commit_up_to(self, high_watermark: int) -> None:
        while self.uncommitted and self.uncommitted[0][0] < high_watermark:
            _, key, state = self.uncommitted.popleft()
            if state is None:
                self.committed.pop(key, None)
            else:
                self.committed[key] = state

    # -- deciding: each returns the record to write, or raises Refused ---------------------------

    def initialize(self, key: SharePartitionKey, state_epoch: int, start_offset: int, now_ms: int) -> ShareStateRecord:
        known = self.latest.get(key)
        if known is not None and known.state_epoch > state_epoch:
            raise Refused(ErrorCode.fenced_state_epoch)
        snapshot_epoch = 0 if known is None else known.snapshot_epoch + 1
        complete = UNTOLD if start_offset < 0 else 0
        return ShareSnapshot(
            key,
            SharePartitionState(snapshot_epoch, state_epoch, 0, start_offset, complete, (), now_ms, now_ms),
        )

    def write(
        self, key: SharePartitionKey, state_epoch: int, said: ShareUpdate, updates_per_snapshot: int, now_ms: int
    ) -> ShareStateRecord:
        """An update; when there have been many since the last snapshot, a snapshot instead."""
        known = self.latest.get(key)
        if known is None:
            raise Refused(ErrorCode.invalid_request, "Write operation on uninitialized share partition not allowed.")
        if known.leader_epoch > said.leader_epoch:
            raise Refused(ErrorCode.fenced_leader_epoch)
        if known.state_epoch > state_epoch:
            raise Refused(ErrorCode.fenced_state_epoch)
        if self.updates.get(key, 0) < updates_per_snapshot:
            return replace(said, snapshot_epoch=known.snapshot_epoch, batches=combine((), said.batches, -1))
        return ShareSnapshot(key, replace(self._next_snapshot(updated(known, said), now_ms), state_epoch=state_epoch))

    def read(self, key: SharePartitionKey, leader_epoch: int) -> tuple[SharePartitionState, ShareStateRecord | None]:
        """What is committed; and, for a leader of a newer epoch, the record that fences those before it."""
        known = self.latest.get(key)
        if known is None:
            raise Refused(ErrorCode.invalid_request, "Read operation on uninitialized share partition not allowed.")
        if known.leader_epoch > leader_epoch:
            raise Refused(ErrorCode.fenced_leader_epoch)
        if known.leader_epoch == leader_epoch and key in self.committed:
            return self.committed[key], None
        fence = ShareUpdate(key, known.snapshot_epoch, leader_epoch, UNTOLD, known.delivery_complete_count, ())
        # What is told will be committed with it, for a log is committed in order.
        return known, fence

    def forget(self, key: SharePartitionKey) -> ShareStateRecord | None:
        return ShareSnapshot(key, None) if key in self.latest else None

    def _next_snapshot(self, state: SharePartitionState, now_ms: int) -> SharePartitionState:
        return replace(state, snapshot_epoch=state.snapshot_epoch + 1, written_ms=now_ms)

    def redundant_before(self) -> int | None:
        """The first offset that still says something; None when nothing is known."""
        return min(self.snapshot_offsets.values(), default=None)


def updated(known: SharePartitionState, said: ShareUpdate) -> SharePartitionState:
    start_offset = known.start_offset if said.start_offset == UNTOLD else said.start_offset
    batches: tuple[StateBatch, ...] = combine(known.batches, said.batches, start_offset)
    return replace(
        known,
        leader_epoch=known.leader_epoch if said.leader_epoch == UNTOLD else said.leader_epoch,
        start_offset=start_offset,
        delivery_complete_count=said.delivery_complete_count,
        batches=batches,
    )
