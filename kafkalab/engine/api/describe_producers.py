"""DescribeProducers (61): who has written to a partition lately, and whose transaction is open there (KIP-664).

Any replica answers from its own log. A transaction that is open here and unknown to its coordinator
hangs: this is how one is found (kafka.server.KafkaApis.handleDescribeProducersRequest).
"""

from typing import TYPE_CHECKING

from kio.schema.describe_producers.v0.request import DescribeProducersRequest
from kio.schema.describe_producers.v0.response import (
    DescribeProducersResponse,
    PartitionResponse,
    ProducerState,
    TopicResponse,
)
from kio.schema.types import ProducerId
from kio.static.primitive import i32, i64

from kafkalab.engine.controller.topic_names import check_topic_name
from kafkalab.engine.log.producers import Producer
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> DescribeProducersResponse:
    body: DescribeProducersRequest = request.body
    return DescribeProducersResponse(
        throttle_time=NOT_THROTTLED,
        topics=tuple(
            TopicResponse(
                name=topic.name,
                partitions=tuple(_describe(broker, topic.name, number) for number in topic.partition_indexes),
            )
            for topic in body.topics
        ),
    )


def _describe(broker: "Broker", topic: str, number: int) -> PartitionResponse:
    try:
        check_topic_name(topic)
        if topic not in broker.metadata.topics:
            raise Refused(ErrorCode.unknown_topic_or_partition, "This server does not host this topic-partition.")
        partition = broker.partition(topic, number)
    except Refused as refused:
        return _refused(number, refused)
    producers = partition.log.producers.by_id
    return PartitionResponse(
        partition_index=i32(number),
        error_code=ErrorCode.none,
        active_producers=tuple(_state(producer_id, producer) for producer_id, producer in producers.items()),
    )


def _state(producer_id: int, producer: Producer) -> ProducerState:
    start = -1 if producer.transaction_start is None else producer.transaction_start
    return ProducerState(
        producer_id=ProducerId(producer_id),
        producer_epoch=i32(producer.epoch),
        last_sequence=i32(producer.last_sequence),
        last_timestamp=i64(producer.last_timestamp_ms),
        coordinator_epoch=i32(producer.coordinator_epoch),
        current_txn_start_offset=i64(start),
    )


def _refused(number: int, refused: Refused) -> PartitionResponse:
    return PartitionResponse(
        partition_index=i32(number),
        error_code=refused.error_code,
        error_message=refused.message,
        active_producers=(),
    )


def refuse(request: Request, refused: Refused) -> DescribeProducersResponse:
    return DescribeProducersResponse(
        throttle_time=NOT_THROTTLED,
        topics=tuple(
            TopicResponse(
                name=topic.name, partitions=tuple(_refused(number, refused) for number in topic.partition_indexes)
            )
            for topic in request.body.topics
        ),
    )
