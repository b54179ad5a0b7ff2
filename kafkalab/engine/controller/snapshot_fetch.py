"""A snapshot goes from the leader to a copy that lags behind the log's start, in parts: FetchSnapshot (59), KIP-630."""

from datetime import timedelta
from typing import Any

from kio.schema.fetch_snapshot.v1 import request as fetch_request
from kio.schema.fetch_snapshot.v1 import response as fetch_response
from kio.schema.types import BrokerId, TopicName
from kio.static.primitive import i32, i32Timedelta, i64

from kafkalab.engine.controller import snapshots
from kafkalab.engine.controller.metadata import METADATA_TOPIC
from kafkalab.engine.controller.replica import DIRECTORY, MetadataReplica
from kafkalab.engine.controller.snapshots import SnapshotId
from kafkalab.wire.dialect import EpochEndOffset, LeaderHint
from kafkalab.wire.errors import ErrorCode

MOST_BYTES = 1024 * 1024
"""Of one part."""
ZERO = i32Timedelta.parse(timedelta(0))


class Receiving:
    """One snapshot on its way here."""

    def __init__(self, replica: MetadataReplica, wanted: EpochEndOffset) -> None:
        self.replica = replica
        self.snapshot = SnapshotId(wanted.end_offset, wanted.epoch)
        self.position = 0
        self._path = snapshots.path(DIRECTORY, self.snapshot, snapshots.PART)
        replica.disk.delete(self._path)

    def request(self, cluster_id: str, replica_id: int, epoch: int) -> fetch_request.FetchSnapshotRequest:
        wanted = fetch_request.PartitionSnapshot(
            partition=i32(0),
            current_leader_epoch=i32(epoch),
            snapshot_id=fetch_request.SnapshotId(
                end_offset=i64(self.snapshot.end_offset), epoch=i32(self.snapshot.epoch)
            ),
            position=i64(self.position),
        )
        topic = fetch_request.TopicSnapshot(name=TopicName(METADATA_TOPIC), partitions=(wanted,))
        return fetch_request.FetchSnapshotRequest(
            cluster_id=cluster_id, replica_id=BrokerId(replica_id), max_bytes=i32(MOST_BYTES), topics=(topic,)
        )

    def take(self, part: Any) -> bool:
        """Whether that was the last part: the replica has taken the snapshot over."""
        self.replica.disk.append(self._path, bytes(part.unaligned_records))
        self.position += len(part.unaligned_records)
        if self.position < part.size:
            return False
        self.replica.take_over(self.snapshot)
        return True


def part_of(body: Any) -> Any:
    """The one partition of a response."""
    return body.topics[0].partitions[0]


def answer(replica: MetadataReplica, body: Any, hint: LeaderHint, refused: ErrorCode) -> Any:
    """`refused` is why this node does not answer at all; none when it leads the epoch that is asked for."""
    asked = body.topics[0].partitions[0]
    snapshot = SnapshotId(asked.snapshot_id.end_offset, asked.snapshot_id.epoch)
    error, size, data = refused, 0, b""
    if error is ErrorCode.none and snapshot not in replica.snapshots:
        error = ErrorCode.snapshot_not_found
    if error is ErrorCode.none:
        path = snapshots.path(DIRECTORY, snapshot)
        size = replica.disk.size(path)
        if 0 <= asked.position < size:
            data = replica.disk.read(path, asked.position, body.max_bytes)
        else:
            error = ErrorCode.position_out_of_range
    part = fetch_response.PartitionSnapshot(
        index=i32(0),
        error_code=error,
        snapshot_id=fetch_response.SnapshotId(end_offset=i64(snapshot.end_offset), epoch=i32(snapshot.epoch)),
        current_leader=fetch_response.LeaderIdAndEpoch(
            leader_id=BrokerId(hint.leader_id), leader_epoch=i32(hint.leader_epoch)
        ),
        size=i64(size),
        position=i64(asked.position),
        unaligned_records=data,  # type: ignore[arg-type]  # kio's Records would need a file's own object
    )
    topic = fetch_response.TopicSnapshot(name=TopicName(METADATA_TOPIC), partitions=(part,))
    return fetch_response.FetchSnapshotResponse(throttle_time=ZERO, error_code=ErrorCode.none, topics=(topic,))
