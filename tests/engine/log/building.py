"""Batches as clients send them, and logs to put them in."""

from kafkalab.engine.disk import Disk, MemoryDisk
from kafkalab.engine.log import Log, LogConfig
from kafkalab.wire.batches import build, headers, records
from kafkalab.wire.records import Record

NOW_MS = 1_700_000_000_000
DIRECTORY = "orders-0"


def batch(*values: str, at_ms: int = NOW_MS, key: bytes | None = b"k", **fields: object) -> bytes:
    """One batch with a record for each value, a millisecond apart."""
    found = [Record(index, at_ms + index, key, value.encode()) for index, value in enumerate(values)]
    return build(found, **fields)  # type: ignore[arg-type]


def from_producer(sequence: int, count: int = 1, producer_id: int = 7, epoch: int = 0) -> bytes:
    values = [f"{sequence + index}" for index in range(count)]
    return batch(*values, producer_id=producer_id, producer_epoch=epoch, base_sequence=sequence)


def new_log(disk: Disk | None = None, directory: str = DIRECTORY, **config: object) -> Log:
    return Log(disk or MemoryDisk(), directory, LogConfig(**config), NOW_MS)  # type: ignore[arg-type]


def append(log: Log, *values: str, epoch: int = 0, **fields: object) -> int:
    """Append one batch as leader; its first offset."""
    return log.append_as_leader(batch(*values, **fields), epoch, NOW_MS).first_offset  # type: ignore[arg-type]


def contents(log: Log) -> list[tuple[int, str]]:
    """(offset, value) of every record, read batch by batch from the start."""
    found = []
    offset = log.start_offset
    while data := log.read(offset, 1):
        for each in headers(data):
            found += [(record.offset, (record.value or b"").decode()) for record in records(each)]
            offset = each.next_offset
    return [(offset, value) for offset, value in found if offset >= log.start_offset]


def segment_bases(log: Log) -> list[int]:
    return [segment.base_offset for segment in log.segments]
