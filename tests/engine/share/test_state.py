"""What is remembered of a share partition: its states in one list, and its records to the byte."""

from uuid import UUID

import pytest

from kafkalab.engine.refused import Refused
from kafkalab.engine.share.records import MalformedState, ShareSnapshot, ShareUpdate, decode, encode
from kafkalab.engine.share.shard import StateShard
from kafkalab.engine.share.state import RecordState, SharePartitionKey, SharePartitionState, StateBatch, combine
from kafkalab.wire.errors import ErrorCode

KEY = SharePartitionKey("workers", UUID("11111111-2222-3333-4444-555555555555"), 3)
AVAILABLE, ACQUIRED, ACKNOWLEDGED, ARCHIVED = RecordState


def test_the_newer_state_counts_where_two_overlap() -> None:
    known = (StateBatch(0, 9, AVAILABLE, 1),)
    assert combine(known, (StateBatch(3, 5, ACKNOWLEDGED, 2),), 0) == (
        StateBatch(0, 2, AVAILABLE, 1), StateBatch(3, 5, ACKNOWLEDGED, 2), StateBatch(6, 9, AVAILABLE, 1)
    )  # fmt: skip


def test_what_lies_before_the_start_goes() -> None:
    batches = (StateBatch(0, 1, ACKNOWLEDGED, 1), StateBatch(2, 5, AVAILABLE, 1), StateBatch(6, 6, AVAILABLE, 1))
    assert combine((), batches, 3) == (StateBatch(3, 5, AVAILABLE, 1), StateBatch(6, 6, AVAILABLE, 1))


def test_a_key_is_written_as_kafka_writes_it() -> None:
    key, _ = encode(ShareSnapshot(KEY, None))
    assert key.hex() == "0000" + "0007" + b"workers".hex() + "11111111222233334444555555555555" + "00000003"


def test_a_snapshot_is_written_as_kafka_writes_it() -> None:
    state = SharePartitionState(1, 2, 3, 4, 5, (StateBatch(6, 7, ACKNOWLEDGED, 1),), 8, 9)
    _, value = encode(ShareSnapshot(KEY, state))
    assert value is not None
    assert value.hex() == (
        "0000" "00000001" "00000002" "00000003" "0000000000000004" "0000000000000008" "0000000000000009"
        "02" "0000000000000006" "0000000000000007" "02" "0001" "00" "01" "00" "04" "00000005"
    )  # fmt: skip


@pytest.mark.parametrize(
    "record",
    [
        ShareSnapshot(KEY, None),
        ShareSnapshot(KEY, SharePartitionState()),
        ShareSnapshot(KEY, SharePartitionState(1, 2, 3, 4, 0, (StateBatch(6, 7, ARCHIVED, 5),) * 200, 8, 9)),
        ShareUpdate(KEY, 1, 2, -1, -1, ()),
        ShareUpdate(KEY, 1, 2, 77, 3, (StateBatch(80, 81, AVAILABLE, 2),)),
    ],
)
def test_what_is_written_is_read_again(record: ShareSnapshot | ShareUpdate) -> None:
    assert decode(*encode(record)) == record


def test_a_torn_record_is_said_to_be_malformed() -> None:
    key, value = encode(ShareSnapshot(KEY, SharePartitionState(batches=(StateBatch(6, 7, ARCHIVED, 5),))))
    assert value is not None
    with pytest.raises(MalformedState):
        decode(key, value[:-9])


def begun() -> StateShard:
    shard = StateShard(0, 1)
    shard.replay(0, shard.initialize(KEY, 7, 100, 5))
    shard.commit_up_to(1)
    return shard


def said(leader_epoch: int, *batches: StateBatch, start: int = -1) -> ShareUpdate:
    return ShareUpdate(KEY, 0, leader_epoch, start, 1, batches)


def refusal(ask: object, *args: object) -> ErrorCode:
    with pytest.raises(Refused) as caught:
        ask(*args)  # type: ignore[operator]
    return caught.value.error_code


def test_nothing_is_read_or_written_of_what_was_never_begun() -> None:
    shard = StateShard(0, 1)
    assert refusal(shard.read, KEY, 0) is ErrorCode.invalid_request
    assert refusal(shard.write, KEY, 0, said(0), 500, 0) is ErrorCode.invalid_request


def test_a_read_by_a_newer_leader_fences_the_older_one() -> None:
    shard = begun()
    state, fence = shard.read(KEY, 4)
    assert (state.start_offset, state.state_epoch) == (100, 7)
    assert fence == ShareUpdate(KEY, 0, 4, -1, 0, ())
    shard.replay(1, fence)
    assert refusal(shard.write, KEY, 7, said(3), 500, 0) is ErrorCode.fenced_leader_epoch
    assert refusal(shard.read, KEY, 3) is ErrorCode.fenced_leader_epoch
    assert shard.write(KEY, 7, said(4), 500, 0) == said(4)


def test_a_write_of_an_older_beginning_is_fenced() -> None:
    shard = begun()
    assert refusal(shard.write, KEY, 6, said(0), 500, 0) is ErrorCode.fenced_state_epoch
    assert refusal(shard.initialize, KEY, 6, 0, 0) is ErrorCode.fenced_state_epoch


def test_after_many_updates_all_is_written_down_anew() -> None:
    shard = begun()
    for offset in range(1, 3):
        shard.replay(offset, shard.write(KEY, 7, said(0, StateBatch(99 + offset, 99 + offset, ACKNOWLEDGED, 1)), 2, 9))
    third = shard.write(KEY, 7, said(0, StateBatch(102, 102, AVAILABLE, 1), start=101), 2, 9)
    assert third == ShareSnapshot(
        KEY,
        SharePartitionState(
            1, 7, 0, 101, 1, (StateBatch(101, 101, ACKNOWLEDGED, 1), StateBatch(102, 102, AVAILABLE, 1)), 5, 9
        ),
    )
    assert shard.redundant_before() == 0
    shard.replay(3, third)
    assert shard.redundant_before() == 3


def test_only_what_is_replicated_is_told() -> None:
    shard = begun()
    shard.replay(1, shard.write(KEY, 7, said(0, StateBatch(100, 100, ACKNOWLEDGED, 1), start=101), 500, 9))
    assert (shard.latest[KEY].start_offset, shard.committed[KEY].start_offset) == (101, 100)
    shard.commit_up_to(2)
    assert shard.committed[KEY].start_offset == 101
