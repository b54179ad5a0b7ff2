"""Valid requests of every API and version, filled with values that mean something to the lab they go to.

Most values come from small pools, so that requests reach what is there: a topic, a group, a member. Nothing
in them names the topic or the group of the witness, whom nobody may harm, nor asks for what an
administrator may rightly do and everybody would feel.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from kafkalab.wire import batches
from kafkalab.wire.api import SERVED, ApiKey
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.translate.by_name import shape_of
from kafkalab.wire.translate.schema import Direction, schema
from tests.wire.messages import request_frame

TOPICS = ("fuzzed", "fuzzed-too", "fuzzed-compacted")
NAMES = (
    *TOPICS,
    *("fuzzers", "fuzzers-too", "", "höß", "x" * 249, "x" * 300, "a b", "no-such-topic", "__consumer_offsets"),
    *("consumer", "range", "cooperative-sticky", "retention.ms", "cleanup.policy", "compact", "60000", "-1", "1"),
    "\x00",
)
NUMBERS = (-1, 0, 1, 2, 3, 5, 10, 100, 1000, 6000, 10_000)
COUNTS_AT_MOST = 3
HARMFUL = {
    # A broker or a voter is gone for good, everybody is slowed down or shut out: all that by right.
    *(ApiKey.UNREGISTER_BROKER, ApiKey.REMOVE_RAFT_VOTER, ApiKey.ADD_RAFT_VOTER),
    *(ApiKey.ALTER_CLIENT_QUOTAS, ApiKey.CREATE_ACLS, ApiKey.DELETE_ACLS),
}
"""What is sent cut or garbled only, never whole."""
WAITS = {
    *(ApiKey.PRODUCE, ApiKey.FETCH, ApiKey.JOIN_GROUP, ApiKey.SYNC_GROUP, ApiKey.CREATE_TOPICS),
    *(ApiKey.DELETE_TOPICS, ApiKey.DELETE_RECORDS, ApiKey.CREATE_PARTITIONS, ApiKey.ELECT_LEADERS),
    *(ApiKey.OFFSET_COMMIT, ApiKey.ALTER_PARTITION_REASSIGNMENTS, ApiKey.INIT_PRODUCER_ID, ApiKey.END_TXN),
    *(ApiKey.ADD_PARTITIONS_TO_TXN, ApiKey.ADD_OFFSETS_TO_TXN, ApiKey.TXN_OFFSET_COMMIT, ApiKey.WRITE_TXN_MARKERS),
}
"""Answers that may rightly be long in coming: they wait for data, replicas, members or the controller."""


@dataclass(frozen=True)
class Seed:
    api_key: int
    version: int
    frame: bytes
    """Without its length."""


def seeds(random: Random, topic_ids: tuple[UUID, ...], each: int) -> Iterator[Seed]:
    """So many of each version of each API."""
    maker = Maker(random, topic_ids)
    for api_key, versions in SERVED.items():
        for version in versions:
            for _ in range(each):
                entity = maker.filled(schema(Direction.REQUEST, api_key, version))
                yield Seed(api_key, version, request_frame(api_key, version, entity))


class Maker:
    def __init__(self, random: Random, topic_ids: tuple[UUID, ...]) -> None:
        self._random = random
        self._topic_ids = topic_ids

    def filled(self, message: Any) -> Any:
        return message(**{field.name: self._value(field) for field in fields(message)})

    def _value(self, field: Any) -> Any:
        shape = shape_of(field)
        if shape.is_nullable and self._random.random() < 0.1:
            return None
        if shape.is_array:
            return tuple(self._item(field, shape.item) for _ in range(self._random.randrange(COUNTS_AT_MOST + 1)))
        return self._item(field, shape.item)

    def _item(self, field: Any, item: Any) -> Any:
        if is_dataclass(item):
            return self.filled(item)
        random = self._random
        match field.metadata["kafka_type"]:
            case "string":
                return random.choice(TOPICS if random.random() < 0.6 else NAMES)
            case "bytes" | "records":
                return self._bytes()
            case "bool":
                return random.random() < 0.5
            case "uuid":
                return random.choice((*self._topic_ids, UUID(int=random.getrandbits(128))))
            case "error_code":
                return random.choice(list(ErrorCode))
            case "timedelta_i32" | "timedelta_i64":
                return timedelta(milliseconds=random.choice((0, 1, 100, 6000, 10_000)))
            case "datetime_i64":
                return datetime.fromtimestamp(random.randrange(1 << 31), UTC)
            case "float64":
                return random.choice((0.0, -1.0, 1.5, 1e300, float("inf"), float("nan")))
            case "uint16":
                return random.randrange(1 << 16)
            case kafka_type:
                bits = int(kafka_type.removeprefix("int"))
                most = (1 << (bits - 1)) - 1
                few = random.choice(NUMBERS) if random.random() < 0.9 else random.choice((most, -most - 1))
                return max(-most - 1, min(most, few))

    def _bytes(self) -> bytes:
        random = self._random
        if random.random() < 0.1:
            return random.randbytes(random.choice((0, 1, 60, 61, 500)))
        count = random.randrange(1, 5)
        records = [batches.Record(n, 1_700_000_000_000 + n, b"k%d" % n, b"v" * n) for n in range(count)]
        is_idempotent = random.random() < 0.3
        return batches.build(
            records,
            codec=random.choice(list(batches.Codec)),
            producer_id=random.randrange(3) if is_idempotent else -1,
            producer_epoch=0 if is_idempotent else -1,
            base_sequence=random.randrange(5) if is_idempotent else -1,
        )
