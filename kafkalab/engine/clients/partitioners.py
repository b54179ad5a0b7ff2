"""Which partition a record goes to, and the formula to say why.

A key decides alone: `(murmur2(key) & 0x7fffffff) % partitions`, over all partitions, whether they
have a leader or not, so one key stays in one place as long as the number of partitions stays. A
record without a key sticks to a partition until that has got a batch full, then moves on
(org.apache.kafka.clients.producer.internals.BuiltInPartitioner, KIP-480, KIP-794).
"""

from random import Random
from zlib import crc32

from kafkalab.wire.frozen import dataclass

DEFAULT = "default"
MURMUR2 = "murmur2"
ROUND_ROBIN = "roundrobin"
CRC32 = "crc32"
RANGES = "ranges"
PARTITIONERS = (DEFAULT, MURMUR2, ROUND_ROBIN, CRC32, RANGES)

SEED = 0x9747B28C
M = 0x5BD1E995
R = 24
MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """A signed 32-bit hash, as org.apache.kafka.common.utils.Utils.murmur2 gives it."""
    length = len(data)
    h = SEED ^ length
    whole = length & ~3
    for start in range(0, whole, 4):
        k = int.from_bytes(data[start : start + 4], "little") * M & MASK
        k = (k ^ (k >> R)) * M & MASK
        h = (h * M & MASK) ^ k
    if length > whole:
        h = (h ^ int.from_bytes(data[whole:], "little")) * M & MASK
    h = (h ^ (h >> 13)) * M & MASK
    h ^= h >> 15
    return h - (1 << 32) if h & 0x80000000 else h


@dataclass(frozen=True, slots=True)
class Chosen:
    partition: int
    how: str
    """A formula that a learner can check."""


@dataclass(frozen=True, slots=True)
class Load:
    """A partition that has a leader, and how many batches wait for it."""

    partition: int
    waiting: int


def by_key(key: bytes, partitions: int) -> Chosen:
    positive = murmur2(key) & 0x7FFFFFFF
    partition = positive % partitions
    return Chosen(partition, f"murmur2(key) & 0x7fffffff = {positive}; % {partitions} = {partition}")


def by_crc32(key: bytes, partitions: int) -> Chosen:
    """librdkafka's `consistent`: its default for records with a key, and not where Java puts them."""
    value = crc32(key)
    return Chosen(value % partitions, f"crc32(key) = {value}; % {partitions} = {value % partitions}")


def by_first_letter(key: bytes, key_ranges: str, partitions: int) -> Chosen:
    """A partitioner that somebody wrote for a purpose. Keys that lie in no range go where they would without it."""
    letter = key[:1].decode(errors="replace").upper()
    for number, one in enumerate(key_ranges.split(",")):
        if letter and one[0].upper() <= letter <= one[2].upper() and number < partitions:
            return Chosen(number, f"the first letter {letter} lies in {one}: partition {number}")
    chosen = by_key(key, partitions)
    return Chosen(chosen.partition, f"the first letter lies in no range: {chosen.how}")


class StickyPartitioner:
    """For the records of one topic that have no key."""

    def __init__(self) -> None:
        self.partition: int | None = None
        self._bytes = 0

    def choose(self, partitions: int, loads: list[Load], batch_size: int, random: Random) -> Chosen:
        if self.partition is None:
            self.partition = weighed(partitions, loads, random)
        how = f"no key: sticks to partition {self.partition} until {batch_size} bytes are sent there"
        return Chosen(self.partition, how)

    def appended(self, size: int, batch_size: int, batch_complete: bool) -> None:
        """Count what went to the partition; move on where a batch ends, or at twice its size at the latest."""
        self._bytes += size
        if self._bytes >= 2 * batch_size or (self._bytes >= batch_size and batch_complete):
            self.partition = None
            self._bytes = 0


def weighed(partitions: int, loads: list[Load], random: Random) -> int:
    """A partition by chance, the likelier the fewer batches wait for it. Leaderless ones are left
    out, unless none has a leader."""
    if not loads:
        return random.randrange(partitions)
    longest = max(load.waiting for load in loads)
    draw = random.randrange(sum(longest + 1 - load.waiting for load in loads))
    for load in loads:
        draw -= longest + 1 - load.waiting
        if draw < 0:
            return load.partition
    raise AssertionError("the draw is below the sum of the weights")


class Partitioner:
    """The partitioner of one topic, as the settings name it."""

    def __init__(self, name: str, key_ranges: str | None = None) -> None:
        assert name in PARTITIONERS, name
        self.name = name
        self.key_ranges = key_ranges
        self.sticky = StickyPartitioner()
        self._turn = 0

    def weighs(self, key: bytes | None) -> bool:
        """Whether the choice depends on who leads and on what waits for whom."""
        return self.name == ROUND_ROBIN or (key is None and self.name != MURMUR2 and self.sticky.partition is None)

    def choose(self, key: bytes | None, partitions: int, loads: list[Load], batch_size: int, random: Random) -> Chosen:
        if self.name == ROUND_ROBIN:
            return self._next(partitions, loads)
        if key is None and self.name == MURMUR2:
            return by_key(b"", partitions)
        if key is None:
            return self.sticky.choose(partitions, loads, batch_size, random)
        if self.key_ranges is not None:
            return by_first_letter(key, self.key_ranges, partitions)
        return by_crc32(key, partitions) if self.name == CRC32 else by_key(key, partitions)

    def _next(self, partitions: int, loads: list[Load]) -> Chosen:
        """org.apache.kafka.clients.producer.RoundRobinPartitioner: keys count for nothing."""
        turn, self._turn = self._turn, self._turn + 1
        if loads:
            partition = loads[turn % len(loads)].partition
            return Chosen(partition, f"round robin: turn {turn} % {len(loads)} partitions with a leader")
        return Chosen(turn % partitions, f"round robin: turn {turn} % {partitions}")
