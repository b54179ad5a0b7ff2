"""One node's copy of `__cluster_metadata`: a log, the snapshots that stand for its past, and who votes.

Controllers and brokers hold one each, and the same rules keep them equal: what a leader's log does not
have is cut off, what is committed never goes, and a copy that lags behind the leader's log start takes
a snapshot instead (org.apache.kafka.raft.internals.KafkaRaftLog).
"""

from collections.abc import Iterator

from kafkalab.engine.controller import snapshots
from kafkalab.engine.controller.codec import records_in
from kafkalab.engine.controller.control_records import ControlRecord, control_batch, control_records_of
from kafkalab.engine.controller.metadata import METADATA_TOPIC, MetadataImage, MetadataRecord
from kafkalab.engine.controller.snapshots import SnapshotId
from kafkalab.engine.controller.voters import VoterHistory, VoterSet
from kafkalab.engine.disk import Disk
from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.log import Log
from kafkalab.wire import batches
from kafkalab.wire.batches import Batch
from kafkalab.wire.dialect import EpochEndOffset

DIRECTORY = f"{METADATA_TOPIC}-0"
MOST_BYTES = 8 * 1024 * 1024
"""Of one batch, and so of one decision (KafkaRaftClient.MAX_BATCH_SIZE_BYTES)."""
# Nothing in it goes by age or size: what a snapshot stands for may go, and then at once.
CONFIG = LogConfig(max_message_bytes=MOST_BYTES, retention_ms=-1, file_delete_delay_ms=0)


