"""Where records go: the same places as with Kafka's own clients."""

from random import Random

import pytest

from kafkalab.engine.clients.partitioners import Chosen, Load, Partitioner, StickyPartitioner, murmur2, weighed


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("abc", 479470107),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    ],
)
def test_murmur2_hashes_as_kafka_does(key: str, expected: int) -> None:
    assert murmur2(key.encode()) == expected


def test_a_key_decides_alone_even_for_a_partition_without_a_leader() -> None:
    chosen = Partitioner("default").choose(b"abc", 4, [Load(0, 0)], 16_384, Random(1))
    assert chosen == Chosen(3, "murmur2(key) & 0x7fffffff = 479470107; % 4 = 3")


def test_librdkafkas_default_puts_the_same_key_elsewhere() -> None:
    chosen = Partitioner("crc32").choose(b"abc", 4, [], 16_384, Random(1))
    assert chosen == Chosen(2, "crc32(key) = 891568578; % 4 = 2")


def test_records_without_a_key_stick_to_a_partition_until_a_batch_is_full() -> None:
    sticky, random = StickyPartitioner(), Random(3)
    loads = [Load(number, 0) for number in range(8)]
    first = sticky.choose(8, loads, 100, random).partition
    sticky.appended(99, 100, batch_complete=False)
    assert sticky.choose(8, loads, 100, random).partition == first
    sticky.appended(1, 100, batch_complete=True)
    assert sticky.partition is None


def test_a_partition_with_a_long_queue_is_chosen_less_often_and_a_leaderless_one_never() -> None:
    random = Random(5)
    loads = [Load(0, 0), Load(2, 3)]
    drawn = [weighed(3, loads, random) for _ in range(1_000)]
    assert sorted(set(drawn)) == [0, 2]
    assert 750 < drawn.count(0) < 850


def test_round_robin_takes_partitions_with_a_leader_in_turn() -> None:
    partitioner = Partitioner("roundrobin")
    loads = [Load(0, 0), Load(2, 0)]
    assert [partitioner.choose(b"k", 3, loads, 1, Random(0)).partition for _ in range(4)] == [0, 2, 0, 2]


def test_a_custom_partitioner_chooses_by_the_first_letter() -> None:
    partitioner = Partitioner("ranges", "A-F,G-M,N-Z")

    def chosen(key: str, partitions: int = 3) -> int:
        return partitioner.choose(key.encode(), partitions, [], 1, Random(0)).partition

    assert [chosen(key) for key in ("anna", "Frank", "gina", "mia", "nora", "Zoe")] == [0, 0, 1, 1, 2, 2]
    assert partitioner.choose(b"gina", 3, [], 1, Random(0)).how == "the first letter G lies in G-M: partition 1"
    # A partition that no range names gets nothing more than hashes bring it.
    assert chosen("zoe", partitions=4) == 2


def test_a_key_in_no_range_goes_where_its_hash_says() -> None:
    partitioner = Partitioner("ranges", "A-F,G-M,N-Z")
    assert partitioner.choose(b"21", 4, [], 1, Random(0)) == Chosen(
        0, "the first letter lies in no range: murmur2(key) & 0x7fffffff = 1173551340; % 4 = 0"
    )
    # The range is there, its partition is not.
    assert partitioner.choose(b"zoe", 2, [], 1, Random(0)).how.startswith("the first letter lies in no range")
