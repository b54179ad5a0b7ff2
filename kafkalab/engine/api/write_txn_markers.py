"""WriteTxnMarkers (27): a transaction coordinator, or a person, has transactions end in partitions led here.

Each marker is a control batch, and counts once every in-sync replica has it. In `__consumer_offsets`
it also decides about the offsets that were committed within the transaction: from now on they are
the group's, or nobody's (kafka.server.KafkaApis.handleWriteTxnMarkersRequest).
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kio.schema.types import ProducerId, TopicName
from kio.schema.write_txn_markers.v2.request import WritableTxnMarker, WriteTxnMarkersRequest
from kio.schema.write_txn_markers.v2.response import (
    WritableTxnMarkerPartitionResult,
    WritableTxnMarkerResult,
    WritableTxnMarkerTopicResult,
    WriteTxnMarkersResponse,
)
from kio.static.primitive import i32

from kafkalab.engine.broker.silence import REQUEST_TIMEOUT_US
from kafkalab.engine.coordinators.records import OFFSETS_TOPIC
from kafkalab.engine.log.transactions import Marker, marker_batch
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

Results = dict[int, dict["PartitionKey", ErrorCode]]
"""By producer id."""


@dataclass(slots=True)
class Unreplicated:
    producer_id: int
    key: "PartitionKey"
    required_offset: int


@dataclass(slots=True)
class MarkersAwaitingIsr:
    request: Request
    results: Results = field(default_factory=dict)
    pending: list[Unreplicated] = field(default_factory=list)

    @property
    def source(self) -> str:
        return self.request.source

    def check(self, broker: "Broker", key: "PartitionKey") -> bool:
        self.settle(broker, key)
        if self.pending:
            return False
        broker.respond(self.request, response(self.results))
        return True

    def expire(self, broker: "Broker") -> None:
        for marker in self.pending:
            self.results[marker.producer_id][marker.key] = ErrorCode.request_timed_out
        broker.respond(self.request, response(self.results))

    def settle(self, broker: "Broker", key: "PartitionKey") -> None:
        partition = broker.partitions.get(key)
        waiting, self.pending = self.pending, []
        for marker in waiting:
            error: ErrorCode | None = None
            if marker.key == key:
                error = partition.replicated(marker.required_offset) if partition else ErrorCode.not_leader_or_follower
            if error is None:
                self.pending.append(marker)
                continue
            self.results[marker.producer_id][key] = error
            if key[0] == OFFSETS_TOPIC:
                broker.groups.marker_replicated(key[1])


def handle(broker: "Broker", request: Request) -> WriteTxnMarkersResponse | None:
    body: WriteTxnMarkersRequest = request.body
    wait = MarkersAwaitingIsr(request)
    for marker in body.markers:
        results = wait.results.setdefault(marker.producer_id, {})
        for topic in marker.topics:
            for number in topic.partition_indexes:
                key = (str(topic.name), int(number))
                try:
                    required_offset = _write(broker, marker, key)
                except Refused as refused:
                    broker.router.tell_refusal(request, refused)
                    results[key] = refused.error_code
                else:
                    results[key] = ErrorCode.none
                    wait.pending.append(Unreplicated(marker.producer_id, key, required_offset))
    for key in dict.fromkeys(each.key for each in wait.pending):
        wait.settle(broker, key)
    if not wait.pending:
        return response(wait.results)
    keys = tuple(dict.fromkeys(each.key for each in wait.pending))
    broker.purgatory.watch(wait, keys, REQUEST_TIMEOUT_US // 1000)
    return None


def _write(broker: "Broker", asked: WritableTxnMarker, key: "PartitionKey") -> int:
    """The offset that the marker needs to be replicated up to."""
    partition = broker.partitions.get(key)
    if partition is None:
        raise Refused(ErrorCode.unknown_topic_or_partition)
    if key[0] == OFFSETS_TOPIC:
        broker.groups.check_takes_markers(key[1])
    marker = Marker(asked.transaction_result, asked.coordinator_epoch)
    data = marker_batch(asked.producer_id, asked.producer_epoch, marker, broker.clock_ms)
    appended = partition.append_as_leader(
        data, required_acks=-1, from_client=False, transaction_version=asked.transaction_version
    )
    if key[0] == OFFSETS_TOPIC:
        broker.groups.marker_written(key[1], appended.last_offset, asked.producer_id, asked.transaction_result)
    return appended.last_offset + 1


def response(results: Results) -> WriteTxnMarkersResponse:
    return WriteTxnMarkersResponse(
        markers=tuple(
            WritableTxnMarkerResult(producer_id=ProducerId(producer_id), topics=_by_topic(errors))
            for producer_id, errors in results.items()
        )
    )


def _by_topic(errors: dict["PartitionKey", ErrorCode]) -> tuple[WritableTxnMarkerTopicResult, ...]:
    topics: dict[str, list[WritableTxnMarkerPartitionResult]] = {}
    for (topic, partition), error in errors.items():
        result = WritableTxnMarkerPartitionResult(partition_index=i32(partition), error_code=error)
        topics.setdefault(topic, []).append(result)
    return tuple(
        WritableTxnMarkerTopicResult(name=TopicName(topic), partitions=tuple(partitions))
        for topic, partitions in topics.items()
    )


def refuse(request: Request, refused: Refused) -> WriteTxnMarkersResponse:
    body: WriteTxnMarkersRequest = request.body
    return response(
        {
            marker.producer_id: {
                (topic.name, number): refused.error_code
                for topic in marker.topics
                for number in topic.partition_indexes
            }
            for marker in body.markers
        }
    )
