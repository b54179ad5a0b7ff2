"""What the quorum writes into the metadata log about itself: control records, none of them metadata.

A leader begins its epoch with a LeaderChange; a snapshot begins with a SnapshotHeader and ends with a
SnapshotFooter; who may vote is a KRaftVoters record (org.apache.kafka.common.record.ControlRecordType,
KIP-595, KIP-630, KIP-853). The bytes are Kafka's own.
"""

from collections.abc import Iterator
from enum import IntEnum
from io import BytesIO
from struct import Struct
from typing import Any

from kio.schema.k_raft_version_record.v0.data import KRaftVersionRecord
from kio.schema.leader_change_message.v1.data import LeaderChangeMessage
from kio.schema.snapshot_footer_record.v0.data import SnapshotFooterRecord
from kio.schema.snapshot_header_record.v0.data import SnapshotHeaderRecord
from kio.schema.voters_record.v0.data import VotersRecord
from kio.serial import entity_reader, entity_writer

from kafkalab.wire import batches
from kafkalab.wire.batches import Batch, Record

ControlRecord = LeaderChangeMessage | SnapshotHeaderRecord | SnapshotFooterRecord | KRaftVersionRecord | VotersRecord


class ControlType(IntEnum):
    LEADER_CHANGE = 2
    SNAPSHOT_HEADER = 3
    SNAPSHOT_FOOTER = 4
    KRAFT_VERSION = 5
    KRAFT_VOTERS = 6


_KEY = Struct(">hh")
_CLASSES: dict[ControlType, Any] = {
    ControlType.LEADER_CHANGE: LeaderChangeMessage,
    ControlType.SNAPSHOT_HEADER: SnapshotHeaderRecord,
    ControlType.SNAPSHOT_FOOTER: SnapshotFooterRecord,
    ControlType.KRAFT_VERSION: KRaftVersionRecord,
    ControlType.KRAFT_VOTERS: VotersRecord,
}
_TYPES = {record_class: control_type for control_type, record_class in _CLASSES.items()}


def control_batch(records: tuple[ControlRecord, ...], now_ms: int, base_offset: int = 0, epoch: int = -1) -> bytes:
    """One batch of them."""
    values = [Record(base_offset + index, now_ms, _key(each), _value(each)) for index, each in enumerate(records)]
    return batches.build(values, base_offset=base_offset, leader_epoch=epoch, is_control=True)


def control_records_of(batch: Batch) -> Iterator[tuple[int, ControlRecord]]:
    """The (offset, record) pairs of a control batch."""
    for record in batches.records(batch):
        assert record.key is not None
        assert record.value is not None
        _, control_type = _KEY.unpack(record.key)
        yield record.offset, entity_reader(_CLASSES[ControlType(control_type)])(record.value, 0)[0]


def _key(record: ControlRecord) -> bytes:
    return _KEY.pack(0, _TYPES[type(record)])


def _value(record: ControlRecord) -> bytes:
    buffer = BytesIO()
    entity_writer(type(record))(buffer, record)
    return buffer.getvalue()
