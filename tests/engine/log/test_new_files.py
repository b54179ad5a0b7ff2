"""A new log has no files before it needs them, and an epoch is written down with its first batch."""

from uuid import UUID

import pytest

from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.log import Log, LogConfig
from tests.engine.log.building import DIRECTORY, NOW_MS, append, contents

TOPIC_ID = UUID(int=7)
FIRST = f"{DIRECTORY}/00000000000000000000.log"
METADATA, EPOCHS = f"{DIRECTORY}/partition.metadata", f"{DIRECTORY}/leader-epoch-checkpoint"


def of_topic(disk: MemoryDisk) -> Log:
    return Log(disk, DIRECTORY, LogConfig(), NOW_MS, topic_id=TOPIC_ID)


def test_the_first_batch_makes_the_files_whose_it_is_before_all_others() -> None:
    disk = MemoryDisk()
    log = of_topic(disk)
    log.begin_epoch(3)
    log.close()
    assert disk.names() == []
    append(log, "a", epoch=3)
    assert list(disk.files) == [METADATA, FIRST, EPOCHS]
    assert disk.read_whole(METADATA) == b"version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAABw\n"


def test_files_are_made_once() -> None:
    disk = MemoryDisk()
    log = of_topic(disk)
    log.make_files()
    assert disk.names() == [FIRST, METADATA]
    append(log, "a")
    log.make_files()
    opened = of_topic(disk)
    opened.make_files()
    assert (opened.unmade, contents(opened)) == (False, [(0, "a")])


@pytest.mark.parametrize("offset", [0, 5])
def test_a_follower_that_begins_elsewhere_says_so_on_the_disk(offset: int) -> None:
    disk = MemoryDisk()
    of_topic(disk).truncate_fully(offset)
    opened = of_topic(disk)
    assert (opened.start_offset, opened.end_offset) == (offset, offset)


def test_an_epoch_without_a_batch_is_not_written_and_not_missed() -> None:
    disk = MemoryDisk()
    log = of_topic(disk)
    append(log, "a", epoch=1)
    before = disk.read_whole(EPOCHS)
    log.begin_epoch(2)
    log.begin_epoch(4)
    assert (disk.read_whole(EPOCHS), log.epochs.latest) == (before, 4)
    assert of_topic(disk).epochs.entries == [(1, 0)]
    append(log, "b", epoch=4)
    assert of_topic(disk).epochs.entries == [(1, 0), (4, 1)]
