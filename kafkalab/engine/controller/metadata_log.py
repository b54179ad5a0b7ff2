"""The controller's own replica of `__cluster_metadata`: written here, fetched by the brokers.

Brokers are observers of the metadata quorum: they ask with the same Fetch as followers of any
partition, and a question that finds nothing new is kept until something is written or its time is
up (KIP-595, org.apache.kafka.raft.KafkaRaftClient). With a single voter a record is committed as
soon as it is on the voter's disk, so everything in the log may be acted upon.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kafkalab.engine.controller.codec import encode, records_in
from kafkalab.engine.controller.metadata import METADATA_TOPIC, METADATA_TOPIC_ID, MetadataRecord
from kafkalab.engine.disk import Disk
from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.log import Log
from kafkalab.engine.node import Request
from kafkalab.wire import batches
from kafkalab.wire.dialect import (
    EpochEndOffset,
    FetchPartition,
    FetchPartitionResult,
    FetchRequest,
    FetchResponse,
    FetchTopicResult,
    LeaderHint,
)
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.records import Record

DIRECTORY = f"{METADATA_TOPIC}-0"
MOST_BYTES = 8 * 1024 * 1024
"""Of one batch, and so of one decision (KafkaRaftClient.MAX_BATCH_SIZE_BYTES)."""


@dataclass(frozen=True, slots=True)
class WaitingFetch:
    """A broker's fetch that found nothing new."""

    request: Request
    partition: FetchPartition
    deadline_us: int


class MetadataLog:
    def __init__(self, disk: Disk, controller_id: int, now_ms: int) -> None:
        self.log = Log(disk, DIRECTORY, LogConfig(max_message_bytes=MOST_BYTES), now_ms)
        self.controller_id = controller_id
        # A single voter elects itself. An epoch in which nothing was written leaves no trace, and may come again.
        self.epoch = self.log.epochs.latest + 1
        self.waiting: dict[tuple[str, str], WaitingFetch] = {}
        """By source and channel: a connection has one question open."""

    def records(self) -> Iterator[tuple[int, MetadataRecord]]:
        """Everything there is, from the beginning."""
        offset = self.log.start_offset
        while offset < self.log.end_offset:
            data = self.log.read(offset, MOST_BYTES, self.log.end_offset, True)
            yield from records_in(data)
            *_, last = batches.headers(data)
            offset = last.next_offset

    def append(self, records: tuple[MetadataRecord, ...], now_ms: int) -> int:
        """Write the records in one batch, to the platter, and return the first one's offset."""
        values = [Record(index, now_ms, None, encode(record)) for index, record in enumerate(records)]
        appended = self.log.append_as_leader(batches.build(values), self.epoch, now_ms, check_sequence=False)
        self.log.flush()
        return appended.first_offset

    def close(self) -> None:
        self.log.close()

    # -- observers -----------------------------------------------------------------------------

    def fetch(self, request: Request, now_us: int) -> FetchResponse | None:
        """The answer, or None when it has to wait: see `waiting`."""
        body: FetchRequest = request.body
        asked = [(topic.topic_id, partition) for topic in body.topics for partition in topic.partitions]
        if len(asked) != 1 or asked[0][0] != METADATA_TOPIC_ID or asked[0][1].partition != 0:
            return FetchResponse((), ErrorCode.invalid_request)
        partition = asked[0][1]
        response = self._answer(partition)
        result = response.topics[0].partitions[0]
        diverging = result.diverging_epoch != EpochEndOffset()
        if result.records or diverging or result.error_code is not ErrorCode.none or body.max_wait_ms <= 0:
            return response
        deadline_us = now_us + body.max_wait_ms * 1000
        self.waiting[request.source, request.channel] = WaitingFetch(request, partition, deadline_us)
        return None

    def answer_waiting(self) -> Iterator[tuple[Request, FetchResponse]]:
        """Something was written: everyone who waits is answered."""
        waiting, self.waiting = self.waiting, {}
        for fetch in waiting.values():
            yield fetch.request, self._answer(fetch.partition)

    def answer_overdue(self, now_us: int) -> Iterator[tuple[Request, FetchResponse]]:
        for key, fetch in list(self.waiting.items()):
            if fetch.deadline_us <= now_us:
                del self.waiting[key]
                yield fetch.request, self._answer(fetch.partition)

    def forget(self, source: str) -> None:
        """The connection is gone: nobody waits any more."""
        self.waiting = {key: fetch for key, fetch in self.waiting.items() if key[0] != source}

    def _answer(self, partition: FetchPartition) -> FetchResponse:
        result = self._read(partition)
        return FetchResponse((FetchTopicResult(METADATA_TOPIC, METADATA_TOPIC_ID, (result,)),))

    def _read(self, partition: FetchPartition) -> FetchPartitionResult:
        log, offset = self.log, partition.fetch_offset
        error, records, diverging = ErrorCode.none, b"", EpochEndOffset()
        if partition.current_leader_epoch > self.epoch:
            error = ErrorCode.unknown_leader_epoch
        elif -1 < partition.current_leader_epoch < self.epoch:
            error = ErrorCode.fenced_leader_epoch
        elif diverged := self._divergence(partition):
            diverging = diverged
        elif not log.start_offset <= offset <= log.end_offset:
            error = ErrorCode.offset_out_of_range
        else:
            records = log.read(offset, partition.partition_max_bytes, log.end_offset, True)
        return FetchPartitionResult(
            partition=0,
            error_code=error,
            high_watermark=log.end_offset,
            last_stable_offset=log.end_offset,
            log_start_offset=log.start_offset,
            diverging_epoch=diverging,
            current_leader=LeaderHint(self.controller_id, self.epoch),
            records=records,
        )

    def _divergence(self, partition: FetchPartition) -> EpochEndOffset | None:
        """Where the broker's log and this one part, if its last epoch ended earlier here."""
        if partition.last_fetched_epoch < 0:
            return None
        epoch, end_offset = self.log.end_offset_for(partition.last_fetched_epoch)
        if epoch < partition.last_fetched_epoch or end_offset < partition.fetch_offset:
            return EpochEndOffset(max(epoch, 0), max(end_offset, 0))
        return None
