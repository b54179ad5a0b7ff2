"""A log is cut into segments: files of whole batches, each named by its first offset.

Only the last one, the active segment, is written to. Each has an offset index and a time index
beside it, and a transaction index if a transaction was aborted in it (`LogSegment`).
"""

from zlib import crc32

from kafkalab.engine.disk import Disk
from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.index import OffsetIndex, TimeIndex
from kafkalab.engine.log.scan import first_header, header_walk
from kafkalab.engine.log.transactions import TransactionIndex
from kafkalab.wire.batches import NO_TIMESTAMP, Batch, CorruptBatch

LOG, INDEX, TIME_INDEX, SNAPSHOT = ".log", ".index", ".timeindex", ".snapshot"
TRANSACTION_INDEX = ".txnindex"
INDEXES = (INDEX, TIME_INDEX, TRANSACTION_INDEX)
DELETED = ".deleted"
"""Behind the name of a file that is no part of its log any more."""


def stem(directory: str, offset: int) -> str:
    """Kafka's file names: the offset in twenty digits, so that names sort as offsets do."""
    return f"{directory}/{offset:020d}"


class Segment:
    def __init__(self, disk: Disk, directory: str, base_offset: int, config: LogConfig, created_ms: int) -> None:
        self.disk = disk
        self.base_offset = base_offset
        self.stem = stem(directory, base_offset)
        self.path = self.stem + LOG
        self.size = 0
        """Bytes of whole batches."""
        self.end_offset = base_offset
        self.created_ms = created_ms
        """When this process made or opened it: the age of a segment whose records have no time."""
        self.first_timestamp: int | None = None
        """The highest of the first batch, from which `segment.ms` counts. None: not looked up yet."""
        self.largest_timestamp = NO_TIMESTAMP
        self.offset_of_largest = base_offset
        """The last offset of the batch that has it."""
        self.offsets = OffsetIndex(base_offset, config.segment_index_bytes)
        self.times = TimeIndex(base_offset, config.segment_index_bytes)
        self.transactions = TransactionIndex()
        self.bytes_since_entry = 0
        """Log bytes behind the last index entry."""

    def __repr__(self) -> str:
        return f"<Segment {self.base_offset}..{self.end_offset}, {self.size} bytes>"

    # -- writing -----------------------------------------------------------------------------

    def note(self, size: int, last_offset: int, max_timestamp: int, interval_bytes: int) -> None:
        """One batch more, whose bytes are written by the caller, perhaps with others, in one go."""
        position = self.size
        if max_timestamp > self.largest_timestamp:
            self.largest_timestamp = max_timestamp
            self.offset_of_largest = last_offset
        if position == 0:
            self.first_timestamp = max_timestamp
        if self.bytes_since_entry > interval_bytes:
            self.offsets.add(last_offset, position)
            self.times.add(self.largest_timestamp, self.offset_of_largest)
            self.bytes_since_entry = 0
        self.bytes_since_entry += size
        self.size = position + size
        self.end_offset = last_offset + 1

    def has_no_room(self, size: int, last_offset: int, max_timestamp: int, now_ms: int, config: LogConfig) -> bool:
        """Whether batches of this many bytes belong into a new segment (`LogSegment.shouldRoll`)."""
        if self.size == 0:
            return False
        return (
            self.size > config.segment_bytes - size
            or self._age_ms(max_timestamp, now_ms) > config.longest_segment_ms - self._jitter_ms(config)
            or self.offsets.is_full
            or self.times.is_full
            or last_offset - self.base_offset > 0x7FFFFFFF
        )

    def _age_ms(self, max_timestamp: int, now_ms: int) -> int:
        """Time as the records tell it; the clock's only where they have none."""
        first_timestamp = self.first_batch_timestamp()
        return max_timestamp - first_timestamp if first_timestamp >= 0 else now_ms - self.created_ms

    def first_batch_timestamp(self) -> int:
        """The highest of the first batch, which there must be."""
        if self.first_timestamp is None:
            self.first_timestamp = first_header(self.disk, self.path).max_timestamp
        return self.first_timestamp

    def _jitter_ms(self, config: LogConfig) -> int:
        if not config.segment_jitter_ms:
            return 0
        # Kafka throws dice for each segment. Its name will do, and needs none.
        most_ms = min(config.segment_jitter_ms, config.longest_segment_ms)
        return crc32(self.stem.encode()) % most_ms if most_ms else 0

    def seal(self) -> None:
        """Write the indexes; with a last time entry, so that the largest timestamp can be told from it."""
        if self.size:
            self.times.add(self.largest_timestamp, self.offset_of_largest)
        # First of all: where there are the others and this one is not, nothing was aborted.
        if len(self.transactions):
            self.disk.write_whole(self.stem + TRANSACTION_INDEX, self.transactions.to_bytes())
        self.disk.write_whole(self.stem + INDEX, self.offsets.to_bytes())
        self.disk.write_whole(self.stem + TIME_INDEX, self.times.to_bytes())

    def truncate(self, position: int, end_offset: int) -> None:
        """Cut at the start of a batch. Index files of before are void: it is the active segment now."""
        self.drop_index_files()
        self.disk.truncate(self.path, position)
        self.offsets.truncate(position)
        self.times.truncate(end_offset)
        self.transactions.truncate(end_offset)
        self._walk_tail(position)

    def drop_index_files(self) -> None:
        for suffix in INDEXES:
            self.disk.delete(self.stem + suffix)

    def set_aside(self) -> str:
        """It is no part of the log any more, but its records stay for `file.delete.delay.ms` under
        the name that is returned."""
        aside = self.path + DELETED
        self.drop_index_files()
        self.disk.rename(self.path, aside)
        self.disk.delete(self.stem + SNAPSHOT)
        return aside

    def delete(self) -> None:
        """At once."""
        self.drop_index_files()
        self.disk.delete(self.path)
        self.disk.delete(self.stem + SNAPSHOT)

    # -- opening -----------------------------------------------------------------------------

    def load(self, size: int) -> bool:
        """Open by the index files and a walk over what lies behind their last entry. False when
        there are none, or the walk does not end exactly where the file does."""
        if not (self.disk.exists(self.stem + INDEX) and self.disk.exists(self.stem + TIME_INDEX)):
            return False
        indexes_are_whole = self.offsets.load(self.disk.read_whole(self.stem + INDEX)) and self.times.load(
            self.disk.read_whole(self.stem + TIME_INDEX)
        )
        if self.disk.exists(self.stem + TRANSACTION_INDEX):
            indexes_are_whole &= self.transactions.load(self.disk.read_whole(self.stem + TRANSACTION_INDEX))
        # A sealed segment that is not empty has its largest timestamp in the time index.
        if not indexes_are_whole or self.offsets.last_position > size or (size and not len(self.times)):
            return False
        try:
            return self._walk_tail(size) and self.times.last[1] < max(self.end_offset, self.base_offset + 1)
        except CorruptBatch:
            return False

    def _walk_tail(self, size: int) -> bool:
        """Learn from the headers what the indexes do not tell of the first `size` bytes."""
        self.first_timestamp = None
        self.end_offset = self.base_offset
        self.largest_timestamp, self.offset_of_largest = self.times.last
        start = self.size = self.offsets.last_position
        for position, batch in header_walk(self.disk, self.path, start, size):
            if batch.max_timestamp > self.largest_timestamp:
                self.largest_timestamp, self.offset_of_largest = batch.max_timestamp, batch.last_offset
            self.size = position + batch.size
            self.end_offset = batch.next_offset
        self.bytes_since_entry = self.size - start
        return self.size == size

    def rebuild(self, size: int, interval_bytes: int) -> None:
        """Build the indexes anew from the headers of the first `size` bytes."""
        self.reset()
        for _, batch in header_walk(self.disk, self.path, 0, size):
            self.note(batch.size, batch.last_offset, batch.max_timestamp, interval_bytes)

    def reset(self) -> None:
        """Nothing is known of the file yet."""
        self.size = 0
        self.end_offset = self.base_offset
        self.first_timestamp = None
        self.largest_timestamp, self.offset_of_largest = NO_TIMESTAMP, self.base_offset
        self.offsets.truncate(0)
        self.times.truncate(self.base_offset)
        self.transactions.lose()
        self.bytes_since_entry = 0

    # -- reading -----------------------------------------------------------------------------

    def find(self, offset: int) -> tuple[int, Batch] | None:
        """(position, header) of the batch that holds the offset, or of the next one behind a gap."""
        start = self.offsets.position_before(offset)
        for position, batch in header_walk(self.disk, self.path, start, self.size):
            if batch.last_offset >= offset:
                return position, batch
        return None
