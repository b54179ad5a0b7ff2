"""One replica's log: what was appended, in order, each record under the offset that it keeps.

A leader gives a batch its offset and epoch and appends it; a follower appends the leader's bytes
as they are. Batches stay bytes: one CRC over them, one write, and the very object that was written
is what followers and consumers at the tail are given (`UnifiedLog`, `LocalLog`).

What is written is with the operating system, so it outlives this process. Indexes, producer
snapshots and the mark of a stop in good order are written when a segment or the log is closed;
without them `recovery` makes them anew from the batches.
"""

from uuid import UUID

from kafkalab.engine.disk import Disk
from kafkalab.engine.log import cleaning, compaction, reading, recovery, timestamps
from kafkalab.engine.log.appended import Appended
from kafkalab.engine.log.compaction import Cleanable, Compacted
from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.epochs import LeaderEpochs
from kafkalab.engine.log.producers import Producers
from kafkalab.engine.log.reading import StoredBatch, segment_index
from kafkalab.engine.log.retention import DeletedSegment, deletable
from kafkalab.engine.log.segment import SNAPSHOT, Segment, stem
from kafkalab.engine.log.tail import Tail
from kafkalab.engine.log.timestamps import TimestampedOffset
from kafkalab.engine.log.transactions import AbortedTransaction, EndedTransaction, aborted_between, marker_of
from kafkalab.engine.log.validation import following, found_well, validated
from kafkalab.engine.refused import Refused
from kafkalab.wire.batches import NO_TIMESTAMP, Batch, stamped
from kafkalab.wire.errors import ErrorCode

UNKNOWN = -1