class MetadataReplica:
    def __init__(self, disk: Disk, static_voters: VoterSet, now_ms: int) -> None:
        self.disk = disk
        self.log = Log(disk, DIRECTORY, CONFIG, now_ms)
        self.snapshots = snapshots.on_disk(disk, DIRECTORY)
        """The oldest first."""
        self.voter_history = VoterHistory(static_voters)
        self.high_watermark = 0
        """Everything before is committed, as far as this node knows."""
        self.bytes_since_snapshot = 0
        self._open()

    def _open(self) -> None:
        latest = self.snapshot
        if latest is not None:
            here = (self.log.epochs.latest, self.log.end_offset)
            if latest.end_offset and (latest.epoch, latest.end_offset) > here:
                # Received whole, and the process died before the log was cut to it.
                self.log.truncate_fully(latest.end_offset)
            self.high_watermark = latest.end_offset
            for record in snapshots.control_records_in(self.disk.read_whole(snapshots.path(DIRECTORY, latest))):
                self.voter_history.note(latest.end_offset - 1, record)
        offset = self.log.start_offset if latest is None else max(latest.end_offset, self.log.start_offset)
        for batch in self.batches(offset, self.log.end_offset):
            self.bytes_since_snapshot += batch.size
            self._note(batch)

    # -- what there is -------------------------------------------------------------------------

    @property
    def snapshot(self) -> SnapshotId | None:
        return self.snapshots[-1] if self.snapshots else None

    @property
    def end_offset(self) -> int:
        return self.log.end_offset

    @property
    def end_epoch(self) -> int:
        """Of the last record there is or was; -1 before there is any."""
        if self.log.epochs.latest >= 0:
            return self.log.epochs.latest
        return self.snapshot.epoch if self.snapshot is not None and self.snapshot.end_offset else -1

    @property
    def voters(self) -> VoterSet:
        return self.voter_history.latest

    def batches(self, offset: int, end_offset: int) -> Iterator[Batch]:
        """Whole batches from the one that holds `offset` on."""
        while offset < end_offset:
            data = self.log.read(offset, MOST_BYTES, end_offset, True)
            if not data:
                return
            for batch in batches.headers(data):
                yield batch
                offset = batch.next_offset

    def decisions(self, offset: int, end_offset: int) -> Iterator[tuple[Batch, list[tuple[int, MetadataRecord]]]]:
        """Batch by batch, the (offset, record) pairs; none in those that say something of the quorum."""
        for batch in self.batches(offset, end_offset):
            yield batch, list(records_in(bytes(batch.view)))

    def load_snapshot(self, image: MetadataImage) -> None:
        """What is in the latest one, on an empty image."""
        if self.snapshot is not None:
            snapshots.load(self.disk, DIRECTORY, self.snapshot, image)

    # -- writing -------------------------------------------------------------------------------

    def append(self, batch: bytes, epoch: int, now_ms: int) -> int:
        """As the leader of the epoch, and to the platter; returns the first record's offset."""
        first_offset = self.log.append_as_leader(batch, epoch, now_ms, check_sequence=False).first_offset
        self.log.flush()
        self.bytes_since_snapshot += len(batch)
        return first_offset

    def append_control(self, records: tuple[ControlRecord, ...], epoch: int, now_ms: int) -> int:
        first_offset = self.append(control_batch(records, now_ms), epoch, now_ms)
        for index, record in enumerate(records):
            self.voter_history.note(first_offset + index, record)
        return first_offset

    def append_fetched(self, data: bytes) -> None:
        """What the leader has; the caller flushes where others count on it."""
        self.log.append_as_follower(data)
        self.bytes_since_snapshot += len(data)
        for batch in batches.headers(data):
            self._note(batch)

    def _note(self, batch: Batch) -> None:
        if batch.is_control:
            for offset, record in control_records_of(batch):
                self.voter_history.note(offset, record)

    def commit(self, high_watermark: int) -> bool:
        """Whether that was news."""
        high_watermark = min(high_watermark, self.log.end_offset)
        if high_watermark <= self.high_watermark:
            return False
        self.high_watermark = high_watermark
        return True

    # -- parting from the leader's log ---------------------------------------------------------

    def diverging(self, offset: int, epoch: int) -> EpochEndOffset | SnapshotId | None:
        """What a copy that ends at this offset, with a last record of this epoch, is to be told: where the
        two part, or which snapshot to take; None when it can go on (ValidOffsetAndEpoch)."""
        log, latest = self.log, self.snapshot
        if latest is not None and latest.end_offset and log.start_offset:
            oldest = self.snapshots[0]
            at_start = offset == log.start_offset and epoch != oldest.epoch
            if offset < log.start_offset or at_start or epoch < oldest.epoch:
                return latest
        if epoch < 0 or (offset == log.start_offset and offset > 0):
            return None
        known, end_offset = log.end_offset_for(epoch)
        if known < epoch or end_offset < offset:
            return EpochEndOffset(max(known, 0), max(end_offset, log.start_offset))
        return None

    def truncate(self, leader_end: EpochEndOffset) -> int:
        """Cut off what the leader does not have; returns how many records went."""
        before = self.log.end_offset
        known, end_offset = self.log.end_offset_for(leader_end.epoch)
        # An epoch that this log does not know either: the next question finds the one before.
        target = min(end_offset, leader_end.end_offset) if known == leader_end.epoch else end_offset
        target = min(target if known >= 0 else leader_end.end_offset, before)
        assert target >= self.high_watermark, (target, self.high_watermark, leader_end)
        self.log.truncate_to(target)
        self.voter_history.truncate(self.log.end_offset)
        return before - self.log.end_offset

    # -- snapshots -----------------------------------------------------------------------------

    def take_snapshot(self, image: MetadataImage, now_ms: int) -> SnapshotId:
        """The image must be that of everything committed. What the snapshot before this one stands for
        goes from the log, so that a copy that lags a little need not take a snapshot."""
        end_offset = image.offset + 1
        made = SnapshotId(end_offset, self.log.epochs.epoch_at(image.offset))
        snapshots.write(self.disk, DIRECTORY, made, image, self.voter_history.as_of(end_offset), now_ms)
        self.bytes_since_snapshot = 0
        before = self.snapshots
        self.snapshots = [*before, made]
        self.log.roll()
        if before and before[-1].end_offset > self.log.start_offset:
            self._forget_before(before[-1], now_ms)
        return made

    def _forget_before(self, oldest: SnapshotId, now_ms: int) -> None:
        self.log.advance_start(oldest.end_offset)
        self.log.apply_retention(now_ms, self.high_watermark)
        self._keep_from(oldest)

    def _keep_from(self, oldest: SnapshotId) -> None:
        for gone in [each for each in self.snapshots if each < oldest]:
            self.disk.delete(snapshots.path(DIRECTORY, gone))
        self.snapshots = [each for each in self.snapshots if each >= oldest]

    def take_over(self, received: SnapshotId) -> None:
        """A whole snapshot has come from the leader, as a `.part`: it stands for everything here now."""
        part = snapshots.path(DIRECTORY, received, snapshots.PART)
        self.disk.flush(part)
        self.disk.rename(part, snapshots.path(DIRECTORY, received))
        self.snapshots.append(received)
        self.log.truncate_fully(received.end_offset)
        self._keep_from(received)
        self.high_watermark = max(self.high_watermark, received.end_offset)
        self.bytes_since_snapshot = 0
        self.voter_history = VoterHistory(self.voter_history.static)
        for record in snapshots.control_records_in(self.disk.read_whole(snapshots.path(DIRECTORY, received))):
            self.voter_history.note(received.end_offset - 1, record)

    def close(self) -> None:
        self.log.close()
