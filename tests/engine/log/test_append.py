"""What a leader takes, stores and refuses, and what a follower makes of it."""

import pytest

from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.log import Appended
from kafkalab.engine.log.transactions import Marker, marker_batch
from kafkalab.engine.refused import Refused
from kafkalab.wire.batches import Codec, TimestampType, header, headers, records
from kafkalab.wire.dialect import RecordError
from kafkalab.wire.errors import ErrorCode
from tests.engine.log.building import DIRECTORY, NOW_MS, append, batch, contents, new_log, segment_bases

HOUR_MS = 3_600_000
ONE_BATCH = "Produce requests must have exactly one record batch per partition"


def test_a_leader_gives_offset_and_epoch_and_touches_nothing_else() -> None:
    log = new_log()
    append(log, "a", "b", epoch=3)
    sent = batch("c", "d", "e", codec=Codec.GZIP)
    appended = log.append_as_leader(sent, 4, NOW_MS)
    stored = log.disk.read_whole(log.active.path)[-len(sent) :]
    assert appended == Appended(2, 4, len(sent))
    assert (header(stored).base_offset, header(stored).partition_leader_epoch) == (2, 4)
    assert (stored[8:12], stored[16:]) == (sent[8:12], sent[16:])
    assert contents(log) == [(0, "a"), (1, "b"), (2, "c"), (3, "d"), (4, "e")]


def refused(data: bytes, **config: object) -> tuple[ErrorCode, str | None]:
    log = new_log(**config)
    with pytest.raises(Refused) as refusal:
        log.append_as_leader(data, 0, NOW_MS)
    assert (log.end_offset, log.size, log.epochs.entries) == (0, 0, [])
    return refusal.value.error_code, refusal.value.message


def test_damaged_bytes_are_refused() -> None:
    sent = batch("a")
    damaged = [sent[:at] + bytes([sent[at] ^ 0x40]) + sent[at + 1 :] for at in range(17, len(sent))]
    assert [refused(data)[0] for data in damaged] == [ErrorCode.corrupt_message] * len(damaged)
    torn = [sent[:size] for size in range(1, len(sent))]
    # What is torn is no batch at all, and without one the request is wrong.
    assert [refused(data)[0] for data in torn] == [ErrorCode.invalid_record] * len(torn)


def test_old_message_formats_are_refused() -> None:
    sent = batch("a")
    assert refused(sent[:16] + b"\x01" + sent[17:])[0] is ErrorCode.invalid_record


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", f"{ONE_BATCH}, and this has none"),
        (batch("a") + batch("b"), f"{ONE_BATCH}, and this has more"),
        (batch("a") + b"\0", f"{ONE_BATCH}, and this has more"),
        (b"\0\0\0\0\0\0\0\x05" + batch("a")[8:], "The baseOffset of the record batch should be 0, but it is 5"),
        (batch("a", last_offset_delta=4), "Inconsistent batch offset range [0, 4] and count of records 1"),
        (batch(last_offset_delta=0), "Invalid reported count for record batch: 0"),
        (batch("a", is_control=True), "Clients are not allowed to write control records"),
        (batch("a", producer_id=7), "Invalid sequence number -1 in record batch with producerId 7"),
    ],
)  # fmt: skip
def test_a_batch_that_no_client_should_send_is_refused(data: bytes, message: str) -> None:
    assert refused(data) == (ErrorCode.invalid_record, message)


def test_the_cluster_itself_may_write_control_batches() -> None:
    log = new_log()
    marker = marker_batch(7, 0, Marker(committed=True, coordinator_epoch=3), NOW_MS)
    assert log.append_as_leader(marker, 0, NOW_MS, check_sequence=False).first_offset == 0


def test_a_batch_larger_than_the_topic_takes_is_refused() -> None:
    sent = batch("x" * 1000)
    assert refused(sent, max_message_bytes=len(sent) - 1) == (
        ErrorCode.message_too_large,
        f"The record batch size is {len(sent)} bytes which exceeds the maximum configured value of {len(sent) - 1}.",
    )
    assert refused(sent, segment_bytes=len(sent) - 1)[0] is ErrorCode.record_list_too_large
    assert append(new_log(max_message_bytes=len(sent), segment_bytes=len(sent)), "x" * 1000) == 0


def test_times_too_far_ahead_or_behind_are_refused() -> None:
    assert append(new_log(), "a", at_ms=NOW_MS + HOUR_MS) == 0
    assert refused(batch("a", at_ms=NOW_MS + HOUR_MS + 1))[0] is ErrorCode.invalid_timestamp
    assert append(new_log(), "a", at_ms=0) == 0
    assert append(new_log(timestamp_before_max_ms=10), "a", at_ms=NOW_MS - 10) == 0
    with pytest.raises(Refused) as refusal:
        new_log(timestamp_before_max_ms=10).append_as_leader(batch("a", at_ms=NOW_MS - 11), 0, NOW_MS)
    reason = (
        f"Timestamp {NOW_MS - 11} of message with offset 0 is out of range. The timestamp should be within "
        f"[{NOW_MS - 10}, {NOW_MS + HOUR_MS}]"
    )
    assert (refusal.value.error_code, refusal.value.message, refusal.value.record_errors) == (
        ErrorCode.invalid_timestamp,
        "One or more records have been rejected due to invalid timestamp",
        (RecordError(0, reason),),
    )


