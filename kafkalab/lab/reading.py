"""A record opened down to its bytes: the batch it travels in, header field by field, and a hex dump.

Everything is read from one replica's log, as it lies on that broker's disk.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.clients.partitioners import murmur2
from kafkalab.wire import batches
from kafkalab.wire.batches import Batch, CorruptBatch
from kafkalab.wire.records import Record

MOST_READ = 1024 * 1024
SHOWN_BYTES = 4_096
SEARCHED_RECORDS = 10_000
"""How far back a search for a key goes: all else on the event loop waits for it."""


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One record in a list."""

    offset: int
    timestamp_ms: int
    key: str | None
    value: str | None
    headers: tuple[tuple[str, str | None], ...]
    kind: str
    """data, tombstone or control"""
    visible: bool
    """Below the high watermark."""


@dataclass(frozen=True, slots=True)
class ByteField:
    """A field of the batch header: where its bytes are, counted from the batch's first."""

    name: str
    first_byte: int
    size: int
    value: int
    text: str
    """The value as one writes it: a CRC in hex, attributes spelled out."""


@dataclass(frozen=True, slots=True)
class HexLine:
    at: int
    hex: str
    text: str


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    topic: str
    partition: int
    broker: int
    record: RecordLine
    batch: tuple[ByteField, ...]
    batch_size: int
    records_in_batch: int
    codec: str
    segment: int
    """The base offset of the segment file it lies in."""
    hexdump: tuple[HexLine, ...]
    cut: bool
    """The batch is longer than what is dumped."""
    crc_fits: bool
    key_hash: int | None
    """murmur2 of its key, as every producer of Java's takes it; None without a key."""


def committed(partition: Partition) -> Iterator[Record]:
    """Every record that is neither a marker nor of a transaction that is open or was aborted."""
    log, end = partition.log, partition.last_stable_offset
    offset = log.start_offset
    aborted = log.aborted_between(offset, end)
    while offset < end:
        data = log.read(offset, MOST_READ, end, True)
        if not data:
            return
        for batch in batches.headers(data):
            is_aborted = batch.is_transactional and any(
                each.producer_id == batch.producer_id and each.first_offset <= batch.base_offset <= each.last_offset
                for each in aborted
            )
            if not batch.is_control and not is_aborted:
                yield from (record for record in batches.records(batch) if record.offset >= offset)
            following = batch.next_offset
        offset = max(offset + 1, following)


def lines(partition: Partition, from_offset: int, limit: int) -> list[RecordLine]:
    """Records from an offset on, at most `limit`, committed or not."""
    log = partition.log
    offset = max(from_offset, log.start_offset)
    found: list[RecordLine] = []
    while offset < log.end_offset and len(found) < limit:
        data = log.read(offset, MOST_READ, log.end_offset, True)
        if not data:
            break
        for batch in batches.headers(data):
            found += [line for line in _lines_of(partition, batch) if line.offset >= offset]
            if len(found) >= limit:
                break
        offset = max(offset + 1, batch.next_offset)
    return found[:limit]


def find(partition: Partition, key: str, limit: int) -> list[RecordLine]:
    """The newest records with that key, newest first, as far back as a search goes."""
    log = partition.log
    wanted = key.encode()
    found: list[RecordLine] = []
    offset = max(log.start_offset, log.end_offset - SEARCHED_RECORDS)
    while offset < log.end_offset:
        data = log.read(offset, MOST_READ, log.end_offset, True)
        if not data:
            break
        for batch in batches.headers(data):
            found += [_line(partition, batch, record) for record in _records(batch) if record.key == wanted]
        offset = max(offset + 1, batch.next_offset)
    return found[::-1][:limit]


def chosen(opened: OpenedRecord, partitions: int) -> str:
    """How its partition was chosen, where that can be told: as a formula to check."""
    if opened.record.kind == "control":
        return "A marker: the transaction's coordinator wrote it into every partition of the transaction."
    if opened.key_hash is None:
        return "Without a key its producer was free to choose: it keeps to one partition until a batch is full."
    positive = opened.key_hash & 0x7FFFFFFF
    there = positive % partitions
    formula = f'murmur2("{opened.record.key}") & 0x7fffffff = {positive}, mod {partitions} = {there}'
    if there == opened.partition:
        return formula
    otherwise = "its producer chose by another rule, or when there were fewer partitions"
    return f"{formula}, and not {opened.partition}: {otherwise}."


def opened(partition: Partition, offset: int) -> OpenedRecord | None:
    """None where there is no such record (any more)."""
    log = partition.log
    if not log.start_offset <= offset < log.end_offset:
        return None
    data = log.read(offset, 1, log.end_offset, True)
    for batch in batches.headers(data):
        for line in _lines_of(partition, batch):
            if line.offset == offset:
                key = next((record.key for record in _records(batch) if record.offset == offset), None)
                return _opened(partition, batch, line, None if key is None else murmur2(key))
    return None


def _opened(partition: Partition, batch: Batch, line: RecordLine, key_hash: int | None) -> OpenedRecord:
    head = bytes(batch.view[:SHOWN_BYTES])
    try:
        batches.check(batch)
        crc_fits = True
    except CorruptBatch:
        crc_fits = False
    bases = [segment.base_offset for segment in partition.log.segments if segment.base_offset <= batch.base_offset]
    return OpenedRecord(
        topic=partition.topic,
        partition=partition.partition,
        broker=partition.broker.broker_id,
        record=line,
        batch=tuple(
            ByteField(name, first, size, getattr(batch, name), _spelled(batch, name))
            for name, first, size in batches.HEADER_FIELDS
        ),
        batch_size=batch.size,
        records_in_batch=batch.records_count,
        codec=batch.codec.name.lower(),
        segment=bases[-1] if bases else partition.log.start_offset,
        hexdump=tuple(hex_lines(head)),
        cut=batch.size > SHOWN_BYTES,
        crc_fits=crc_fits,
        key_hash=key_hash,
    )


def _spelled(batch: Batch, name: str) -> str:
    value = getattr(batch, name)
    if name == "crc":
        return f"0x{value:08x}"
    if name != "attributes":
        return str(value)
    said = [f"compression {batch.codec.name.lower()}", batch.timestamp_type.name.lower().replace("_", " ")]
    said += ["transactional"] if batch.is_transactional else []
    said += ["control"] if batch.is_control else []
    return ", ".join(said)


def hex_lines(data: bytes) -> list[HexLine]:
    """Sixteen bytes a line, as `hexdump -C` shows them."""
    shown = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        shown.append(HexLine(at, row.hex(" "), text))
    return shown


def _records(batch: Batch) -> list[Record]:
    """What can be read of it: a batch that cannot is shown as empty, its header says why."""
    try:
        return batches.records(batch)
    except CorruptBatch:
        return []


def _lines_of(partition: Partition, batch: Batch) -> list[RecordLine]:
    return [_line(partition, batch, record) for record in _records(batch)]


def _line(partition: Partition, batch: Batch, record: Record) -> RecordLine:
    kind = "control" if batch.is_control else "tombstone" if record.value is None else "data"
    return RecordLine(
        offset=record.offset,
        timestamp_ms=record.timestamp_ms,
        key=text(record.key),
        value=text(record.value),
        headers=tuple((name, text(value)) for name, value in record.headers),
        kind=kind,
        visible=record.offset < partition.high_watermark,
    )


def text(data: bytes | None) -> str | None:
    """Bytes for people: UTF-8 where they are that, else with a mark in the place of what is not."""
    return None if data is None else data.decode(errors="replace")
