"""DescribeLogDirs (35): what lies on a broker's disk, and how large it is (KIP-113, KIP-827).

Each broker tells its own alone: who wants to know of a topic asks all of them. A partition that is
asked for and not here is left out, without an error (kafka.server.ReplicaManager.describeLogDirs).
"""

from typing import TYPE_CHECKING

from kio.schema.describe_log_dirs.v5.request import DescribeLogDirsRequest
from kio.schema.describe_log_dirs.v5.response import (
    DescribeLogDirsPartition,
    DescribeLogDirsResponse,
    DescribeLogDirsResult,
    DescribeLogDirsTopic,
)
from kio.schema.types import TopicName
from kio.static.primitive import i32, i64

from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> DescribeLogDirsResponse:
    body: DescribeLogDirsRequest = request.body
    wanted = None if body.topics is None else {topic.topic: topic.partitions for topic in body.topics}
    by_topic: dict[str, list[DescribeLogDirsPartition]] = {}
    for (topic, number), partition in broker.partitions.items():
        if wanted is None or number in wanted.get(TopicName(topic), ()):
            by_topic.setdefault(topic, []).append(_described(partition))
    result = DescribeLogDirsResult(
        error_code=ErrorCode.none,
        log_dir=broker.disk.location,
        topics=tuple(
            DescribeLogDirsTopic(name=TopicName(topic), partitions=tuple(found)) for topic, found in by_topic.items()
        ),
    )
    return DescribeLogDirsResponse(throttle_time=NOT_THROTTLED, error_code=ErrorCode.none, results=(result,))


def _described(partition: Partition) -> DescribeLogDirsPartition:
    return DescribeLogDirsPartition(
        partition_index=i32(partition.partition),
        partition_size=i64(partition.log.size),
        # Kafka's lag of a replica that is no future one: never below nothing, so always nothing.
        offset_lag=i64(max(partition.high_watermark - partition.log.end_offset, 0)),
        is_future_key=False,
    )


def refuse(request: Request, refused: Refused) -> DescribeLogDirsResponse:
    return DescribeLogDirsResponse(throttle_time=NOT_THROTTLED, error_code=refused.error_code, results=())
