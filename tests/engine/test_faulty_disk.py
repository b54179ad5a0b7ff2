"""A disk that fails takes its broker with it; one that is slow holds it up."""

from pathlib import Path

import pytest

from kafkalab.engine.disk import Disk, FileDisk, MemoryDisk
from kafkalab.engine.events import LogDirFailed, LogRecovered, NodeCrashed, NodeStarted
from kafkalab.engine.faulty_disk import DiskFailure, FaultyDisk
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room, produce_request


@pytest.fixture(params=["memory", "files"])
def under(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    return MemoryDisk() if request.param == "memory" else FileDisk(tmp_path / "disk")


def test_a_full_disk_still_reads(under: Disk) -> None:
    disk = FaultyDisk(under)
    disk.append("t-0/0.log", b"abc")
    disk.free_bytes = 3
    disk.append("t-0/0.log", b"def")
    with pytest.raises(DiskFailure, match="No space left on device"):
        disk.append("t-0/0.log", b"g")
    assert disk.read_whole("t-0/0.log") == b"abcdef"
    disk.close()


def test_a_failed_disk_gives_nothing_back_until_it_is_mended(under: Disk) -> None:
    disk = FaultyDisk(under)
    disk.append("f", b"abc")
    disk.failed = True
    for access in (lambda: disk.read_whole("f"), lambda: disk.append("f", b"d"), disk.names):
        with pytest.raises(DiskFailure, match="Input/output error"):
            access()
    disk.mend()
    assert disk.read_whole("f") == b"abc"
    disk.close()


def test_a_torn_write_leaves_a_part_of_the_records_once(under: Disk) -> None:
    disk = FaultyDisk(under)
    disk.tears_next_write = True
    disk.append("t-0/0.index", b"whole")
    with pytest.raises(DiskFailure):
        disk.append("t-0/0.log", b"abc", b"def")
    disk.append("t-0/0.log", b"X")
    assert (disk.read_whole("t-0/0.index"), disk.read_whole("t-0/0.log")) == (b"whole", b"abcX")
    disk.close()


def test_a_broker_halts_when_its_only_log_directory_fails_and_the_others_go_on() -> None:
    room = Room()
    room.create((1, 2, 3), min_insync_replicas="2")
    room.produce(1, "before")
    room.take_facts()
    room.cluster.fail_disk(1)
    assert room.take_facts(LogDirFailed, NodeCrashed) == [
        LogDirFailed(1, "Input/output error"),
        NodeCrashed("broker-1"),
    ]
    room.run(12)
    assert room.produce(2, "after").base_offset == 1
    room.cluster.start_broker(1)
    room.run(1)
    assert 1 not in room.cluster.brokers
    room.cluster.disks["broker-1"].mend()
    room.cluster.start_broker(1)
    room.run(12)
    assert room.values(1) == room.values(2)


def test_a_write_to_a_full_disk_is_not_acked() -> None:
    room = Room()
    room.create((1, 2, 3))
    room.cluster.disks["broker-1"].free_bytes = 0
    room.say(1, 0, produce("lost"))
    assert (room.client.lost, room.client.answers.get(room._correlation_id)) == (["broker-1"], None)


def test_what_a_torn_write_left_is_cut_when_the_broker_returns() -> None:
    room = Room()
    room.create((1, 2, 3))
    room.produce(1, "kept")
    room.cluster.disks["broker-1"].tears_next_write = True
    room.say(1, 0, produce("torn"))
    room.run(12)
    room.take_facts()
    room.cluster.start_broker(1)
    room.run(5)
    assert room.take_facts(NodeStarted, LogRecovered) == [
        NodeStarted("broker-1"),
        LogRecovered("orders", 0, 1, 1, 36),
    ]
    assert [value for _, _, value in room.values(1)] == ["kept"]


def test_a_slow_disk_holds_up_the_answer_and_whoever_comes_behind() -> None:
    room = Room(1)
    room.create((1,))
    room.cluster.disks["broker-1"].delay_us = 100_000
    before_us = room.world.now_us
    assert room.produce(1, "slow", acks=1).error_code is ErrorCode.none
    took_us = room.world.now_us - before_us
    assert 100_000 <= took_us < 1_000_000
    room.cluster.disks["broker-1"].mend()
    room.run(1)
    before_us = room.world.now_us
    room.produce(1, "quick", acks=1)
    assert room.world.now_us == before_us


def test_a_disk_that_fails_while_it_is_slow_ends_the_broker_at_once() -> None:
    room = Room(1)
    room.create((1,))
    room.cluster.disks["broker-1"].delay_us = 10_000_000
    room.say(1, 0, produce("slow"))
    assert "broker-1" in room.world.blocked
    room.cluster.fail_disk(1)
    assert ("broker-1" in room.world.nodes, room.world.blocked) == (False, {})


def test_a_skewed_clock_stamps_what_is_written_and_moves_no_timer() -> None:
    room = Room(1)
    room.create((1,), message_timestamp_type="LogAppendTime")
    room.cluster.skew_clock(1, -60_000_000)
    assert room.produce(1, "early").log_append_time_ms == room.now_ms - 60_000
    room.cluster.crash(1)
    room.cluster.start_broker(1)
    room.run(25)
    assert room.produce(1, "early still").log_append_time_ms == room.now_ms - 60_000
    room.cluster.skew_clock(1, 0)
    assert room.produce(1, "in time").log_append_time_ms == room.now_ms


def produce(value: str) -> object:
    return produce_request(value, acks=1)
