"""Opening a log: after a stop in good order its files are believed, after a crash they are checked.

After a crash each batch of the last segment has its CRC checked, and the file is cut behind the
last whole one (`LogLoader`, `LogSegment.recover`). Older segments were complete before the next
one began; of each, the walk from its last index entry must end where the file and the offsets of
the next segment say. One that does not is checked like the last, and what follows a tear is gone.
"""

from dataclasses import dataclass
from uuid import UUID

from kafkalab.engine.disk import Disk
from kafkalab.engine.log import swap
from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.epochs import LeaderEpochs
from kafkalab.engine.log.producers import Producers
from kafkalab.engine.log.scan import checked_walk, header_walk
from kafkalab.engine.log.segment import LOG, SNAPSHOT, Segment, stem
from kafkalab.wire.batches import Batch, header
from kafkalab.wire.uuids import text_of

CLEAN_SHUTDOWN = ".kafka_cleanshutdown"
LOG_START = "log-start-offset-checkpoint"
PARTITION_METADATA = "partition.metadata"


@dataclass(frozen=True)
class Opened:
    segments: list[Segment]
    """One at least."""
    start_offset: int
    recovered_bytes: int
    """Cut off behind the last whole batch."""
    snapshots: list[int]
    """The offsets that name the snapshots of producers."""
    unmade: bool
    """There is no file yet to append to."""


def open_log(
    disk: Disk, directory: str, config: LogConfig, epochs: LeaderEpochs, now_ms: int, cleaned_offset: int = -1
) -> Opened:
    """Before `cleaned_offset` compaction may have left gaps between segments."""
    # Looked up once: a thousand new partitions have nothing there to be found.
    names = swap.finish(disk, directory)
    segments = [Segment(disk, directory, base, config, now_ms) for base in numbers(names, LOG)]
    clean = f"{directory}/{CLEAN_SHUTDOWN}" in names and _take_clean_marker(disk, directory, segments)
    start_offset = _read_number(disk, f"{directory}/{LOG_START}") if f"{directory}/{LOG_START}" in names else 0
    gaps_until = 1 << 63 if config.is_compacted else cleaned_offset
    found = len(segments)
    lost = _load(disk, segments, config, epochs, clean, gaps_until)
    if segments:
        start_offset = max(start_offset, segments[0].base_offset)
    if segments and segments[-1].end_offset < start_offset:
        # What was cut off reached down below the start: nothing is left (LogLoader).
        for segment in segments:
            segment.delete()
        segments = []
    if len(segments) < found:
        # The snapshots of those that are gone went with them.
        names = disk.names(directory)
    unmade = not segments
    if unmade:
        segments = [Segment(disk, directory, start_offset, config, now_ms)]
    epochs.truncate_from_end(segments[-1].end_offset)
    epochs.truncate_from_start(start_offset)
    return Opened(segments, start_offset, lost, numbers(names, SNAPSHOT), unmade)


def new_segment(disk: Disk, directory: str, base_offset: int, config: LogConfig, now_ms: int) -> Segment:
    segment = Segment(disk, directory, base_offset, config, now_ms)
    disk.append(segment.path, b"")
    return segment


def _load(
    disk: Disk, segments: list[Segment], config: LogConfig, epochs: LeaderEpochs, clean: bool, gaps_until: int
) -> int:
    """Open each segment; cut the log where it is torn. Returns how many bytes went."""
    for index, segment in enumerate(segments):
        size = disk.size(segment.path)
        following = segments[index + 1] if index + 1 < len(segments) else None
        if clean and not segment.load(size):
            segment.rebuild(size, config.index_interval_bytes)
        if clean or (following and segment.load(size) and _meets(segment, following, gaps_until)):
            continue
        lost = size - _check(disk, segment, size, config, epochs)
        if lost or (following and not _meets(segment, following, gaps_until)):
            for gone in segments[index + 1 :]:
                lost += disk.size(gone.path)
                gone.delete()
            del segments[index + 1 :]
            return lost
    return 0


