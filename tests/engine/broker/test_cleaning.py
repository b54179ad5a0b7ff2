"""A broker's old records: the cleaner, retention, and what DescribeLogDirs tells of the disk."""

from kio.schema.describe_log_dirs.v5.request import DescribableLogDirTopic, DescribeLogDirsRequest

from kafkalab.engine.broker import checkpoints
from kafkalab.engine.broker.cleaner import CompactTopic
from kafkalab.engine.broker.replicas import RetainTopic, RollTopic
from kafkalab.engine.events import LogCompacted, LogUncleanable, SegmentDeleted, SegmentRolled
from kafkalab.engine.spec import broker_node
from kafkalab.wire import batches
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import ProducePartition, ProduceRequest, ProduceTopic
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room, batch_of

COMPACT = {"cleanup_policy": "compact", "internal_segment_bytes": "200"}


def put(room: Room, *pairs: str, broker_id: int = 1) -> None:
    """One batch for each "key=value"."""
    for pair in pairs:
        key, _, value = pair.partition("=")
        data = batches.build([batches.Record(0, room.now_ms, key.encode(), value.encode())])
        body = ProduceRequest(-1, 5000, (ProduceTopic("orders", None, (ProducePartition(0, data),)),))
        answer = room.ask(broker_id, ApiKey.PRODUCE, body)
        assert answer.topics[0].partitions[0].error_code == ErrorCode.none


def do(room: Room, message: object, broker_id: int = 1) -> None:
    room.world.tell_node(broker_node(broker_id), message)


def values(room: Room, broker_id: int) -> list[str]:
    log = room.replica(broker_id).log
    found, offset = [], log.start_offset
    while data := log.read(offset, 1):
        for batch in batches.headers(data):
            found += [(record.value or b"").decode() for record in batches.records(batch)]
            offset = batch.next_offset
    return found


def test_the_cleaner_takes_a_dirty_log_at_its_next_look() -> None:
    room = Room(1)
    room.create((1,), **COMPACT)
    put(room, "a=1", "a=2", "a=3", "b=1", "a=4")
    room.run(16)
    assert values(room, 1) == ["3", "1", "4"]
    (fact,) = room.take_facts(LogCompacted)
    assert isinstance(fact, LogCompacted)
    assert (fact.first_dirty, fact.removed > 0, fact.size_after < fact.size_before) == (0, True, True)
    disk = room.cluster.disks["broker-1"]
    assert checkpoints.read_offsets(disk, checkpoints.CLEANED) == {("orders", 0): fact.end_offset}
    room.run(60)
    assert room.take_facts(LogCompacted) == []
    room.run(5)
    assert [path for path in disk.names() if path.endswith(".deleted")] == []


def test_a_log_that_is_not_dirty_enough_waits_for_a_person() -> None:
    room = Room(1)
    room.create((1,), min_cleanable_dirty_ratio="1", **COMPACT)
    put(room, "a=1", "a=2", "a=3", "a=4")
    room.run(60)
    assert room.take_facts(LogCompacted) == []
    do(room, RollTopic("orders"))
    do(room, CompactTopic("orders"))
    assert len(room.take_facts(LogCompacted)) == 1
    assert values(room, 1) == ["4"]


def test_where_cleaning_ended_outlives_a_restart() -> None:
    room = Room(1)
    room.create((1,), **COMPACT)
    put(room, "a=1", "a=2", "a=3", "a=4")
    room.run(16)
    cleaned = room.replica(1).log.cleaned_offset
    room.cluster.crash(1)
    room.cluster.start_broker(1)
    room.run(20)
    assert cleaned > 0
    assert room.replica(1).log.cleaned_offset == cleaned


def test_a_topic_made_again_under_its_name_is_dirty_from_the_start() -> None:
    room = Room(1)
    room.create((1,), **COMPACT)
    put(room, "a=1", "a=2", "a=3", "a=4")
    room.run(16)
    room.delete("orders")
    room.create((1,), **COMPACT)
    assert room.replica(1).log.cleaned_offset == -1
    assert checkpoints.read_offsets(room.cluster.disks["broker-1"], checkpoints.CLEANED) == {}


