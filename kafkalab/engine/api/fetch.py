"""Fetch: whole batches from an offset on, for consumers up to the high watermark, for followers to the end.

The one way in which records leave a broker. A follower's fetch also tells the leader what the
follower has. An answer with less than `min_bytes` waits in purgatory until there is more or
`max_wait_ms` is over (kafka.server.KafkaApis.handleFetchRequest, ReplicaManager.fetchMessages,
DelayedFetch). Fetch sessions (KIP-227) are declined, as every broker may: session id 0.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafkalab.engine.api.leader_hints import NO_HINT, endpoints, hint_for
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
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

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

READ_COMMITTED = 1
FROM_FOLLOWERS_SINCE = 11
"""Consumers that speak this version may be served by a follower (KIP-392)."""


@dataclass(slots=True)
class Reading:
    """One pass over what a request asks for."""

    topics: list[FetchTopicResult]
    hints: list[LeaderHint]
    size: int = 0
    at_once: bool = False
    """An error or a diverging epoch does not wait."""

    def response(self, broker: "Broker") -> FetchResponse:
        return FetchResponse(tuple(self.topics), node_endpoints=endpoints(broker, self.hints) if self.hints else ())


@dataclass(slots=True)
class FetchAwaitingBytes:
    request: Request
    wanted: dict["PartitionKey", FetchPartition]

    @property
    def source(self) -> str:
        return self.request.source

    def check(self, broker: "Broker", key: "PartitionKey") -> bool:
        body: FetchRequest = self.request.body
        partition, wanted = broker.partitions.get(key), self.wanted[key]
        if partition is not None and _may_read(partition, wanted, self.request):
            end = _upper_offset(partition, body)
            if end == wanted.fetch_offset:
                return False
            if body.min_bytes > 1 and end > wanted.fetch_offset and self._available(broker) < body.min_bytes:
                return False
        self.expire(broker)
        return True

    def expire(self, broker: "Broker") -> None:
        broker.respond(self.request, read(broker, self.request).response(broker))

    def _available(self, broker: "Broker") -> int:
        size = 0
        for key, wanted in self.wanted.items():
            partition = broker.partitions.get(key)
            if partition is not None:
                end = _upper_offset(partition, self.request.body)
                size += len(partition.log.read(wanted.fetch_offset, wanted.partition_max_bytes, end, False))
        return size


def handle(broker: "Broker", request: Request) -> FetchResponse | None:
    body: FetchRequest = request.body
    if body.session_id and body.session_epoch >= 0:
        raise Refused(ErrorCode.fetch_session_id_not_found)
    reading = read(broker, request)
    if reading.at_once or reading.size >= body.min_bytes or body.max_wait_ms <= 0 or not body.topics:
        return reading.response(broker)
    wanted = {}
    for topic in body.topics:
        name = broker.topic_name(topic.name, topic.topic_id)
        wanted.update({(name, each.partition): each for each in topic.partitions})
    broker.purgatory.watch(FetchAwaitingBytes(request, wanted), tuple(wanted), body.max_wait_ms)
    return None


def read(broker: "Broker", request: Request) -> Reading:
    """Read each partition in the order asked for, as far as `max_bytes` goes."""
    body: FetchRequest = request.body
    reading = Reading([], [])
    for topic in body.topics:
        results = []
        try:
            name = broker.topic_name(topic.name, topic.topic_id)
        except Refused as refused:
            results = [FetchPartitionResult(wanted.partition, refused.error_code) for wanted in topic.partitions]
            reading.at_once = True
        else:
            for wanted in topic.partitions:
                try:
                    result = _read_one(request, broker.partition(name, wanted.partition), wanted, reading.size)
                except Refused as refused:
                    result = _refused(broker, name, wanted.partition, refused.error_code, reading)
                else:
                    reading.size += len(result.records)
                    reading.at_once |= result.diverging_epoch.epoch >= 0
                results.append(result)
        reading.topics.append(FetchTopicResult(topic.name, topic.topic_id, tuple(results)))
    return reading


def _read_one(request: Request, partition: Partition, wanted: FetchPartition, size_so_far: int) -> FetchPartitionResult:
    body: FetchRequest = request.body
    partition.check_epoch(wanted.current_leader_epoch)
    if not partition.is_leader and _leader_only(request):
        raise Refused(ErrorCode.not_leader_or_follower)
    log, offset = partition.log, wanted.fetch_offset
    follower = None
    if body.replica_id >= 0:
        follower = partition.follower_states.get(body.replica_id)
        if follower is None:
            # A replica that this broker has not heard of: its metadata must be behind.
            raise Refused(ErrorCode.unknown_leader_epoch)
    if wanted.last_fetched_epoch >= 0:
        diverging = _diverging_epoch(partition, wanted)
        if diverging is not None:
            return FetchPartitionResult(
                wanted.partition,
                high_watermark=partition.high_watermark,
                last_stable_offset=partition.last_stable_offset,
                log_start_offset=log.start_offset,
                diverging_epoch=diverging,
            )
    if not log.start_offset <= offset <= log.end_offset:
        raise Refused(ErrorCode.offset_out_of_range)
    # Before the follower's own progress moves it: followers learn a high watermark one fetch later.
    result = partition.empty_result() if body.isolation_level != READ_COMMITTED else _committed_result(partition)
    upper_offset = _upper_offset(partition, body)
    if offset < upper_offset:
        max_bytes = min(wanted.partition_max_bytes, max(body.max_bytes - size_so_far, 0))
        records = log.read(offset, max_bytes, upper_offset, size_so_far == 0)
        if records:
            result = FetchPartitionResult(
                wanted.partition,
                high_watermark=result.high_watermark,
                last_stable_offset=result.last_stable_offset,
                log_start_offset=result.log_start_offset,
                aborted_transactions=result.aborted_transactions,
                records=records,
            )
    if follower is not None:
        partition.follower_fetched(follower, offset, wanted.log_start_offset, body.replica_epoch)
    return result


def _leader_only(request: Request) -> bool:
    return request.body.replica_id >= 0 or request.api_version < FROM_FOLLOWERS_SINCE


def _may_read(partition: Partition, wanted: FetchPartition, request: Request) -> bool:
    if wanted.current_leader_epoch not in (-1, partition.leader_epoch):
        return False
    return partition.is_leader or not _leader_only(request)


def _upper_offset(partition: Partition, body: FetchRequest) -> int:
    if body.replica_id >= 0:
        return partition.log.end_offset
    return partition.last_stable_offset if body.isolation_level == READ_COMMITTED else partition.high_watermark


def _diverging_epoch(partition: Partition, wanted: FetchPartition) -> EpochEndOffset | None:
    """Where the reader's last epoch ended here, if the reader has more of it than that (KIP-595)."""
    log = partition.log
    epoch, end_offset = log.epochs.end_offset_for(wanted.last_fetched_epoch, log.end_offset)
    if epoch == -1 or end_offset == -1 or wanted.fetch_offset < log.start_offset:
        raise Refused(ErrorCode.offset_out_of_range)
    if epoch < wanted.last_fetched_epoch or end_offset < wanted.fetch_offset:
        return EpochEndOffset(epoch, end_offset)
    return None


def _committed_result(partition: Partition) -> FetchPartitionResult:
    return FetchPartitionResult(
        partition.partition,
        high_watermark=partition.high_watermark,
        last_stable_offset=partition.last_stable_offset,
        log_start_offset=partition.log.start_offset,
        aborted_transactions=(),
    )


def _refused(
    broker: "Broker", topic: str, partition: int, error_code: ErrorCode, reading: Reading
) -> FetchPartitionResult:
    reading.at_once = True
    hint = hint_for(broker, error_code, topic, partition)
    if hint is not NO_HINT:
        reading.hints.append(hint)
    return FetchPartitionResult(partition, error_code, current_leader=hint)


def refuse(request: Request, refused: Refused) -> FetchResponse:
    return FetchResponse((), refused.error_code)
