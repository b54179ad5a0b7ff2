"""What a leader makes sure of before it writes a batch that a client sent (`LogValidator`, `UnifiedLog`).

The header is believed where a lie harms nobody but the liar: records are decoded only where a
rule speaks of records. So the time window is checked against the header's maximum, which Kafka
recomputes; only a topic with `message.timestamp.before.max.ms` or compaction has each record read.
"""

from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.topic_configs import MAX_LONG
from kafkalab.engine.refused import Refused
from kafkalab.wire.batches import (
    NO_TIMESTAMP,
    Batch,
    CorruptBatch,
    TimestampType,
    check,
    header,
    headers,
    recompressed,
    records,
    with_append_time,
)
from kafkalab.wire.dialect import RecordError
from kafkalab.wire.errors import ErrorCode


def validated(data: bytes, config: LogConfig, now_ms: int, from_client: bool) -> Batch:
    """The one batch of `data` as it is to be stored, but for its offset and epoch. Raises Refused.

    What the cluster itself writes (`from_client` false) may be a control batch.
    """
    try:
        batch = _the_only_batch(data)
        _check_size(batch, config)
        check(batch)
        if from_client:
            _check_header(batch)
            _check_times(batch, config, now_ms)
            _check_records(batch, config, now_ms)
        return _as_configured(batch, config, now_ms)
    except CorruptBatch as corrupt:
        raise Refused(corrupt.error_code, corrupt.reason) from corrupt


def _the_only_batch(data: bytes) -> Batch:
    if not data:
        raise _invalid("Produce requests must have exactly one record batch per partition, and this has none")
    batch = next(headers(data), None)
    if batch is None:
        raise CorruptBatch(f"the {len(data)} bytes are not a whole batch")
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


def _check_times(batch: Batch, config: LogConfig, now_ms: int) -> None:
    if batch.timestamp_type is TimestampType.LOG_APPEND_TIME:
        raise Refused(
            ErrorCode.invalid_timestamp,
            "Invalid timestamp type in message. Producer should not set timestamp type to LogAppendTime.",
        )
    if not config.log_append_time and batch.max_timestamp > now_ms + config.timestamp_after_max_ms:
        raise _bad_time(batch.max_timestamp, config, now_ms, ())


def _check_records(batch: Batch, config: LogConfig, now_ms: int) -> None:
    keyed = config.is_compacted
    timed = config.timestamp_before_max_ms != MAX_LONG and not config.log_append_time
    if not (keyed or timed):
        return
    found = records(batch)
    if keyed:
        reason = "Compacted topic cannot accept message without key."
        errors = tuple(RecordError(index, reason) for index, record in enumerate(found) if record.key is None)
        if errors:
            raise Refused(
                ErrorCode.invalid_record,
                "One or more records have been rejected due to invalid record without key",
                errors,
            )
    if timed:
        earliest = now_ms - config.timestamp_before_max_ms
        for index, record in enumerate(found):
            if NO_TIMESTAMP < record.timestamp_ms < earliest:
                raise _bad_time(record.timestamp_ms, config, now_ms, (index,))


def _as_configured(batch: Batch, config: LogConfig, now_ms: int) -> Batch:
    """Packed as `compression.type` says, with the time `message.timestamp.type` says."""
    if config.codec is not None and config.codec != batch.codec:
        batch = header(recompressed(batch, config.codec))
        _check_size(batch, config)
    if config.log_append_time:
        batch = header(with_append_time(batch.data, now_ms))
    return batch


def _bad_time(timestamp_ms: int, config: LogConfig, now_ms: int, batch_indexes: tuple[int, ...]) -> Refused:
    reason = (
        f"Timestamp {timestamp_ms} of message is out of range. The timestamp should be within "
        f"[{max(NO_TIMESTAMP, now_ms - config.timestamp_before_max_ms)}, {now_ms + config.timestamp_after_max_ms}]"
    )
    return Refused(ErrorCode.invalid_timestamp, reason, tuple(RecordError(index, reason) for index in batch_indexes))


def _invalid(message: str) -> Refused:
    return Refused(ErrorCode.invalid_record, message)
