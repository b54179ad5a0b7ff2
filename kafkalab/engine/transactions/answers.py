"""The answers about transactions, which often go out long after they were asked for.

Versions from before PRODUCER_FENCED was known hear INVALID_PRODUCER_EPOCH instead (KIP-588).
"""

from datetime import timedelta

from kio.schema.add_offsets_to_txn.v4.response import AddOffsetsToTxnResponse
from kio.schema.add_partitions_to_txn.v5.response import (
    AddPartitionsToTxnPartitionResult,
    AddPartitionsToTxnResult,
    AddPartitionsToTxnTopicResult,
)
from kio.schema.end_txn.v5.response import EndTxnResponse
from kio.schema.init_producer_id.v5.response import InitProducerIdResponse
from kio.schema.types import ProducerId, TopicName, TransactionalId
from kio.static.primitive import i16, i32, i32Timedelta

from kafkalab.engine.node import Request
from kafkalab.engine.transactions.metadata import NO_PRODUCER, TopicPartition
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

NO_THROTTLE = i32Timedelta.parse(timedelta(0))
FENCED_SINCE = {
    ApiKey.INIT_PRODUCER_ID: 4,
    ApiKey.ADD_PARTITIONS_TO_TXN: 2,
    ApiKey.ADD_OFFSETS_TO_TXN: 2,
    ApiKey.END_TXN: 2,
}
"""The first version that knows PRODUCER_FENCED."""


def told(request: Request, error: ErrorCode) -> ErrorCode:
    """The error as this version of the request knows it; -1 is the newest."""
    if error is ErrorCode.producer_fenced and -1 < request.api_version < FENCED_SINCE[ApiKey(request.api_key)]:
        return ErrorCode.invalid_producer_epoch
    return error


def initialized(
    request: Request, error: ErrorCode, producer_id: int = NO_PRODUCER, producer_epoch: int = NO_PRODUCER
) -> InitProducerIdResponse:
    return InitProducerIdResponse(
        throttle_time=NO_THROTTLE,
        error_code=told(request, error),
        producer_id=ProducerId(producer_id),
        producer_epoch=i16(producer_epoch),
    )


def ended(
    request: Request, error: ErrorCode, producer_id: int = NO_PRODUCER, producer_epoch: int = NO_PRODUCER
) -> EndTxnResponse:
    return EndTxnResponse(
        throttle_time=NO_THROTTLE,
        error_code=told(request, error),
        producer_id=ProducerId(producer_id),
        producer_epoch=i16(producer_epoch),
    )


def offsets_added(request: Request, error: ErrorCode) -> AddOffsetsToTxnResponse:
    return AddOffsetsToTxnResponse(throttle_time=NO_THROTTLE, error_code=told(request, error))


def partitions_added(transactional_id: str, errors: dict[TopicPartition, ErrorCode]) -> AddPartitionsToTxnResult:
    by_topic: dict[str, list[AddPartitionsToTxnPartitionResult]] = {}
    for (topic, partition), error in errors.items():
        result = AddPartitionsToTxnPartitionResult(partition_index=i32(partition), partition_error_code=error)
        by_topic.setdefault(topic, []).append(result)
    return AddPartitionsToTxnResult(
        transactional_id=TransactionalId(transactional_id),
        topic_results=tuple(
            AddPartitionsToTxnTopicResult(name=TopicName(topic), results_by_partition=tuple(results))
            for topic, results in by_topic.items()
        ),
    )
