"""kafka-dump-log: a segment file, batch by batch, as it lies on a broker's disk
(org.apache.kafka.tools.DumpLogSegments)."""

from kafkalab.lab.terminal.jobs import safe
from kafkalab.lab.terminal.options import Failed, Given, Option
from kafkalab.lab.terminal.tool import Io, Steps, Tool
from kafkalab.wire import batches
from kafkalab.wire.batches import Batch, CorruptBatch, TimestampType

MOST_BATCHES = 900
"""A terminal keeps a thousand lines: who wants more asks for less of the file."""


def run(given: Given, io: Io) -> Steps[None]:
    if not given.has("files"):
        raise Failed(
            "This tool helps to parse a log file and dump its contents to the console, useful for debugging a "
            "seemingly corrupt log segment.",
            shows_usage=True,
        )
    for path in (given.one("files") or "").split(","):
        io.say(f"Dumping {path}")
        name = path.rpartition("/")[2]
        if not name.endswith(".log"):
            raise Failed(f"Ignoring unknown file {path}", hint="Only .log files are read here: indexes are in memory.")
        base = name.removesuffix(".log")
        io.say(f"Log starting offset: {int(base) if base.isdigit() else 0}")
        _dump(path, given, io)
    return
    yield


def _dump(path: str, given: Given, io: Io) -> None:
    try:
        _, data = io.read_disk(path)
    except FileNotFoundError:
        raise Failed(
            f'Exception in thread "main" java.nio.file.NoSuchFileException: {path}',
            hint="The files of this lab go by broker and partition: broker-1/orders-0/00000000000000000000.log",
        ) from None
    position, count = 0, 0
    try:
        for batch in batches.headers(data):
            if count == MOST_BATCHES:
                io.say(f"… {len(data) - position} bytes more")
                return
            _batch(batch, position, given, io)
            position += batch.size
            count += 1
    except CorruptBatch as corrupt:
        raise Failed(f"Found {len(data) - position} invalid bytes at the end of {path}: {corrupt}") from None


def _batch(batch: Batch, position: int, given: Given, io: Io) -> None:
    try:
        batches.check(batch)
        is_valid = "true"
    except CorruptBatch:
        is_valid = "false"
    horizon = batch.delete_horizon_ms
    io.say(
        f"baseOffset: {batch.base_offset} lastOffset: {batch.last_offset} count: {batch.records_count} "
        f"baseSequence: {batch.base_sequence} lastSequence: {batch.last_sequence} producerId: {batch.producer_id} "
        f"producerEpoch: {batch.producer_epoch} partitionLeaderEpoch: {batch.partition_leader_epoch} "
        f"isTransactional: {str(batch.is_transactional).lower()} isControl: {str(batch.is_control).lower()} "
        f"deleteHorizonMs: {'OptionalLong.empty' if horizon is None else f'OptionalLong[{horizon}]'} "
        f"position: {position} {_kind(batch)}: {batch.max_timestamp} size: {batch.size} magic: 2 "
        f"compresscodec: {batch.codec.name.lower()} crc: {batch.crc} isvalid: {is_valid}"
    )
    shows_data = given.has("print-data-log")
    if not shows_data and not given.has("deep-iteration"):
        return
    for number, record in enumerate(batches.records(batch)):
        sequence = batch.base_sequence + number if batch.base_sequence >= 0 else -1
        line = (
            f"| offset: {record.offset} {_kind(batch)}: {record.timestamp_ms} keySize: {_size(record.key)} "
            f"valueSize: {_size(record.value)} sequence: {sequence} "
            f"headerKeys: [{','.join(name for name, _ in record.headers)}]"
        )
        if batch.is_control:
            is_commit = record.key is not None and record.key[2:4] == b"\x00\x01"
            line += f" endTxnMarker: {'COMMIT' if is_commit else 'ABORT'}"
        elif shows_data:
            line += f" key: {safe(record.key)}" if record.key is not None else ""
            line += f" payload: {safe(record.value)}" if record.value is not None else ""
        io.say(line)


def _kind(batch: Batch) -> str:
    return "LogAppendTime" if batch.timestamp_type is TimestampType.LOG_APPEND_TIME else "CreateTime"


def _size(data: bytes | None) -> int:
    return -1 if data is None else len(data)


DUMP_LOG = Tool(
    "kafka-dump-log",
    "Prints what lies in a segment file of a broker, batch by batch. It asks nobody: it reads the disk.",
    (
        Option("files", "The files, as broker-1/orders-0/00000000000000000000.log.", "files", suggests="log-files"),
        Option("print-data-log", "Keys and values of the records too."),
        Option("deep-iteration", "Each record, and not only batches."),
    ),
    run,
    example="kafka-dump-log --files broker-1/orders-0/00000000000000000000.log --print-data-log",
)
