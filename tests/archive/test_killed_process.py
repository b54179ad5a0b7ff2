"""A real process archives a served lab, is killed twice with SIGKILL, and every record is in the store once."""

import sys

import pytest

from tests.archive.killing import PARTITIONS, killed

RECORDS = 20_000


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_every_record_is_in_the_store_once_although_the_process_was_killed_twice() -> None:
    told = killed(RECORDS, at_puts=(2, 1), format_name="parquet")
    assert [len(each) for each in told.went_on_from] == [PARTITIONS] * 3
    # One was stored before the first kill, one by the second process, which never heard of it, and the third one.
    assert told.stored == [1, 1, 1]
    assert sum(each["once"] for each in told.found) == RECORDS
    assert [(each["doubles"], each["missing"], each["wrong"], each["not_yet_archived"]) for each in told.found] == [
        (0, 0, 0, 0)
    ] * PARTITIONS