def _meets(segment: Segment, following: Segment, gaps_until: int) -> bool:
    if following.base_offset <= gaps_until:
        return segment.end_offset <= following.base_offset
    return segment.end_offset == following.base_offset


def _check(disk: Disk, segment: Segment, size: int, config: LogConfig, epochs: LeaderEpochs) -> int:
    """Read every byte, build the indexes, cut behind the last whole batch; returns the size left."""
    segment.reset()
    segment.drop_index_files()
    for _, batch in checked_walk(disk, segment.path, size):
        if batch.base_offset < segment.end_offset:
            break
        if batch.partition_leader_epoch > epochs.latest:
            epochs.assign(batch.partition_leader_epoch, batch.base_offset)
        segment.note(batch.size, batch.last_offset, batch.max_timestamp, config.index_interval_bytes)
    if segment.size < size:
        disk.truncate(segment.path, segment.size)
    return segment.size


def load_producers(
    disk: Disk, directory: str, segments: list[Segment], producers: Producers, snapshots: list[int]
) -> None:
    """The newest snapshot that lies within the log, and the batches from there on. A segment whose
    transaction index was lost is gone over, too, and what went before it is known by then."""
    producers.clear()
    end_offset = segments[-1].end_offset
    bases = [segment.base_offset for segment in segments]
    replay_from = segments[0].base_offset
    needed_from = min((segment.base_offset for segment in segments if segment.transactions.lost), default=end_offset)
    loaded = False
    for offset in reversed(snapshots):
        path = stem(directory, offset) + SNAPSHOT
        if not loaded and bases[0] <= offset <= needed_from and producers.load(disk.read_whole(path)):
            replay_from = offset
            loaded = True
        if offset not in bases:
            disk.delete(path)
    for segment in segments:
        if segment.end_offset <= replay_from:
            segment.transactions.lost = False
            continue
        for position, batch in header_walk(disk, segment.path, 0, segment.size):
            if batch.base_offset >= replay_from and batch.has_producer_id:
                whole = _whole(disk, segment, position, batch) if batch.is_control else batch
                ended = producers.remember(whole, batch.base_offset)
                if ended is not None and not ended.committed and segment.transactions.lost:
                    segment.transactions.add(producers.aborted(ended))
        segment.transactions.lost = False


def _whole(disk: Disk, segment: Segment, position: int, batch: Batch) -> Batch:
    """With its records, which a walk over headers may not have read."""
    return header(disk.read(segment.path, position, batch.size))


# -- small files -------------------------------------------------------------------------------


def write_topic_id(disk: Disk, directory: str, topic_id: UUID) -> None:
    """Kafka's PartitionMetadataFile, once and for all."""
    path = f"{directory}/{PARTITION_METADATA}"
    if not disk.exists(path):
        text = f"version: 0\ntopic_id: {text_of(topic_id)}\n"
        disk.write_whole(path, text.encode())


def write_clean_marker(disk: Disk, directory: str, active: Segment) -> None:
    disk.write_whole(f"{directory}/{CLEAN_SHUTDOWN}", f"{active.base_offset} {active.size}\n".encode())


def _take_clean_marker(disk: Disk, directory: str, segments: list[Segment]) -> bool:
    """Whether the log was closed in good order and its last segment is as it was then."""
    path = f"{directory}/{CLEAN_SHUTDOWN}"
    if not segments:
        return False
    marker = disk.read_whole(path)
    disk.delete(path)
    return marker == f"{segments[-1].base_offset} {disk.size(segments[-1].path)}\n".encode()


def write_number(disk: Disk, path: str, number: int) -> None:
    disk.write_whole(path, f"{number}\n".encode())


def _read_number(disk: Disk, path: str) -> int:
    return int(disk.read_whole(path))


def numbers(paths: list[str], suffix: str) -> list[int]:
    """The offsets that name the files of this kind, ascending as the paths do."""
    names = [path.rpartition("/")[2] for path in paths if path.endswith(suffix)]
    return [int(name.removesuffix(suffix)) for name in names if name.removesuffix(suffix).isdigit()]
