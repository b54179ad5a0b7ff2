"""Produce, and every way in which it is refused."""

import struct
from uuid import UUID

from kafkalab.wire import batches
from kafkalab.wire.api import SERVED, ApiKey
from kafkalab.wire.batches import Codec, TimestampType
from kafkalab.wire.records import Record
from tests.clients.apache_kafka.conversation import NOW_MS, Conversation, batch, producing
from tests.clients.apache_kafka.scripts.cluster import settle_groups

DAY_MS = 86_400_000
PRODUCE = ApiKey.PRODUCE


def produce_versions(talk: Conversation) -> None:
    settle_groups(talk)
    topic_id = UUID(talk.topic("produce-v"))
    for version in SERVED[PRODUCE]:
        talk.ask("good", PRODUCE, producing("produce-v", batch(b"a", b"b"), topic_id=topic_id), version=version)
        bad = producing("produce-v", batch(b"a"), number=7, topic_id=topic_id)
        talk.ask("unknown partition", PRODUCE, bad, version=version)
        unknown = producing("nowhere", batch(b"a"), topic_id=UUID(int=7))
        talk.ask("unknown topic", PRODUCE, unknown, version=version)
        elsewhere = producing("produce-v", batch(b"a"), topic_id=topic_id)
        talk.ask("not the leader", PRODUCE, elsewhere, version=version, to=2)
    talk.ask("no id", PRODUCE, producing("", batch(b"a"), topic_id=UUID(int=0)))
    for codec in Codec:
        fields = producing("produce-v", batch(b"a" * 200, b"b" * 200, codec=codec), topic_id=topic_id)
        talk.ask(f"with {codec.name}", PRODUCE, fields)
    talk.ask("no name", PRODUCE, producing("", batch(b"a")), version=12)
    talk.ask("bad name", PRODUCE, producing("no where", batch(b"a")), version=12)
    talk.ask("internal", PRODUCE, producing("__consumer_offsets", batch(b"a")), version=12)


def produce_refused(talk: Conversation) -> None:
    """One batch a request, each bad in its own way."""
    talk.topic("produce-r", max_message_bytes="2000")
    good = batch(b"a", b"b")
    for version in (7, 12):

        def told(name: str, records: bytes | None, acks: int = -1, version: int = version) -> None:
            talk.ask(name, PRODUCE, producing("produce-r", records, acks=acks), version=version)

        told("acks 2", good, acks=2)
        told("acks -2", good, acks=-2)
        told("nothing", b"")
        told("null", None)
        told("torn", good[:-3])
        told("torn in the header", good[:40])
        told("a few bytes", good[:10])
        told("checksum", good[:-1] + b"!")
        told("magic 1", good[:16] + b"\x01" + good[17:])
        told("magic 3", good[:16] + b"\x03" + good[17:])
        told("two batches", good + good)
        told(
            "base offset 5", batches.build([Record(offset=5, timestamp_ms=NOW_MS, key=None, value=b"a")], base_offset=5)
        )
        told("a leader epoch", batch(b"a", leader_epoch=77))
        told("no records", batches.build([], last_offset_delta=0))
        told("a wrong last offset", batch(b"a", b"b", last_offset_delta=4))
        told("control", batch(b"a", is_control=True))
        told("a producer without a sequence", batch(b"a", producer_id=999_999, producer_epoch=0))
        told("too large", batch(b"a" * 3000))
        told("append time", batch(b"a", timestamp_type=TimestampType.LOG_APPEND_TIME))
        told("in two hours", batch(b"a", at_ms=NOW_MS + 7_200_000))
        told("in two days, the second", _times(NOW_MS, NOW_MS + 2 * DAY_MS, NOW_MS + 3 * DAY_MS))
        told("long ago", batch(b"a", at_ms=1_000))
        told("no time", batch(b"a", at_ms=-1))
        told("a length that lies", good[:8] + struct.pack(">i", len(good) + 100) + good[12:])
        told("a length that is negative", good[:8] + struct.pack(">i", -5) + good[12:])
        told("transactional without an id", batch(b"a", is_transactional=True, producer_id=4, producer_epoch=0,
                                                    base_sequence=0))  # fmt: skip


def _times(*times: int) -> bytes:
    return batches.build([Record(offset=n, timestamp_ms=at, key=None, value=b"v") for n, at in enumerate(times)])


