import pytest

from kafkalab.engine.coordinator_place import partition_of


@pytest.mark.parametrize(
    ("group_id", "partition"),
    [
        ("my-group", 12),
        ("", 0),
        ("a", 97 % 50),
        # Its hash is Integer.MIN_VALUE, which has no absolute value.
        ("polygenelubricants", 0),
        # Two UTF-16 units: D83D DC18.
        ("\U0001f418", (31 * 0xD83D + 0xDC18) % 50),
    ],
)
def test_a_group_belongs_to_the_partition_that_java_hashes_its_name_to(group_id: str, partition: int) -> None:
    assert partition_of(group_id, 50) == partition