class Log:
    """Raises Refused where Kafka has an error code, OSError where the disk fails."""

    def __init__(
        self,
        disk: Disk,
        directory: str,
        config: LogConfig,
        now_ms: int,
        cleaned_offset: int = UNKNOWN,
        topic_id: UUID | None = None,
    ) -> None:
        """With a `topic_id` it is a topic's, and a new one has no files before `make_files` or the first write."""
        self.disk = disk
        self.directory = directory
        self.config = config
        """May be replaced at any time."""
        self.epochs = LeaderEpochs(disk, directory)
        self.producers = Producers()
        self.tail = Tail()
        self.cleaned_offset = cleaned_offset
        """Where the last compaction ended; -1 if there was none that anybody knows of."""
        self.set_aside: dict[str, int] = {}
        """Files of segments that are no part of the log any more, and from when on (ms) they may go."""
        opened = recovery.open_log(disk, directory, config, self.epochs, now_ms, cleaned_offset)
        self.segments = opened.segments
        self.start_offset = opened.start_offset
        self.end_offset = self.active.end_offset
        """The offset that the next record will get."""
        self.recovered_bytes = opened.recovered_bytes
        """How much of a torn tail was cut when the log was opened."""
        self.flushed_offset = self.end_offset
        """Everything before is on the platter (or was there when the log was opened)."""
        self._now_ms = now_ms
        """The latest time it was told."""
        recovery.load_producers(disk, directory, self.segments, self.producers, opened.snapshots)
        self.topic_id = topic_id
        self.unmade = opened.unmade
        """Nothing of it is on the disk yet."""
        if topic_id is None:
            self.make_files()

    def __repr__(self) -> str:
        return f"<Log {self.directory} {self.start_offset}..{self.end_offset}>"

    @property
    def active(self) -> Segment:
        return self.segments[-1]

    @property
    def size(self) -> int:
        """Bytes, of all segments."""
        return sum(segment.size for segment in self.segments)

    def make_files(self) -> None:
        """Let a new log be on the disk, empty; whose it is comes first."""
        if self.unmade:
            self.unmade = False
            if self.topic_id is not None:
                recovery.write_topic_id(self.disk, self.directory, self.topic_id)
            self.disk.append(self.active.path, b"")

    # -- appending ---------------------------------------------------------------------------

    def append_as_leader(
        self,
        data: bytes,
        leader_epoch: int,
        now_ms: int,
        *,
        check_sequence: bool = True,
        verified: int | None = None,
        transaction_version: int = 1,
    ) -> Appended:
        """Append one batch as a client sent it, or, with `check_sequence` false, as the cluster
        itself wrote it: that may be a control batch, and its producer's sequence is not looked at.

        `verified` is what `Producers.verify` gave for a transactional batch, None if nobody need be asked;
        `transaction_version` that under which a marker is written."""
        self._now_ms = now_ms
        batch = validated(data, self.config, now_ms, check_sequence, self.directory)
        if batch.producer_id >= 0:
            past = self.producers.duplicate(batch) if check_sequence else None
            if past:
                return Appended(past.first_offset, past.last_offset, 0, past.timestamp_ms, duplicate=True)
            marker = marker_of(batch) if batch.is_control else None
            if marker is not None:
                self.producers.check_marker(batch, marker, transaction_version)
            else:
                self.producers.check(batch, check_sequence, verified)
        base_offset = self.end_offset
        last_offset = base_offset + batch.last_offset_delta
        stored = b"".join(stamped(batch.data, base_offset, leader_epoch))
        found_well(stored)
        rolled = self._make_room(len(stored), last_offset, batch.max_timestamp)
        if leader_epoch != self.epochs.latest:
            self.epochs.assign(leader_epoch, base_offset)
        self._write(stored)
        ended = self._note(batch, base_offset)
        self._written(base_offset, stored)
        append_time_ms = now_ms if self.config.log_append_time else NO_TIMESTAMP
        return Appended(base_offset, last_offset, len(stored), append_time_ms, rolled=rolled, ended=ended)

    def append_as_follower(self, data: bytes) -> Appended:
        """Append batches as the leader has them. They must go on where this log ends; a gap is what
        compaction left on the leader."""
        batches = following(data, self.end_offset, self.directory)
        if not batches:
            return Appended(self.end_offset, self.end_offset - 1, 0)
        # All in one write where they fit into the segment, else one by one: so a follower's
        # segments are cut where the leader's are.
        if len(batches) == 1 or self._fits(batches, len(data)):
            rolled = self._append_verbatim(batches, bytes(data))
        else:
            rolled = ()
            for batch in batches:
                rolled += self._append_verbatim([batch], bytes(batch.view))
        return Appended(batches[0].base_offset, batches[-1].last_offset, len(data), rolled=rolled)

    def _fits(self, batches: list[Batch], size: int) -> bool:
        newest = max(batch.max_timestamp for batch in batches)
        segment, config = self.active, self.config
        return segment.size + size <= config.segment_bytes and not segment.has_no_room(
            size, batches[-1].last_offset, newest, self._now_ms, config
        )

    def _append_verbatim(self, batches: list[Batch], data: bytes) -> tuple[int, ...]:
        last = batches[-1]
        rolled = self._make_room(len(data), last.last_offset, last.max_timestamp) if len(batches) == 1 else ()
        latest = self.epochs.latest
        for batch in batches:
            if batch.partition_leader_epoch != latest:
                self.epochs.assign(batch.partition_leader_epoch, batch.base_offset)
                latest = batch.partition_leader_epoch
        self._write(data)
        for batch in batches:
            self._note(batch, batch.base_offset)
        self._written(batches[0].base_offset, data)
        return rolled

    def _make_room(self, size: int, last_offset: int, max_timestamp: int) -> tuple[int, ...]:
        if self.segments[-1].has_no_room(size, last_offset, max_timestamp, self._now_ms, self.config):
            return (self.roll(),)
        return ()

    def _write(self, data: bytes) -> None:
        if self.unmade:
            self.make_files()
        if self.epochs.unwritten:
            self.epochs.write()
        self.disk.append(self.segments[-1].path, data)

    def _note(self, batch: Batch, base_offset: int) -> EndedTransaction | None:
        last_offset = base_offset + batch.last_offset_delta
        self.segments[-1].note(batch.size, last_offset, batch.max_timestamp, self.config.index_interval_bytes)
        if batch.producer_id < 0:
            return None
        ended = self.producers.remember(batch, base_offset)
        if ended is not None and not ended.committed:
            self.segments[-1].transactions.add(self.producers.aborted(ended))
        return ended

    def _written(self, base_offset: int, data: bytes) -> None:
        end_offset = self.end_offset = self.segments[-1].end_offset
        self.tail.add(base_offset, end_offset, data)
        if end_offset - self.flushed_offset >= self.config.flush_messages:
            self.flush()

    def begin_epoch(self, leader_epoch: int) -> None:
        """This replica leads from here on."""
        self.epochs.begin(leader_epoch, self.end_offset)

    def roll(self) -> int:
        """Close the active segment, unless it is empty, and begin one at the log's end, which is returned."""
        if self.active.size == 0:
            return self.active.base_offset
        self.active.seal()
        if self.config.is_compacted:
            # Compaction leaves gaps between segments: what the power took of this one could not be told from them.
            self.disk.flush(self.active.path)
        self._snapshot_producers()
        self.segments.append(
            recovery.new_segment(self.disk, self.directory, self.end_offset, self.config, self._now_ms)
        )
        return self.end_offset

    def flush(self) -> None:
        """Bring everything to the platter (fsync)."""
        self.make_files()
        for segment in self.segments:
            if segment.end_offset > self.flushed_offset or segment is self.active:
                self.disk.flush(segment.path)
        self.flushed_offset = self.end_offset

    def close(self, clean: bool = True) -> None:
        """Leave the log so that it opens without a check. Not clean: as a crash leaves it."""
        if clean and not self.unmade:
            self.active.seal()
            self._snapshot_producers()
            recovery.write_clean_marker(self.disk, self.directory, self.active)

    def delete(self) -> None:
        """The log and all its files are gone. Nothing else may be asked of it."""
        self.disk.delete_tree(self.directory)

    def _snapshot_producers(self) -> None:
        self.disk.write_whole(stem(self.directory, self.end_offset) + SNAPSHOT, self.producers.to_bytes())

    # -- reading -----------------------------------------------------------------------------

    def read(self, offset: int, max_bytes: int, upper_offset: int | None = None, min_one_batch: bool = True) -> bytes:
        """Whole batches, from the one that holds `offset` on, that end at or below `upper_offset`
        (None: all), of `max_bytes` together. The first may be larger with `min_one_batch`."""
        if not self.start_offset <= offset <= self.end_offset:
            raise Refused(
                ErrorCode.offset_out_of_range,
                f"Received request for offset {offset} for partition {self.directory}, but we only have log segments "
                f"in the range {self.start_offset} to {self.end_offset}.",
            )
        upper = self.end_offset if upper_offset is None else min(upper_offset, self.end_offset)
        if offset >= upper or (max_bytes <= 0 and not min_one_batch):
            return b""
        cached = self.tail.read(offset, max_bytes, upper, min_one_batch)
        if cached is not None:
            return cached
        return reading.read(
            self.disk, self.segments, offset, max_bytes, upper_offset=upper, min_one_batch=min_one_batch
        )

    def headers(self, start_offset: int, end_offset: int) -> list[StoredBatch]:
        """The batches that hold [start_offset, end_offset), by their headers: only the header's numbers
        are of use, the records may not have been read."""
        return reading.headers_between(self.disk, self.segments, start_offset, end_offset)

    def batch_at(self, offset: int) -> StoredBatch | None:
        """The whole batch that holds the offset; None where there is none."""
        return reading.batch_at(self.disk, self.segments, offset)

    def aborted_between(self, start_offset: int, end_offset: int) -> tuple[AbortedTransaction, ...]:
        """Transactions whose records in [start_offset, end_offset) are to be left out by who reads committed ones."""
        behind = self.segments[segment_index(self.segments, start_offset) :]
        return aborted_between([segment.transactions for segment in behind], start_offset, end_offset)

    def end_offset_for(self, epoch: int) -> tuple[int, int]:
        """(epoch, end offset) as OffsetForLeaderEpoch answers; (-1, -1) when undefined."""
        return self.epochs.end_offset_for(epoch, self.end_offset)

    def offset_for_timestamp(self, timestamp_ms: int) -> TimestampedOffset | None:
        """The first record, in offset order, of this time or later."""
        return timestamps.first_at_or_after(self.disk, self.segments, timestamp_ms, self.start_offset)

    def max_timestamp_offset(self) -> TimestampedOffset | None:
        """The first record that has the highest timestamp of the log."""
        return timestamps.with_max_timestamp(self.disk, self.segments, self.start_offset)

    # -- losing the end, or the start --------------------------------------------------------

    def truncate_to(self, offset: int) -> int:
        """Drop the batch that holds `offset` and all behind it; returns where the log ends now."""
        self.make_files()
        if offset >= self.end_offset:
            # A leader that appended nothing has still written down where its epoch would begin.
            self.epochs.truncate_from_end(self.end_offset)
            return self.end_offset
        if offset < self.segments[0].base_offset:
            self.truncate_fully(offset)
            return offset
        while self.active.base_offset > offset:
            self.segments.pop().delete()
        found = self.active.find(offset)
        if found:
            position, batch = found
            self.active.truncate(position, batch.base_offset)
        else:
            self.active.drop_index_files()
        self._ends_here()
        self.cleaned_offset = min(self.cleaned_offset, self.active.base_offset)
        self.epochs.truncate_from_end(self.end_offset)
        if self.start_offset > self.end_offset:
            self._set_start(self.end_offset)
        snapshots = recovery.numbers(self.disk.names(self.directory), SNAPSHOT)
        recovery.load_producers(self.disk, self.directory, self.segments, self.producers, snapshots)
        return self.end_offset

    def truncate_fully(self, new_start: int) -> None:
        """Drop everything; the next record will have the offset `new_start`."""
        self.make_files()
        for segment in self.segments:
            segment.delete()
        self.segments = [recovery.new_segment(self.disk, self.directory, new_start, self.config, self._now_ms)]
        self._ends_here()
        self.cleaned_offset = UNKNOWN
        self._set_start(new_start)
        self.epochs.clear()
        self.producers.clear()

    def _ends_here(self) -> None:
        self.end_offset = self.active.end_offset
        self.flushed_offset = min(self.flushed_offset, self.end_offset)
        self.tail.clear()

    def advance_start(self, offset: int) -> bool:
        """Nothing before this offset is readable from now on. False when it was so already."""
        if offset > self.end_offset:
            raise Refused(
                ErrorCode.offset_out_of_range,
                f"Cannot increment the log start offset to {offset} of partition {self.directory} since it is larger "
                f"than the high watermark {self.end_offset}",
            )
        if offset <= self.start_offset:
            return False
        self._set_start(offset)
        self.epochs.truncate_from_start(offset)
        return True

    def apply_retention(self, now_ms: int, high_watermark: int) -> list[DeletedSegment]:
        """Delete the segments that the topic's policy lets go, and forget idle producers."""
        self._now_ms = now_ms
        self.producers.expire(now_ms)
        going = deletable(self.segments, self.config, now_ms, self.start_offset, high_watermark)
        if not going:
            return []
        if len(going) == len(self.segments):
            self.roll()
        del self.segments[: len(going)]
        deleted = [DeletedSegment(old.base_offset, old.end_offset, old.size, reason) for old, reason in going]
        if self.segments[0].base_offset > self.start_offset:
            # Written before the files go: a crash between leaves files, and no record comes back.
            self._set_start(self.segments[0].base_offset)
            self.epochs.truncate_from_start(self.start_offset)
        self.doom([segment.set_aside() for segment, _ in going], now_ms)
        return deleted

    def cleanable(self, now_ms: int, stable_offset: int) -> Cleanable:
        """What compaction could do now, with nothing open below `stable_offset`."""
        return compaction.cleanable(
            self.segments, self.config, now_ms, self.start_offset, self.cleaned_offset, stable_offset
        )

    def compact(self, part: Cleanable, now_ms: int) -> Compacted:
        """Keep of each key the last record. Raises CorruptBatch, with nothing done, on damaged segments."""
        done = cleaning.compact(self, part, now_ms)
        self.cleaned_offset = done.end_offset
        return done

    def delete_set_aside(self, now_ms: int) -> None:
        """The files that have waited for `file.delete.delay.ms` go for good."""
        for path in [path for path, due_ms in self.set_aside.items() if due_ms <= now_ms]:
            del self.set_aside[path]
            self.disk.delete(path)

    def doom(self, paths: list[str], now_ms: int) -> None:
        """These files are no part of the log any more; they go after `file.delete.delay.ms`."""
        self.set_aside.update(dict.fromkeys(paths, now_ms + self.config.file_delete_delay_ms))
        self.delete_set_aside(now_ms)

    def _set_start(self, offset: int) -> None:
        self.make_files()
        self.start_offset = offset
        recovery.write_number(self.disk, f"{self.directory}/{recovery.LOG_START}", offset)
