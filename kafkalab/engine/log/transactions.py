"""How a transaction ends in a log: one marker, and where it was aborted a note for those who read over it.

A marker is a control batch with one record that says COMMIT or ABORT and under which epoch of its
coordinator (`EndTransactionMarker`). Aborted records stay where they are. Who reads only what is
committed is told which producers' records to leave out from which offset on; for that each segment
has a transaction index of the transactions whose ABORT marker lies in it (`TransactionIndex`,
`AbortedTxn`).
"""

from struct import Struct
from typing import Any, NamedTuple

from kafkalab.wire.batches import Batch, CorruptBatch, Record, build, records

ABORT, COMMIT = 0, 1
"""`ControlRecordType`. Others, such as a new leader of the quorum, are no end of a transaction."""

_KEY = Struct(">hh")
"""Version, type."""
_VALUE = Struct(">hi")
"""Version, coordinator epoch."""
_ENTRY = Struct(">hqqqq")
"""Version, producer id, first offset, last offset, last stable offset."""
_VERSION = 0


class Marker(NamedTuple):
    committed: bool
    coordinator_epoch: int


class EndedTransaction(NamedTuple):
    """What a marker has ended; nothing of a transaction that wrote nothing here."""

    producer_id: int
    first_offset: int
    last_offset: int
    """The marker's."""
    committed: bool


class AbortedTransaction(NamedTuple):
    producer_id: int
    first_offset: int
    last_offset: int
    """The marker's."""
    last_stable_offset: int
    """When the marker was written: below it no other transaction was open."""

    def __deepcopy__(self, _memo: dict[int, Any]) -> "AbortedTransaction":
        return self


def marker_of(batch: Batch) -> Marker | None:
    """None if compaction has taken it, or if it is a control batch of another kind."""
    if not batch.records_count:
        return None
    (record, *_) = records(batch)
    if record.key is None or record.value is None or len(record.key) < _KEY.size or len(record.value) < _VALUE.size:
        raise CorruptBatch(f"the control record at {batch.base_offset} is too short")
    _, kind = _KEY.unpack_from(record.key)
    if kind not in (ABORT, COMMIT):
        return None
    _, coordinator_epoch = _VALUE.unpack_from(record.value)
    return Marker(kind == COMMIT, coordinator_epoch)


def marker_batch(producer_id: int, producer_epoch: int, marker: Marker, now_ms: int) -> bytes:
    """`MemoryRecords.withEndTransactionMarker`."""
    key = _KEY.pack(_VERSION, COMMIT if marker.committed else ABORT)
    record = Record(0, now_ms, key, _VALUE.pack(_VERSION, marker.coordinator_epoch))
    return build(
        [record], producer_id=producer_id, producer_epoch=producer_epoch, is_transactional=True, is_control=True
    )


class TransactionIndex:
    """The aborted transactions whose marker lies in one segment, in the order of their markers."""

    def __init__(self) -> None:
        self.entries: list[AbortedTransaction] = []
        self.lost = False
        """The segment has to be read to know them."""

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, aborted: AbortedTransaction) -> None:
        self.entries.append(aborted)

    def lose(self) -> None:
        self.entries = []
        self.lost = True

    def truncate(self, end_offset: int) -> None:
        """The segment ends here now."""
        self.entries = [each for each in self.entries if each.last_offset < end_offset]

    def to_bytes(self) -> bytes:
        return b"".join(_ENTRY.pack(_VERSION, *each) for each in self.entries)

    def load(self, data: bytes) -> bool:
        """Take over what a file says; False, and nothing taken, when it cannot be so."""
        if len(data) % _ENTRY.size:
            return False
        found = [AbortedTransaction(*fields) for version, *fields in _ENTRY.iter_unpack(data) if version == _VERSION]
        markers = [each.last_offset for each in found]
        if len(found) != len(data) // _ENTRY.size or markers != sorted(markers):
            return False
        self.entries, self.lost = found, False
        return True


def aborted_between(
    indexes: list[TransactionIndex], fetch_offset: int, upper_offset: int
) -> tuple[AbortedTransaction, ...]:
    """Of what may lie in [fetch_offset, upper_offset). The indexes are those of the segment that holds
    the first of these offsets and of all behind it (`UnifiedLog.collectAbortedTransactions`)."""
    found: list[AbortedTransaction] = []
    for index in indexes:
        for each in index.entries:
            if each.last_offset >= fetch_offset and each.first_offset < upper_offset:
                found.append(each)
            if each.last_stable_offset >= upper_offset:
                # Whatever was aborted later began later, too.
                return tuple(found)
    return tuple(found)