def test_a_reader_and_a_new_follower_pass_over_what_is_gone() -> None:
    room = Room(3)
    room.create((1, 2, 3), **COMPACT)
    room.cluster.crash(3)
    room.run(15)
    put(room, "a=1", "b=1", "a=2", "a=3", "a=4", "b=2")
    do(room, CompactTopic("orders"))
    assert room.replica(1).log.segments[0].end_offset < room.replica(1).log.end_offset
    room.cluster.start_broker(3)
    room.run(15)
    assert values(room, 3) == values(room, 1)
    assert room.replica(3).log.end_offset == room.replica(1).log.end_offset == 6
    assert room.replica(1).isr == (1, 2, 3)


def test_a_log_that_cannot_be_read_is_left_alone() -> None:
    room = Room(1)
    room.create((1,), **COMPACT)
    put(room, "a=1", "a=2", "a=3", "a=4")
    disk, log = room.cluster.disks["broker-1"], room.replica(1).log
    path, size = log.segments[0].path, log.segments[0].size
    whole = disk.read_whole(path)
    disk.truncate(path, size - 1)
    disk.append(path, bytes([whole[-1] ^ 1]))
    room.run(60)
    assert len(room.take_facts(LogUncleanable)) == 1
    assert disk.size(path) == size


def test_consumer_offsets_are_compacted_like_any_topic() -> None:
    room = Room(1, {"offsets.topic.num.partitions": "1", "offsets.topic.replication.factor": "1"})
    broker = room.broker(1)
    broker.topic_creation.create("__consumer_offsets")
    room.run(2)
    assert room.replica(1, "__consumer_offsets").log.config.is_compacted


def test_old_segments_go_at_the_first_look_and_are_told_of() -> None:
    room = Room(1, {"log.initial.task.delay.ms": "4000", "log.retention.check.interval.ms": "3000"})
    room.create((1,), retention_ms="500", internal_segment_bytes="200")
    room.produce(1, "x" * 100)
    room.produce(1, "y" * 100)
    room.run(2.5)
    rolled = [fact.base_offset for fact in room.take_facts(SegmentRolled) if isinstance(fact, SegmentRolled)]
    assert (rolled, room.replica(1).log.start_offset) == ([1], 2)
    room.produce(1, "z")
    room.run(3)
    (fact,) = room.take_facts(SegmentDeleted)
    assert isinstance(fact, SegmentDeleted)
    assert (fact.base_offset, fact.end_offset, fact.reason) == (2, 3, "its youngest record is older than retention.ms")


def test_retention_waits_for_the_high_watermark() -> None:
    room = Room(2)
    room.create((1, 2), retention_ms="0")
    room.cluster.freeze(2)
    room.produce(1, "x", acks=1)
    room.run(1)
    do(room, RetainTopic("orders"))
    assert (room.replica(1).log.start_offset, room.replica(1).high_watermark) == (0, 0)


def test_the_disk_is_described_by_what_lies_on_it() -> None:
    room = Room(2)
    room.create((1, 2), (2, 1))
    room.produce(1, "x")
    size = len(batch_of("x", now_ms=room.now_ms))
    everything = room.ask(1, ApiKey.DESCRIBE_LOG_DIRS, DescribeLogDirsRequest(topics=None))
    (result,) = everything.results
    assert (everything.error_code, result.error_code, result.log_dir) == (ErrorCode.none, ErrorCode.none, "/memory")
    (topic,) = result.topics
    assert [(each.partition_index, each.partition_size, each.offset_lag) for each in topic.partitions] == [
        (0, size, 0),
        (1, 0, 0),
    ]
    wanted = (DescribableLogDirTopic(topic="orders", partitions=(1, 7)), DescribableLogDirTopic(topic="nothing"))
    some = room.ask(1, ApiKey.DESCRIBE_LOG_DIRS, DescribeLogDirsRequest(topics=wanted))
    found = [(topic.name, each.partition_index) for topic in some.results[0].topics for each in topic.partitions]
    assert found == [("orders", 1)]