def produce_by_policy(talk: Conversation) -> None:
    talk.topic("compacted", cleanup_policy="compact")
    keyless = batches.build(
        [Record(offset=n, timestamp_ms=NOW_MS, key=b"k" if n % 2 else None, value=b"v") for n in range(4)]
    )
    for version in (7, 12):
        talk.ask("no key", PRODUCE, producing("compacted", batch(b"a", key=None)), version=version)
        talk.ask("no key in two", PRODUCE, producing("compacted", keyless), version=version)
        talk.ask("no key, snappy", PRODUCE, producing("compacted", batch(b"a", key=None, codec=Codec.SNAPPY)),
                 version=version)  # fmt: skip
        talk.ask("with key", PRODUCE, producing("compacted", batch(b"a")), version=version)
    talk.topic("appended", message_timestamp_type="LogAppendTime")
    talk.ask("append time", PRODUCE, producing("appended", batch(b"a", b"b")), version=12)
    talk.ask("append time, old times", PRODUCE, producing("appended", batch(b"a", at_ms=5)), version=12)
    theirs = batch(b"a", timestamp_type=TimestampType.LOG_APPEND_TIME)
    talk.ask("append time, said by the producer too", PRODUCE, producing("appended", theirs), version=12)
    talk.topic("bounded", message_timestamp_before_max_ms="1000", message_timestamp_after_max_ms="1000")
    talk.ask("too old", PRODUCE, producing("bounded", batch(b"a", at_ms=NOW_MS - DAY_MS)), version=12)
    talk.ask("too new", PRODUCE, producing("bounded", batch(b"a", at_ms=NOW_MS + DAY_MS)), version=12)
    talk.topic("large", segment_bytes="1048576", max_message_bytes="3000000")
    talk.ask("larger than a segment", PRODUCE, producing("large", batch(b"a" * 1_500_000)), version=12)
    talk.topic("recompressed", compression_type="gzip")
    talk.ask("to be recompressed", PRODUCE, producing("recompressed", batch(b"a" * 99, codec=Codec.LZ4)), version=12)


def produce_acks(talk: Conversation) -> None:
    talk.topic("acks-1", [1, 2], min_insync_replicas="2")
    talk.topic("acks-2", [1, 2], min_insync_replicas="3")
    talk.ask("all in sync", PRODUCE, producing("acks-1", batch(b"a")), version=12)
    talk.ask("more than replicas", PRODUCE, producing("acks-2", batch(b"a")), version=12)
    talk.ask("leader only", PRODUCE, producing("acks-1", batch(b"a"), acks=1), version=12)
    talk.connection(1, "none").send(PRODUCE, 12, producing("acks-1", batch(b"a"), acks=0))
    talk.until(lambda: _end(talk, "acks-1") == 3)
    talk.connection(1, "bad").send(PRODUCE, 12, producing("acks-1", batch(b"a"), acks=0, number=8))
    talk.keep("acks 0 and an error closes the connection", talk.connection(1, "bad").is_closed_by_broker())


def _end(talk: Conversation, topic: str) -> int:
    asked = {"partition_index": 0, "timestamp": -1, "current_leader_epoch": -1}
    told = talk.quietly(ApiKey.LIST_OFFSETS, {"replica_id": -1, "topics": [{"name": topic, "partitions": [asked]}]})
    return int(told["topics"][0]["partitions"][0]["offset"])


def idempotent(talk: Conversation) -> None:
    talk.topic("once")
    plain = {"transactional_id": None, "transaction_timeout": 60_000, "producer_id": -1, "producer_epoch": -1}
    # A broker has to ask the controller for a block of ids first.
    talk.until(lambda: talk.quietly(ApiKey.INIT_PRODUCER_ID, plain, version=5)["error_code"] == "none")
    for version in range(6):
        talk.ask("init", ApiKey.INIT_PRODUCER_ID, plain, version=version)
    talk.ask("init with id", ApiKey.INIT_PRODUCER_ID, plain | {"producer_id": 5, "producer_epoch": 1}, version=5)
    talk.ask("init with an empty id", ApiKey.INIT_PRODUCER_ID, plain | {"transactional_id": ""}, version=5)
    talk.ask("init with a timeout of 0", ApiKey.INIT_PRODUCER_ID, plain | {"transaction_timeout": 0}, version=5)
    mine = int(talk.quietly(ApiKey.INIT_PRODUCER_ID, plain, version=5)["producer_id"])

    def write(name: str, sequence: int, epoch: int = 0, producer: int = mine, values: int = 1) -> None:
        records = batch(*(b"v",) * values, producer_id=producer, producer_epoch=epoch, base_sequence=sequence)
        talk.ask(name, PRODUCE, producing("once", records), version=12)

    write("first", 0, values=2)
    write("first again", 0, values=2)
    write("second", 2)
    write("a gap", 9)
    write("first again, later", 0, values=2)
    for sequence in range(3, 9):
        write(f"sequence {sequence}", sequence)
    write("first again, forgotten", 0, values=2)
    write("overlapping", 7, values=4)
    write("new epoch, wrong sequence", 5, epoch=1)
    write("new epoch", 0, epoch=1)
    write("old epoch", 9, epoch=0)
    write("unknown producer", 17, producer=mine + 500)
    write("unknown producer, second", 18, producer=mine + 500)
    write("wrapping", 2**31 - 2, producer=mine + 501, values=2)
    write("wrapped", 0, producer=mine + 501)


SCRIPTS = (produce_versions, produce_refused, produce_by_policy, produce_acks, idempotent)
