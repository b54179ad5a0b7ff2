"""What a leader makes sure of before it writes a batch that a client sent (`LogValidator`, `UnifiedLog`).

The header is believed where a lie harms nobody but the liar: records are decoded only where a
rule speaks of records. So whether a record comes from the future is first asked of the header's
maximum, which Kafka recomputes; compaction and `message.timestamp.before.max.ms` have each record read.
"""

from collections import deque

from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.topic_configs import MAX_LONG
from kafkalab.engine.refused import Refused
from kafkalab.wire.batches import (
    NO_TIMESTAMP,
    Batch,
    CorruptBatch,
    TimestampType,
    check,
    checked,
    header,
    headers,
    recompressed,
    records,
    with_append_time,
    with_timestamps,
)
from kafkalab.wire.dialect import RecordError
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.records import Record

MOST_ERRORS_SHOWN = 3
_LARGE = 64 * 1024
_found_well: deque[bytes] = deque(maxlen=4)
"""Large batches whose CRC was computed last: followers are handed the very bytes that their leader wrote, and what
cannot change need not be computed once for each of them."""


def validated(data: bytes, config: LogConfig, now_ms: int, from_client: bool, partition: str) -> Batch:
    """The one batch of `data` as it is to be stored, but for its offset and epoch. Raises Refused.

    What the cluster itself writes (`from_client` false) may be a control batch. `partition` is how to call it.
    """
    try:
        batch = _the_only_batch(data)
        _check_size(batch, config)
        check(batch)
        if from_client:
            _check_header(batch)
            _check_records(batch, config, now_ms, partition)
        return _as_configured(batch, config, now_ms)
    except CorruptBatch as corrupt:
        raise Refused(corrupt.error_code, corrupt.reason) from corrupt


def following(data: bytes, end_offset: int, directory: str) -> list[Batch]:
    """The batches that a leader sent, whole and in order, none of them before the log's end. Raises Refused."""
    try:
        batches = list(headers(data)) if any(data is known for known in _found_well) else checked(data)
    except CorruptBatch as corrupt:
        raise Refused(corrupt.error_code, corrupt.reason) from corrupt
    next_offset = end_offset
    for batch in batches:
        if batch.base_offset < next_offset:
            raise Refused(
                ErrorCode.invalid_record,
                f"Out of order offsets found in append to {directory}: {batch.base_offset} where the next "
                f"is {next_offset}",
            )
        next_offset = batch.next_offset
    return batches


def found_well(data: bytes) -> None:
    """These are whole batches, each with a CRC that fits."""
    if len(data) >= _LARGE:
        _found_well.append(data)


def is_one_batch(data: bytes) -> bool:
    """Whether it has the one form in which a broker looks at it at all."""
    try:
        _the_only_batch(data)
    except (Refused, CorruptBatch):
        return False
    return True


def _the_only_batch(data: bytes) -> Batch:
    if not data:
        raise _invalid("Produce requests must have exactly one record batch per partition, and this has none")
    batch = next(headers(data), None)
    if batch is None:
        # What is torn does not count, so that here too there is none.
        raise _invalid(
            f"Produce requests must have exactly one record batch per partition, and these {len(data)} bytes are none"
        )
    if batch.end != len(data):
        raise _invalid("Produce requests must have exactly one record batch per partition, and this has more")
    return batch


def _check_size(batch: Batch, config: LogConfig) -> None:
    if batch.size > config.max_message_bytes:
        raise Refused(
            ErrorCode.message_too_large,
            f"The record batch size is {batch.size} bytes which exceeds the maximum configured value of "
            f"{config.max_message_bytes}.",
        )
    if batch.size > config.segment_bytes:
        raise Refused(
            ErrorCode.record_list_too_large,
            f"Message batch size is {batch.size} bytes which exceeds the maximum configured segment size of "
            f"{config.segment_bytes}.",
        )


