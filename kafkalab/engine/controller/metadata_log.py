"""What the leader of the quorum answers to those who copy `__cluster_metadata`: controllers and brokers.

Brokers are observers of the metadata quorum: they ask with the same Fetch as followers of any
partition, and a question that finds nothing new is kept until something is written, or more is
committed than whoever asks knows of, or its time is up (KIP-595, KIP-1166).
"""

from collections.abc import Iterator
from typing import Any

from kafkalab.engine.controller import snapshot_fetch
from kafkalab.engine.controller.metadata import METADATA_TOPIC, METADATA_TOPIC_ID
from kafkalab.engine.controller.quorum import Quorum
from kafkalab.engine.controller.replica import MetadataReplica
from kafkalab.engine.controller.snapshots import SnapshotId
from kafkalab.engine.node import Request
from kafkalab.wire.dialect import (
    EpochEndOffset,
    FetchPartition,
    FetchPartitionResult,
    FetchRequest,
    FetchResponse,
    FetchTopicResult,
)
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.frozen import dataclass

NOWHERE = EpochEndOffset()


@dataclass(frozen=True, slots=True)
class WaitingFetch:
    """A fetch that found nothing new."""

    request: Request
    partition: FetchPartition
    deadline_us: int


class MetadataLog:
    def __init__(self, replica: MetadataReplica, quorum: Quorum) -> None:
        self.replica = replica
        self.quorum = quorum
        self.waiting: dict[tuple[str, str], WaitingFetch] = {}
        """By source and channel: a connection has one question open."""

    def fetch(self, request: Request, now_us: int) -> FetchResponse | None:
        """The answer, or None when it has to wait: see `waiting`."""
        body: FetchRequest = request.body
        asked = [(topic.topic_id, partition) for topic in body.topics for partition in topic.partitions]
        if len(asked) != 1 or asked[0][0] != METADATA_TOPIC_ID or asked[0][1].partition != 0:
            return FetchResponse((), ErrorCode.invalid_request)
        partition = asked[0][1]
        # This fetch may be what commits records: then it already hears of it.
        result = self._read(partition, body.replica_id)
        is_news = result.records or -1 < partition.high_watermark < result.high_watermark
        says_more = is_news or result.diverging_epoch is not NOWHERE or result.snapshot_id is not NOWHERE
        if says_more or result.error_code is not ErrorCode.none or body.max_wait_ms <= 0:
            return _response(result)
        deadline_us = now_us + body.max_wait_ms * 1000
        self.waiting[request.source, request.channel] = WaitingFetch(request, partition, deadline_us)
        return None

    def fetch_snapshot(self, body: Any) -> Any:
        asked = body.topics[0].partitions[0]
        refused = self._refusal(asked.current_leader_epoch)
        return snapshot_fetch.answer(self.replica, body, self.quorum.hint, refused)

    def answer_waiting(self) -> Iterator[tuple[Request, FetchResponse]]:
        """Something was written or committed, or this controller leads no more: whom it concerns is answered."""
        for key, fetch in list(self.waiting.items()):
            knows = fetch.partition.high_watermark
            is_news = fetch.partition.fetch_offset < self.replica.end_offset or -1 < knows < self.replica.high_watermark
            if is_news or self.quorum.leader is None:
                del self.waiting[key]
                yield fetch.request, _response(self._read(fetch.partition))

    def answer_overdue(self, now_us: int) -> Iterator[tuple[Request, FetchResponse]]:
        for key, fetch in list(self.waiting.items()):
            if fetch.deadline_us <= now_us:
                del self.waiting[key]
                yield fetch.request, _response(self._read(fetch.partition))

    def forget(self, source: str) -> None:
        """The connection is gone: nobody waits any more."""
        self.waiting = {key: fetch for key, fetch in self.waiting.items() if key[0] != source}

    def _refusal(self, epoch: int) -> ErrorCode:
        if -1 < epoch < self.quorum.epoch:
            return ErrorCode.fenced_leader_epoch
        if epoch > self.quorum.epoch:
            return ErrorCode.unknown_leader_epoch
        return ErrorCode.not_leader_or_follower if self.quorum.leader is None else ErrorCode.none

    def _read(self, partition: FetchPartition, replica_id: int = -1) -> FetchPartitionResult:
        """With a replica's id, what it asks for also says how far it has come."""
        log, offset = self.replica.log, partition.fetch_offset
        records, diverging, snapshot = b"", NOWHERE, NOWHERE
        error = self._refusal(partition.current_leader_epoch)
        if error is ErrorCode.none:
            match self.replica.diverging(offset, partition.last_fetched_epoch):
                case EpochEndOffset() as parted:
                    diverging = parted
                case SnapshotId(end_offset, epoch):
                    snapshot = EpochEndOffset(epoch, end_offset)
                case None if not log.start_offset <= offset <= log.end_offset:
                    error = ErrorCode.offset_out_of_range
                case None:
                    if replica_id >= 0:
                        self.quorum.fetched(replica_id, offset)
                    records = log.read(offset, partition.partition_max_bytes, log.end_offset, True)
        return FetchPartitionResult(
            partition=0,
            error_code=error,
            high_watermark=self.replica.high_watermark,
            last_stable_offset=self.replica.high_watermark,
            log_start_offset=log.start_offset,
            diverging_epoch=diverging,
            snapshot_id=snapshot,
            current_leader=self.quorum.hint,
            records=records,
        )


def _response(result: FetchPartitionResult) -> FetchResponse:
    return FetchResponse((FetchTopicResult(METADATA_TOPIC, METADATA_TOPIC_ID, (result,)),))