def test_only_the_broker_writes_its_own_time() -> None:
    sent = batch("a", timestamp_type=TimestampType.LOG_APPEND_TIME)
    assert refused(sent, log_append_time=True)[0] is ErrorCode.invalid_timestamp
    timeless = batch("a", at_ms=-1, timestamp_type=TimestampType.LOG_APPEND_TIME)
    assert refused(timeless)[0] is ErrorCode.invalid_timestamp


def test_a_producer_that_calls_its_own_time_the_brokers_is_corrected() -> None:
    log = new_log()
    log.append_as_leader(batch("a", timestamp_type=TimestampType.LOG_APPEND_TIME), 0, NOW_MS)
    assert header(log.read(0, 1000, 1, True)).timestamp_type is TimestampType.CREATE_TIME


def test_a_compacted_topic_names_the_records_without_key() -> None:
    log = new_log(cleanup_policy=("compact",))
    with pytest.raises(Refused) as refusal:
        log.append_as_leader(batch("a", "b", key=None), 0, NOW_MS)
    reason = "Compacted topic cannot accept message without key in topic partition orders-0"
    assert (refusal.value.error_code, refusal.value.record_errors) == (
        ErrorCode.invalid_record,
        (RecordError(0, reason), RecordError(1, reason)),
    )
    assert append(log, "a") == 0


def test_the_brokers_time_stands_for_every_record() -> None:
    log = new_log(log_append_time=True)
    appended = log.append_as_leader(batch("a", "b", at_ms=5), 0, NOW_MS)
    (stored,) = headers(log.read(0, 1 << 20))
    assert appended.log_append_time_ms == NOW_MS
    assert [record.timestamp_ms for record in records(stored)] == [NOW_MS, NOW_MS]
    assert (stored.timestamp_type, stored.base_timestamp) == (TimestampType.LOG_APPEND_TIME, 5)


def test_a_topic_can_have_its_own_compression() -> None:
    log = new_log(codec=Codec.ZSTD)
    append(log, "a" * 500, "b")
    append(log, "c", codec=Codec.ZSTD)
    assert [each.codec for each in headers(log.read(0, 1 << 20))] == [Codec.ZSTD, Codec.ZSTD]
    assert contents(log) == [(0, "a" * 500), (1, "b"), (2, "c")]


def test_a_follower_has_the_same_bytes_and_the_same_segments() -> None:
    leader, follower = new_log(segment_bytes=250), new_log(segment_bytes=250)
    for number in range(9):
        append(leader, f"record {number}", epoch=number // 4)
    while follower.end_offset < leader.end_offset:
        follower.append_as_follower(leader.read(follower.end_offset, 400))
    assert len(leader.segments) > 2
    assert segment_bases(follower) == segment_bases(leader)
    assert [follower.disk.read_whole(each.path) for each in follower.segments] == [
        leader.disk.read_whole(each.path) for each in leader.segments
    ]


def test_a_follower_says_which_segments_it_began() -> None:
    leader, follower = new_log(segment_bytes=150), new_log(segment_bytes=150)
    rolled = [leader.append_as_leader(batch("some text", "more"), 0, NOW_MS).rolled for _ in range(3)]
    data = leader.read(0, 1 << 20)
    assert rolled == [(), (2,), (4,)]
    assert follower.append_as_follower(data) == Appended(0, 5, len(data), rolled=(2, 4))


@pytest.mark.parametrize("value", ["b", "b" * 100_000], ids=["small", "large"])
def test_a_follower_refuses_what_does_not_go_on_where_it_ends_or_is_damaged(value: str) -> None:
    leader, follower = new_log(), new_log()
    append(leader, "a", value)
    data = leader.read(0, 1 << 20)
    follower.append_as_follower(data)
    with pytest.raises(Refused, match=f"append to {DIRECTORY}: 0 where the next is 2"):
        follower.append_as_follower(data)
    with pytest.raises(Refused) as refusal:
        new_log().append_as_follower(data[:-1] + b"?")
    assert refusal.value.error_code is ErrorCode.corrupt_message
    assert new_log().append_as_follower(b"") == Appended(0, -1, 0)


def test_a_follower_takes_the_gap_that_compaction_left() -> None:
    follower = new_log()
    follower.append_as_follower(batch("a"))
    data = b"\0\0\0\0\0\0\0\x09" + batch("b")[8:]
    assert follower.append_as_follower(data).first_offset == 9
    assert contents(follower) == [(0, "a"), (9, "b")]


def test_a_log_can_be_made_to_flush_as_it_goes() -> None:
    disk = MemoryDisk()
    log = new_log(disk, flush_messages=2)
    append(log, "a")
    assert (log.flushed_offset, disk.files[log.active.path].flushed) == (0, 0)
    append(log, "b")
    assert (log.flushed_offset, disk.files[log.active.path].flushed) == (2, log.size)
