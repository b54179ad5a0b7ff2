"""What a lab producer is told to do: which records to make, how many a second, how to send them."""

import re
from dataclasses import dataclass
from random import Random

from kafkalab.engine.clients.partitioners import DEFAULT, PARTITIONERS, RANGES
from kafkalab.wire.compression import Codec

ALL = -1
"""acks: every in-sync replica."""
KEY_PATTERN = re.compile(r"none|sequence|random:[1-9][0-9]*|fixed:.+|cycle:.+", re.DOTALL)
KEY_RANGES = re.compile(r"\S-\S(,\S-\S)*")
STEP_US = 1_000
"""Records due within so short a time are made at once."""
MOST_AT_ONCE_US = 100_000
"""A producer that stood still makes up for so much at most, and lets the rest be."""


@dataclass(frozen=True, slots=True)
class ProducerSettings:
    """Defaults are those of Kafka 4's ProducerConfig where it has the setting."""

    topic: str | None = None
    """None for a producer that sends only by hand."""
    rate_per_s: float = 0
    """0 sends only by hand."""
    key_pattern: str = "none"
    """none, sequence, random:N, fixed:x or cycle:a,b,c."""
    value: str = "{serial} from {producer}"
    """Text in which {serial}, {producer} and {key} are filled in."""
    tombstone_every: int = 0
    """Every so many-th record has no value; 0: none."""
    value_size: int = 0
    """Bytes to which values are padded or cut; 0 leaves them as they are."""
    acks: int = ALL
    idempotence: bool = True
    transactional_id: str | None = None
    """None: no transactions. It stays what it is as long as the producer lives."""
    transaction_timeout_ms: int = 60_000
    records_per_transaction: int = 10
    """Of records that the producer makes; 0 leaves it to a person to begin and to end."""
    abort_every: int = 0
    """Every so many-th transaction is aborted and not committed; 0: none."""
    linger_ms: int = 5
    batch_size: int = 16_384
    partitioner: str = DEFAULT
    key_ranges: str | None = None
    """Of the partitioner ranges: "A-F,G-M,N-Z" sends keys by their first letter to the partitions 0, 1 and 2."""
    synchronous: bool = False
    """The application waits for the answer to each record before it makes the next one."""
    compression: str = "none"
    max_in_flight: int = 5
    """Requests on their way to one broker."""
    delivery_timeout_ms: int = 120_000
    request_timeout_ms: int = 30_000
    retries: int = 2**31 - 1
    buffer_memory: int = 33_554_432
    max_request_size: int = 1_048_576
    max_block_ms: int = 60_000
    """How long a record waits for its topic to be known, or for room in the buffer."""
    limit: int | None = None
    """Stop after so many records; None for never."""

    def problems(self) -> dict[str, str]:
        """What Kafka's producer would refuse to start with, by field."""
        wrong: dict[str, str] = {}
        if self.acks not in (ALL, 0, 1):
            wrong["acks"] = "must be all, 0 or 1"
        if self.idempotence and self.acks != ALL:
            wrong["acks"] = "must be all with idempotence: else a leader could forget what it numbered"
        if self.transactional_id is not None and not self.idempotence:
            wrong["transactional_id"] = "needs idempotence"
        if self.transactional_id == "":
            wrong["transactional_id"] = "must not be empty"
        if self.idempotence and self.max_in_flight > 5:
            wrong["max_in_flight"] = "must be at most 5 with idempotence: brokers remember five batches a producer"
        if self.idempotence and self.retries == 0:
            wrong["retries"] = "must be above 0 with idempotence"
        if self.delivery_timeout_ms < self.linger_ms + self.request_timeout_ms:
            wrong["delivery_timeout_ms"] = "must be at least linger_ms + request_timeout_ms"
        if self.partitioner not in PARTITIONERS:
            wrong["partitioner"] = f"must be one of {', '.join(PARTITIONERS)}"
        if (self.partitioner == RANGES) != (self.key_ranges is not None):
            wrong["key_ranges"] = "belongs to the partitioner ranges, and it needs them"
        elif self.key_ranges is not None and not KEY_RANGES.fullmatch(self.key_ranges):
            wrong["key_ranges"] = "must be ranges of first letters as in A-F,G-M,N-Z"
        if self.compression.upper() not in Codec.__members__:
            wrong["compression"] = f"must be one of {', '.join(codec.name.lower() for codec in Codec)}"
        if not KEY_PATTERN.fullmatch(self.key_pattern):
            wrong["key_pattern"] = "must be none, sequence, random:N, fixed:x or cycle:a,b,c"
        return wrong


def key_of(pattern: str, serial: int, random: Random) -> bytes | None:
    """The key of the `serial`th record, counting from 1."""
    if pattern == "none":
        return None
    kind, _, rest = pattern.partition(":")
    match kind:
        case "sequence":
            return str(serial).encode()
        case "random":
            return f"key-{random.randrange(int(rest))}".encode()
        case "fixed":
            return rest.encode()
        case "cycle":
            keys = rest.split(",")
            return keys[(serial - 1) % len(keys)].encode()
    raise ValueError(f"no key pattern is called {pattern!r}")


def value_of(settings: ProducerSettings, producer: str, serial: int, key: bytes | None) -> bytes | None:
    if settings.tombstone_every and serial % settings.tombstone_every == 0:
        return None
    text = settings.value.replace("{serial}", str(serial)).replace("{producer}", producer)
    value = text.replace("{key}", (key or b"").decode(errors="replace")).encode()
    return value.ljust(settings.value_size, b".")[: settings.value_size] if settings.value_size else value


class Pace:
    """When the next record is due, at so many a second."""

    def __init__(self) -> None:
        self._due_us: float | None = None

    def stop(self) -> None:
        self._due_us = None

    def due(self, rate_per_s: float, now_us: int, most: int | None = None) -> int:
        """How many records to make now. The first is due at once, the others at even distances. With `most`, what
        is beyond that stays due."""
        interval_us = 1_000_000 / rate_per_s
        if self._due_us is None:
            self._due_us = now_us
        elif self._due_us > now_us:
            return 0
        self._due_us = max(self._due_us, now_us - max(MOST_AT_ONCE_US, interval_us))
        count = int((now_us - self._due_us) / interval_us) + 1 if self._due_us <= now_us else 0
        count = count if most is None else min(count, most)
        self._due_us += count * interval_us
        return count

    def next_us(self, now_us: int) -> int:
        """When to look again, after `due`."""
        assert self._due_us is not None
        return max(int(self._due_us) + 1, now_us + STEP_US)
