"""The window of one share partition: which of its records are free, locked, done with, or given up.

    AVAILABLE -> ACQUIRED          a member fetched it: a lock, and one delivery more
    ACQUIRED -> ACKNOWLEDGED       the member accepted it
    ACQUIRED -> AVAILABLE          released, or the lock ran out; at the last delivery ARCHIVED instead
    ACQUIRED -> ARCHIVED           rejected, or there is no such record

The window begins at the start offset, before which all is done with, and ends before the first
record that nobody was given yet. A change is first under way, while the share coordinator writes it
down, and counts once that is done; else it is taken back. A record with a change under way belongs
to nobody: neither can it be given out nor acknowledged again (kafka.server.share.SharePartition).
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kafkalab.engine.refused import Refused
from kafkalab.engine.share.state import RecordState, StateBatch
from kafkalab.wire.errors import ErrorCode

GAP, ACCEPT, RELEASE, REJECT, RENEW = range(5)
"""What a member says of a record (org.apache.kafka.clients.consumer.AcknowledgeType)."""
BATCH_OPTIMIZED, RECORD_LIMIT = 0, 1
"""ShareAcquireMode: whole batches, or exactly as many records as were asked for."""

Span = tuple[int, int]
"""First and last offset."""


@dataclass(slots=True)
class InFlightRecord:
    state: RecordState
    delivery_count: int = 0
    member: str | None = None
    locked_until_us: int = 0
    becoming: RecordState | None = None
    """While this is being written down."""


@dataclass(frozen=True, slots=True)
class Acquired:
    first_offset: int
    last_offset: int
    delivery_count: int


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One batch of acknowledgements: one type for all of it, or one for each offset."""

    first_offset: int
    last_offset: int
    types: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Records on their way to another state, with what the share coordinator is to write down."""

    offsets: tuple[int, ...]
    batches: tuple[StateBatch, ...]
    renewed: tuple[int, ...] = ()
    """Offsets whose lock was only made longer, which nobody writes down."""


NO_CHANGE = Change((), ())


@dataclass
class Window:
    start_offset: int
    delivery_count_limit: int = 5
    most_in_flight: int = 2000
    records: deque[InFlightRecord] = field(default_factory=deque)
    """Of each offset from the start on."""

    @property
    def end_offset(self) -> int:
        """The first offset that nobody was given yet."""
        return self.start_offset + len(self.records)

    @property
    def delivery_complete_count(self) -> int:
        return sum(record.state.is_terminal for record in self.records)

    def next_fetch_offset(self) -> int:
        """The first record that can be given out."""
        for index, record in enumerate(self.records):
            if record.state is RecordState.AVAILABLE and record.becoming is None:
                return self.start_offset + index
        return self.end_offset

    def room(self, offset: int) -> int:
        """How many records may be given out from there on; what was given out before does not count again."""
        if offset < self.end_offset:
            return self.most_in_flight
        return max(self.most_in_flight - len(self.records), 0)

    # -- giving out ------------------------------------------------------------------------------

    def acquire(
        self,
        member: str,
        batches: Sequence[Span],
        most_records: int,
        until_us: int,
        mode: int = BATCH_OPTIMIZED,
        aborted: Sequence[Span] = (),
    ) -> list[int]:
        """Lock what is free in these batches of the log for the member: the offsets, ascending.

        As many as asked for, but in the mode that goes by batches never a part of one only. A record on
        its last delivery goes alone, so that what it does to its consumer is done to no other record.
        Those batches that are `aborted` too are given to nobody.
        """
        taken: list[int] = []
        for first, last in batches:
            if len(taken) >= most_records:
                break
            if (first, last) in aborted:
                self._pass_over(last + 1)
                continue
            self._pass_over(first)
            for offset in range(max(first, self.start_offset), last + 1):
                if mode == RECORD_LIMIT and len(taken) >= most_records:
                    return taken
                record = self._record_to_give(offset)
                if record is None:
                    continue
                is_last = record.delivery_count == self.delivery_count_limit - 1 and self.delivery_count_limit > 1
                if is_last and taken:
                    return taken
                record.state = RecordState.ACQUIRED
                record.delivery_count += 1
                record.member = member
                record.locked_until_us = until_us
                taken.append(offset)
                if is_last:
                    return taken
        return taken

    def _record_to_give(self, offset: int) -> InFlightRecord | None:
        while offset >= self.end_offset:
            self.records.append(InFlightRecord(RecordState.AVAILABLE))
        record = self.records[offset - self.start_offset]
        return record if record.state is RecordState.AVAILABLE and record.becoming is None else None

    def _pass_over(self, offset: int) -> None:
        """The log has nothing to give between what was to be read next and this offset: compaction took it,
        or it was aborted."""
        for at in range(self.next_fetch_offset(), min(offset, self.end_offset)):
            record = self.records[at - self.start_offset]
            if record.state is RecordState.AVAILABLE and record.becoming is None:
                record.state = RecordState.ARCHIVED
        if not self.records:
            self.start_offset = max(self.start_offset, offset)
        while self.end_offset < offset:
            self.records.append(InFlightRecord(RecordState.ARCHIVED))
        self._advance_start()

    # -- what members say ------------------------------------------------------------------------

    def acknowledge(self, member: str, said: Iterable[Acknowledged], renewed_until_us: int) -> Change:
        """All of it, or with INVALID_RECORD_STATE or INVALID_REQUEST nothing."""
        wanted: dict[int, int] = {}
        for batch in said:
            if batch.last_offset < self.start_offset:
                # Done with meanwhile, by retention for example: nothing is left to say.
                continue
            self._check_is_in_window(batch)
            for offset in range(max(batch.first_offset, self.start_offset), batch.last_offset + 1):
                kind = batch.types[offset - batch.first_offset] if len(batch.types) > 1 else batch.types[0]
                self._check_may_acknowledge(member, self.records[offset - self.start_offset])
                wanted[offset] = kind
        renewed = tuple(offset for offset, kind in wanted.items() if kind == RENEW)
        for offset in renewed:
            self.records[offset - self.start_offset].locked_until_us = renewed_until_us
        return self._begin(
            {offset: self._after(offset, kind) for offset, kind in wanted.items() if kind != RENEW}, renewed
        )

    def release(self, member: str) -> Change:
        """The member is gone: what it holds is free again."""
        return self._begin(
            {offset: self._freed(record) for offset, record in self._acquired() if record.member == member}
        )

    def expire(self, now_us: int) -> Change:
        """Locks that have run out."""
        return self._begin(
            {offset: self._freed(record) for offset, record in self._acquired() if record.locked_until_us <= now_us}
        )

    def overdue(self, now_us: int) -> list[tuple[str, int, int]]:
        """Whose locks have run out: member, first and last offset of each run."""
        runs: list[tuple[str, int, int]] = []
        for offset, record in self._acquired():
            if record.locked_until_us > now_us or record.member is None:
                continue
            if runs and (runs[-1][0], runs[-1][2] + 1) == (record.member, offset):
                runs[-1] = (record.member, runs[-1][1], offset)
            else:
                runs.append((record.member, offset, offset))
        return runs

    def _check_is_in_window(self, batch: Acknowledged) -> None:
        if not self.records:
            raise Refused(
                ErrorCode.invalid_record_state,
                "Batch record not found. The request batch offsets are not found in the cache.",
            )
        for which, offset in (("first", batch.first_offset), ("last", batch.last_offset)):
            if offset >= self.end_offset:
                raise Refused(
                    ErrorCode.invalid_request,
                    f"Batch record not found. The {which} offset in request is past acquired records.",
                )

    def _check_may_acknowledge(self, member: str, record: InFlightRecord) -> None:
        if record.state is not RecordState.ACQUIRED:
            raise Refused(
                ErrorCode.invalid_record_state,
                "The batch cannot be acknowledged. The batch is not in the acquired state.",
            )
        if record.becoming is not None:
            raise Refused(
                ErrorCode.invalid_record_state,
                "The record state is invalid. The acknowledgement of delivery could not be completed.",
            )
        if record.member != member:
            raise Refused(ErrorCode.invalid_record_state, "Member is not the owner of batch record")

    def _acquired(self) -> list[tuple[int, InFlightRecord]]:
        return [
            (self.start_offset + index, record)
            for index, record in enumerate(self.records)
            if record.state is RecordState.ACQUIRED and record.becoming is None
        ]

    def _after(self, offset: int, kind: int) -> RecordState:
        if kind == ACCEPT:
            return RecordState.ACKNOWLEDGED
        if kind == RELEASE:
            return self._freed(self.records[offset - self.start_offset])
        return RecordState.ARCHIVED

    def _freed(self, record: InFlightRecord) -> RecordState:
        spent = record.delivery_count >= self.delivery_count_limit
        return RecordState.ARCHIVED if spent else RecordState.AVAILABLE

    # -- changes under way -----------------------------------------------------------------------

    def _begin(self, targets: dict[int, RecordState], renewed: tuple[int, ...] = ()) -> Change:
        for offset, target in targets.items():
            self.records[offset - self.start_offset].becoming = target
        return Change(tuple(targets), self._as_batches(targets), renewed)

    def _as_batches(self, targets: dict[int, RecordState]) -> tuple[StateBatch, ...]:
        runs: list[StateBatch] = []
        for offset in sorted(targets):
            state, count = targets[offset], self.records[offset - self.start_offset].delivery_count
            before = runs[-1] if runs else None
            if before is not None and (before.last_offset + 1, before.state, before.delivery_count) == (
                offset,
                state,
                count,
            ):
                runs[-1] = StateBatch(before.first_offset, offset, state, count)
            else:
                runs.append(StateBatch(offset, offset, state, count))
        return tuple(runs)

    def finish(self, change: Change) -> None:
        """It is written down."""
        for record in self._of(change):
            if record.becoming is not None:
                record.state, record.becoming, record.member = record.becoming, None, None
        self._advance_start()

    def take_back(self, change: Change) -> None:
        """It could not be written down: the locks are what they were."""
        for record in self._of(change):
            record.becoming = None

    def _of(self, change: Change) -> list[InFlightRecord]:
        return [
            self.records[offset - self.start_offset]
            for offset in change.offsets
            if self.start_offset <= offset < self.end_offset
        ]

    def _advance_start(self) -> None:
        while self.records and self.records[0].state.is_terminal:
            self.records.popleft()
            self.start_offset += 1

    # -- from outside ----------------------------------------------------------------------------

    def log_starts_at(self, offset: int) -> None:
        """What lies before was deleted from the log: it cannot be given out any more, by anyone."""
        while self.records and self.start_offset < offset:
            self.records.popleft()
            self.start_offset += 1
        self.start_offset = max(self.start_offset, offset)
        self._advance_start()

    def restore(self, batches: Iterable[StateBatch]) -> None:
        """What the share coordinator remembers. What it does not speak of was out with somebody: it is free."""
        for batch in batches:
            for offset in range(max(batch.first_offset, self.start_offset), batch.last_offset + 1):
                while offset >= self.end_offset:
                    self.records.append(InFlightRecord(RecordState.AVAILABLE))
                self.records[offset - self.start_offset] = InFlightRecord(batch.state, batch.delivery_count)
        self._advance_start()


def as_acquired(
    window: Window, offsets: Sequence[int], batches: Sequence[Span], batch_size: int
) -> tuple[Acquired, ...]:
    """The offsets as runs of one delivery count, cut at the log's own batches once a run is long enough."""
    ends = {last for _, last in batches}
    runs: list[Acquired] = []
    open_run: Acquired | None = None
    for offset in offsets:
        count = window.records[offset - window.start_offset].delivery_count
        if open_run is not None and (open_run.last_offset + 1, open_run.delivery_count) == (offset, count):
            open_run = Acquired(open_run.first_offset, offset, count)
        else:
            if open_run is not None:
                runs.append(open_run)
            open_run = Acquired(offset, offset, count)
        if offset in ends and offset - open_run.first_offset + 1 >= batch_size > 0:
            runs.append(open_run)
            open_run = None
    if open_run is not None:
        runs.append(open_run)
    return tuple(runs)
