"""A snapshot: the metadata image as records, in one file, in place of the log that led to it (KIP-630).

`00000000000000000123-0000000001.checkpoint` holds what records 0 to 122 come to, the last of which
was written in epoch 1. It is made of ordinary batches between a SnapshotHeader and a SnapshotFooter.
A file that is still being received ends in `.part` and counts for nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kio.schema.k_raft_version_record.v0.data import KRaftVersionRecord
from kio.schema.snapshot_footer_record.v0.data import SnapshotFooterRecord
from kio.schema.snapshot_header_record.v0.data import SnapshotHeaderRecord
from kio.static.primitive import i16, i64

from kafkalab.engine.controller.codec import encode, records_in
from kafkalab.engine.controller.control_records import ControlRecord, control_batch, control_records_of
from kafkalab.engine.controller.metadata import (
    BrokerRegistrationChangeRecord,
    ClientQuotaRecord,
    ConfigRecord,
    FeatureLevelRecord,
    MetadataImage,
    MetadataRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    TopicRecord,
)
from kafkalab.engine.controller.voters import VoterSet
from kafkalab.engine.disk import Disk
from kafkalab.wire import batches
from kafkalab.wire.batches import Record

CHECKPOINT, PART = ".checkpoint", ".checkpoint.part"
RECORDS_OF_A_BATCH = 1_000


@dataclass(frozen=True, slots=True, order=True)
class SnapshotId:
    end_offset: int
    """What it stands for ends here."""
    epoch: int
    """Of the last record that it stands for."""


def path(directory: str, snapshot: SnapshotId, suffix: str = CHECKPOINT) -> str:
    return f"{directory}/{snapshot.end_offset:020d}-{snapshot.epoch:010d}{suffix}"


def on_disk(disk: Disk, directory: str) -> list[SnapshotId]:
    """The whole ones, the oldest first."""
    names = [name.rpartition("/")[2] for name in disk.names(directory) if name.endswith(CHECKPOINT)]
    parted = [name.removesuffix(CHECKPOINT).split("-") for name in names]
    return sorted(SnapshotId(int(offset), int(epoch)) for offset, epoch in parted)


def write(
    disk: Disk,
    directory: str,
    snapshot: SnapshotId,
    image: MetadataImage,
    voters: VoterSet | None,
    now_ms: int,
) -> None:
    """`voters` is None where the log does not say who votes."""
    disk.write_whole(path(directory, snapshot), b"".join(_batches(snapshot, image, voters, now_ms)))
    disk.flush(path(directory, snapshot))


def _batches(snapshot: SnapshotId, image: MetadataImage, voters: VoterSet | None, now_ms: int) -> Iterator[bytes]:
    head: list[ControlRecord] = [SnapshotHeaderRecord(version=i16(0), last_contained_log_timestamp=i64(now_ms))]
    if voters is not None:
        head += [KRaftVersionRecord(version=i16(0), k_raft_version=i16(1)), voters.record()]
    yield control_batch(tuple(head), now_ms, 0, snapshot.epoch)
    offset = len(head)
    values = [encode(record) for record in records_of(image)]
    for first in range(0, len(values), RECORDS_OF_A_BATCH):
        part = values[first : first + RECORDS_OF_A_BATCH]
        records = [Record(offset + index, now_ms, None, value) for index, value in enumerate(part)]
        yield batches.build(records, base_offset=offset, leader_epoch=snapshot.epoch)
        offset += len(part)
    yield control_batch((SnapshotFooterRecord(version=i16(0)),), now_ms, offset, snapshot.epoch)


def records_of(image: MetadataImage) -> Iterator[MetadataRecord]:
    """Records that, replayed on an empty image, yield this one (org.apache.kafka.image.MetadataImage.write)."""
    for name, level in image.features.items():
        yield FeatureLevelRecord(name, level)
    for broker in image.brokers.values():
        yield RegisterBrokerRecord(
            broker.broker_id,
            broker.epoch,
            broker.incarnation_id,
            broker.host,
            broker.port,
            broker.rack,
            broker.fenced,
            broker.more_endpoints,
        )
        if broker.in_controlled_shutdown:
            yield BrokerRegistrationChangeRecord(broker.broker_id, broker.epoch, in_controlled_shutdown=True)
    for topic in image.topics.values():
        yield TopicRecord(topic.name, topic.topic_id)
        yield from topic.partitions.values()
    for (resource_type, resource_name), settings in image.configs.items():
        for name, value in settings.items():
            yield ConfigRecord(resource_type, resource_name, name, value)
    for entity, quotas in image.client_quotas.items():
        for key, quota in quotas.items():
            yield ClientQuotaRecord(entity, key, quota)
    yield from image.scram.values()
    yield from image.acls.values()
    if image.next_producer_id:
        yield ProducerIdsRecord(-1, -1, image.next_producer_id)


def load(disk: Disk, directory: str, snapshot: SnapshotId, image: MetadataImage) -> list[ControlRecord]:
    """Replay it on an empty image; returns what it says of the quorum."""
    data = disk.read_whole(path(directory, snapshot))
    for _, record in records_in(data):
        image.replay(record, snapshot.end_offset - 1)
    image.offset = snapshot.end_offset - 1
    return control_records_in(data)


def control_records_in(data: bytes) -> list[ControlRecord]:
    return [record for batch in batches.headers(data) if batch.is_control for _, record in control_records_of(batch)]


def bootstrap(disk: Disk, directory: str, voters: VoterSet, now_ms: int) -> None:
    """What `kafka-storage.sh format --initial-controllers` leaves: who votes, before anything else."""
    write(disk, directory, SnapshotId(0, 0), MetadataImage("", -1), voters, now_ms)