def _check_header(batch: Batch) -> None:
    if batch.base_offset != 0:
        raise _invalid(f"The baseOffset of the record batch should be 0, but it is {batch.base_offset}")
    if batch.records_count <= 0:
        raise _invalid(f"Invalid reported count for record batch: {batch.records_count}")
    if batch.last_offset_delta + 1 != batch.records_count:
        raise _invalid(
            f"Inconsistent batch offset range [0, {batch.last_offset_delta}] and count of records {batch.records_count}"
        )
    if batch.is_control:
        raise _invalid("Clients are not allowed to write control records")
    if batch.producer_id >= 0 and batch.base_sequence < 0:
        raise _invalid(
            f"Invalid sequence number {batch.base_sequence} in record batch with producerId {batch.producer_id}"
        )


def _check_records(batch: Batch, config: LogConfig, now_ms: int, partition: str) -> None:
    """What a rule says of single records: all that break one are told (KIP-467)."""
    said_append_time = batch.timestamp_type is TimestampType.LOG_APPEND_TIME
    latest = now_ms + config.timestamp_after_max_ms
    timed = not config.log_append_time and (
        config.timestamp_before_max_ms != MAX_LONG or batch.max_timestamp > latest or said_append_time
    )
    if not (config.is_compacted or timed or said_append_time):
        return
    keyless: list[RecordError] = []
    untimely: list[RecordError] = []
    earliest = now_ms - config.timestamp_before_max_ms
    for index, record in enumerate(records(batch)):
        if config.is_compacted and record.key is None:
            reason = f"Compacted topic cannot accept message without key in topic partition {partition}"
            keyless.append(RecordError(index, reason))
        elif not config.log_append_time and record.timestamp_ms != NO_TIMESTAMP:
            if not earliest <= record.timestamp_ms <= latest:
                reason = (
                    f"Timestamp {record.timestamp_ms} of message with offset {record.offset} is out of range. "
                    f"The timestamp should be within [{earliest}, {latest}]"
                )
                untimely.append(RecordError(index, reason))
        elif said_append_time:
            reason = f"Invalid timestamp type in message {_shown(record)}. "
            untimely.append(RecordError(index, reason + "Producer should not set timestamp type to LogAppendTime."))
    if keyless:
        raise _rejected(sorted((*keyless, *untimely), key=lambda error: error.batch_index))
    if untimely:
        words = "One or more records have been rejected due to invalid timestamp"
        raise Refused(ErrorCode.invalid_timestamp, words, tuple(untimely))


def _shown(record: Record) -> str:
    sizes = f"key={len(record.key or b'')} bytes, value={len(record.value or b'')} bytes"
    return f"DefaultRecord(offset={record.offset}, timestamp={record.timestamp_ms}, {sizes})"


def _rejected(errors: list[RecordError]) -> Refused:
    shown = ", ".join(
        f"RecordError(batchIndex={error.batch_index}, message='{error.message}')"
        for error in errors[:MOST_ERRORS_SHOWN]
    )
    words = (
        f"One or more records have been rejected due to {len(errors)} record errors in total, "
        f"and only showing the first three errors at most: [{shown}]"
    )
    return Refused(ErrorCode.invalid_record, words, tuple(errors))


def _as_configured(batch: Batch, config: LogConfig, now_ms: int) -> Batch:
    """Packed as `compression.type` says, with the time `message.timestamp.type` says."""
    if config.codec is not None and config.codec != batch.codec:
        batch = header(recompressed(batch, config.codec))
        _check_size(batch, config)
    if config.log_append_time:
        batch = header(with_append_time(batch.data, now_ms))
    elif batch.timestamp_type is TimestampType.LOG_APPEND_TIME:
        # Each record has a time of its own, and that is what counts here, whatever the producer said of it.
        batch = header(with_timestamps(batch.data, TimestampType.CREATE_TIME, batch.max_timestamp))
    return batch


def _invalid(message: str) -> Refused:
    return Refused(ErrorCode.invalid_record, message)
