"""DeleteRecords: everything before an offset is given up, on every live replica (KIP-107).

The leader moves its log's start at once; the followers learn it with their next fetch. The answer
waits for the lowest of these starts, the low watermark (kafka.server.DelayedDeleteRecords).
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kio.schema.delete_records.v2.request import DeleteRecordsPartition, DeleteRecordsRequest
from kio.schema.delete_records.v2.response import (
    DeleteRecordsPartitionResult,
    DeleteRecordsResponse,
    DeleteRecordsTopicResult,
)
from kio.static.primitive import i32, i64

from kafkalab.engine.controller.topic_names import is_internal
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

NO_LOW_WATERMARK = -1


@dataclass(slots=True)
class DeleteRecordsAwaitingFollowers:
    request: Request
    results: dict["PartitionKey", DeleteRecordsPartitionResult] = field(default_factory=dict)
    """What is settled."""
    pending: dict["PartitionKey", int] = field(default_factory=dict)
    """The offset that every live replica's log has to begin at."""

    @property
    def source(self) -> str:
        return self.request.source

    def check(self, broker: "Broker", key: "PartitionKey") -> bool:
        self.settle(broker, key)
        if self.pending:
            return False
        broker.respond(self.request, self.response())
        return True

    def expire(self, broker: "Broker") -> None:
        for key in self.pending:
            self.results[key] = _result(key[1], ErrorCode.request_timed_out)
        broker.respond(self.request, self.response())

    def settle(self, broker: "Broker", key: "PartitionKey") -> None:
        if key not in self.pending:
            return
        partition = broker.partitions.get(key)
        if partition is None or not partition.is_leader:
            del self.pending[key]
            self.results[key] = _result(key[1], ErrorCode.not_leader_or_follower)
        elif partition.low_watermark >= self.pending[key]:
            del self.pending[key]
            self.results[key] = _result(key[1], ErrorCode.none, partition.low_watermark)

    def response(self) -> DeleteRecordsResponse:
        body: DeleteRecordsRequest = self.request.body
        return DeleteRecordsResponse(
            throttle_time=NOT_THROTTLED,
            topics=tuple(
                DeleteRecordsTopicResult(
                    name=topic.name,
                    partitions=tuple(self.results[topic.name, each.partition_index] for each in topic.partitions),
                )
                for topic in body.topics
            ),
        )


def handle(broker: "Broker", request: Request) -> DeleteRecordsResponse | None:
    body: DeleteRecordsRequest = request.body
    wait = DeleteRecordsAwaitingFollowers(request)
    for topic in body.topics:
        for wanted in topic.partitions:
            key: PartitionKey = (topic.name, wanted.partition_index)
            try:
                wait.pending[key] = _delete(broker, topic.name, wanted)
            except Refused as refused:
                wait.results[key] = _result(wanted.partition_index, refused.error_code)
    for key in tuple(wait.pending):
        wait.settle(broker, key)
    if not wait.pending:
        return wait.response()
    broker.purgatory.watch(wait, tuple(wait.pending), int(body.timeout.total_seconds() * 1000))
    return None


def _delete(broker: "Broker", topic: str, wanted: DeleteRecordsPartition) -> int:
    if is_internal(topic):
        raise Refused(ErrorCode.invalid_topic_exception, f"Cannot delete records of internal topic {topic}")
    return broker.partition(topic, wanted.partition_index).delete_records_before(wanted.offset)


def _result(
    partition: int, error_code: ErrorCode, low_watermark: int = NO_LOW_WATERMARK
) -> DeleteRecordsPartitionResult:
    return DeleteRecordsPartitionResult(
        partition_index=i32(partition), low_watermark=i64(low_watermark), error_code=error_code
    )


def refuse(request: Request, refused: Refused) -> DeleteRecordsResponse:
    return DeleteRecordsResponse(
        throttle_time=NOT_THROTTLED,
        topics=tuple(
            DeleteRecordsTopicResult(
                name=topic.name,
                partitions=tuple(_result(each.partition_index, refused.error_code) for each in topic.partitions),
            )
            for topic in request.body.topics
        ),
    )
