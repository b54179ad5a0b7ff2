"""Both disks behave as one: files grow at the end, are cut, replaced whole and listed."""

import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random

import pytest

from kafkalab.engine.disk import OPEN_FILES, Disk, FileDisk, MemoryDisk


@pytest.fixture(params=["memory", "files"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    disk: Disk = MemoryDisk() if request.param == "memory" else FileDisk(tmp_path / "broker-1")
    yield disk
    disk.close()


def test_what_is_appended_is_read_from_any_position(disk: Disk) -> None:
    disk.append("orders-0/0.log", b"abc", memoryview(b"xdefx")[1:4])
    disk.append("orders-0/0.log", b"ghi")
    assert disk.size("orders-0/0.log") == 9
    every_part = [(at, size) for at in range(11) for size in range(11)]
    assert [disk.read("orders-0/0.log", at, size) for at, size in every_part] == [
        b"abcdefghi"[at : at + size] for at, size in every_part
    ]


@pytest.mark.parametrize("size", range(10))
def test_a_file_is_cut_anywhere_and_grows_from_there(disk: Disk, size: int) -> None:
    for part in (b"abc", b"def", b"ghi"):
        disk.append("f", part)
    disk.truncate("f", size)
    disk.append("f", b"XY")
    assert disk.read_whole("f") == b"abcdefghi"[:size] + b"XY"


def test_a_file_is_replaced_whole(disk: Disk) -> None:
    disk.append("a/checkpoint", b"old and long")
    disk.read("a/checkpoint", 0, 3)
    disk.write_whole("a/checkpoint", b"new")
    assert disk.read("a/checkpoint", 0, 100) == b"new"
    disk.append("a/checkpoint", b"er")
    assert disk.read_whole("a/checkpoint") == b"newer"


def test_names_lists_one_directory_and_not_its_namesake(disk: Disk) -> None:
    for path in ("t-1/b", "t-1/a", "t-10/a", "top"):
        disk.append(path, b"")
    assert (disk.names("t-1"), disk.names(), disk.names("absent")) == (
        ["t-1/a", "t-1/b"],
        ["t-1/a", "t-1/b", "t-10/a", "top"],
        [],
    )


def test_files_are_renamed_and_deleted(disk: Disk) -> None:
    disk.append("t-1/a", b"one")
    disk.append("t-1/b", b"two")
    disk.append("u-0/a", b"three")
    disk.rename("t-1/b", "new/c")
    disk.delete("t-1/absent")
    disk.delete_tree("t-1")
    disk.delete_tree("absent")
    assert disk.names() == ["new/c", "u-0/a"]
    assert (disk.read_whole("new/c"), disk.exists("t-1/a"), disk.exists("u-0/a")) == (b"two", False, True)


def test_a_file_that_is_not_there_is_an_error(disk: Disk) -> None:
    for ask in (disk.size, disk.read_whole, disk.flush, lambda path: disk.read(path, 0, 1)):
        with pytest.raises(FileNotFoundError):
            ask("absent")
    assert not disk.exists("absent")


def test_a_copy_of_a_memory_disk_goes_its_own_way() -> None:
    disk = MemoryDisk()
    disk.append("f", b"shared")
    copy = deepcopy(disk)
    disk.append("f", b"+one")
    copy.append("f", b"+other")
    assert (disk.read_whole("f"), copy.read_whole("f")) == (b"shared+one", b"shared+other")
    assert copy.files["f"].chunks[0] is disk.files["f"].chunks[0]


def test_a_power_cut_takes_what_was_not_flushed() -> None:
    disk = MemoryDisk()
    disk.append("log", b"flushed")
    disk.flush("log")
    disk.append("log", b", and not")
    disk.append("never", b"gone")
    disk.write_whole("checkpoint", b"whole")
    assert disk.lose_unflushed(Random(1), torn=False) == 13
    assert [disk.read_whole(path) for path in disk.names()] == [b"whole", b"flushed", b""]


def test_a_torn_write_leaves_a_part() -> None:
    left = []
    for seed in range(20):
        disk = MemoryDisk()
        disk.append("log", b"kept")
        disk.flush("log")
        disk.append("log", b"torn")
        lost = disk.lose_unflushed(Random(seed), torn=True)
        left.append(disk.read_whole("log"))
        assert lost == 8 - len(left[-1])
    assert sorted({*left}) == [b"kept", b"keptt", b"keptto", b"kepttor", b"kepttorn"]


def test_more_files_are_used_than_may_be_open(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    for turn in (b"a", b"b"):
        for number in range(OPEN_FILES + 20):
            disk.append(f"f{number}", turn)
    assert [disk.read_whole(f"f{number}") for number in range(OPEN_FILES + 20)] == [b"ab"] * (OPEN_FILES + 20)
    assert len(disk._open) == OPEN_FILES
    disk.close()


def test_files_are_there_for_the_next_process(tmp_path: Path) -> None:
    first = FileDisk(tmp_path)
    first.append("t-0/f", b"kept")
    second = FileDisk(tmp_path)
    assert (second.names(), second.read("t-0/f", 1, 2)) == (["t-0/f"], b"ep")
    first.close()
    second.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_disk_that_is_full_takes_no_half_write(tmp_path: Path) -> None:
    import resource

    disk = FileDisk(tmp_path)
    disk.append("f", b"before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError):
            disk.append("f", b"x" * 200)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert disk.read_whole("f") == b"before"
    disk.close()
