"""The metadata as a snapshot: written, begun from, and taken by whoever lags behind the start of the log."""

from kafkalab.engine.controller import snapshots
from kafkalab.engine.controller.codec import encode
from kafkalab.engine.controller.control_records import control_records_of
from kafkalab.engine.controller.metadata import FeatureLevelRecord, MetadataImage
from kafkalab.engine.controller.replica import DIRECTORY, MetadataReplica
from kafkalab.engine.controller.voters import voter_set
from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.events import MetadataSnapshotReceived, MetadataSnapshotTaken
from kafkalab.wire import batches
from tests.engine.controller.trio import Trio, images_of

OFTEN = {"metadata.log.max.record.bytes.between.snapshots": "1000"}


def fill(room: Trio, topics: int = 8) -> None:
    for number in range(topics):
        room.create((1, 2, 3), topic=f"topic-{number}", retention_ms="1000")
    room.delete("topic-0")
    room.run(1)


def test_a_snapshot_holds_the_whole_image_between_a_header_and_a_footer() -> None:
    room = Trio()
    fill(room)
    disk = MemoryDisk()
    made = snapshots.SnapshotId(room.active.image.offset + 1, 1)
    snapshots.write(disk, "d", made, room.active.image, room.active.quorum.voters, 5)
    assert list(disk.files) == [f"d/{made.end_offset:020d}-0000000001.checkpoint"]
    loaded = MetadataImage(room.active.cluster_id, room.active.controller_id)
    snapshots.load(disk, "d", made, loaded)
    assert loaded == room.active.image
    found = list(batches.headers(disk.read_whole(next(iter(disk.files)))))
    kinds = [type(record).__name__ for batch in found if batch.is_control for _, record in control_records_of(batch)]
    assert kinds == ["SnapshotHeaderRecord", "KRaftVersionRecord", "VotersRecord", "SnapshotFooterRecord"]


def test_every_copy_writes_its_own_and_lets_what_lies_before_the_one_before_go() -> None:
    room = Trio(configs=OFTEN)
    fill(room)
    takers = {fact.node for fact in room.take_facts(MetadataSnapshotTaken) if isinstance(fact, MetadataSnapshotTaken)}
    assert takers == {f"controller-{each}" for each in (3000, 3001, 3002)} | {f"broker-{each}" for each in (1, 2, 3)}
    replica = room.active.replica
    oldest, latest = replica.snapshots
    assert (replica.log.start_offset, replica.log.segments[0].base_offset <= oldest.end_offset) == (
        oldest.end_offset,
        True,
    )
    assert oldest.end_offset < latest.end_offset <= replica.high_watermark
    on_disk = [name for name in room.active.disk.names(DIRECTORY) if name.endswith((".checkpoint", ".log"))]
    assert len([name for name in on_disk if name.endswith(".checkpoint")]) == 2
    assert f"{DIRECTORY}/{0:020d}.log" not in on_disk


def test_after_a_restart_a_snapshot_and_the_log_behind_it_yield_the_same_image() -> None:
    room = Trio(configs=OFTEN)
    fill(room)
    first, *_ = images_of(room.cluster)
    for controller_id in (3000, 3001, 3002):
        room.cluster.crash_controller(controller_id)
    room.cluster.crash(2)
    for controller_id in (3000, 3001, 3002):
        room.cluster.start_controller(controller_id)
    room.cluster.start_broker(2)
    room.until_active()
    assert (room.active.image.topics, room.active.image.configs) == (first[2], first[3])
    room.run(20)
    first, *others = images_of(room.cluster)
    assert others == [first] * 5


def test_a_controller_that_lags_behind_the_start_of_the_log_takes_the_snapshot() -> None:
    room = Trio(configs=OFTEN)
    away = room.standby[0].controller_id
    room.cluster.crash_controller(away)
    fill(room)
    room.take_facts()
    room.cluster.start_controller(away)
    room.run(3)
    received = [fact.node for fact in room.take_facts(MetadataSnapshotReceived)]
    assert received == [f"controller-{away}"]
    first, *others = images_of(room.cluster)
    assert others == [first] * 5
    # It is a full voter again: the one that was active can go.
    room.cluster.crash_controller(room.active.controller_id)
    room.until_active()
    room.create((1, 2, 3), topic="after")


def test_a_snapshot_received_whole_wins_over_what_is_left_of_an_older_log() -> None:
    disk, voters = MemoryDisk(), voter_set("cluster", (3000,))
    replica = MetadataReplica(disk, voters, 0)
    for number in range(40):
        replica.append(batches.build([batches.Record(0, 0, None, encode(FeatureLevelRecord("f", number)))]), 1, 0)
    # The process died between the last part of the snapshot and the cut of its log.
    snapshots.write(disk, DIRECTORY, snapshots.SnapshotId(35, 4), MetadataImage("cluster", 3000), None, 0)
    again = MetadataReplica(disk, voters, 0)
    assert (again.log.start_offset, again.end_offset, again.end_epoch, again.high_watermark) == (35, 35, 4, 35)


def test_a_broker_that_lags_behind_the_start_of_the_log_takes_the_snapshot_too() -> None:
    room = Trio(configs=OFTEN)
    room.create((1, 2, 3), topic="gone-meanwhile")
    room.cluster.freeze(3)
    fill(room)
    room.delete("gone-meanwhile")
    room.take_facts()
    room.cluster.thaw(3)
    room.run(20)
    received = [fact.node for fact in room.take_facts(MetadataSnapshotReceived)]
    assert received == ["broker-3"]
    first, *others = images_of(room.cluster)
    assert others == [first] * 5
    assert sorted(room.broker(3).partitions) == [(f"topic-{number}", 0) for number in range(1, 8)]
    assert room.active.image.partition("topic-1", 0).isr == (1, 2, 3)
