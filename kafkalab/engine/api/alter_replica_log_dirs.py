"""AlterReplicaLogDirs (34): a replica moves to another directory of its own broker (KIP-113).

A broker here has one log directory. To move what lies there to where it lies is done at once; every
other directory is not found (kafka.server.ReplicaManager.alterReplicaLogDirs).
"""

from typing import TYPE_CHECKING

from kio.schema.alter_replica_log_dirs.v2.request import AlterReplicaLogDirsRequest
from kio.schema.alter_replica_log_dirs.v2.response import (
    AlterReplicaLogDirPartitionResult,
    AlterReplicaLogDirsResponse,
    AlterReplicaLogDirTopicResult,
)
from kio.schema.types import TopicName
from kio.static.primitive import i32

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

Results = dict[str, dict[int, ErrorCode]]


def handle(broker: "Broker", request: Request) -> AlterReplicaLogDirsResponse:
    body: AlterReplicaLogDirsRequest = request.body
    results: Results = {}
    for directory in body.dirs:
        for topic in directory.topics:
            for number in topic.partitions:
                results.setdefault(topic.name, {})[number] = _move(broker, directory.path, topic.name, number)
    return _answer(results)


def _move(broker: "Broker", path: str, topic: str, number: int) -> ErrorCode:
    if path != broker.disk.location:
        return ErrorCode.log_dir_not_found
    try:
        broker.partition(topic, number)
    except Refused as refused:
        elsewhere = refused.error_code is ErrorCode.not_leader_or_follower
        return ErrorCode.replica_not_available if elsewhere else refused.error_code
    return ErrorCode.none


def _answer(results: Results) -> AlterReplicaLogDirsResponse:
    return AlterReplicaLogDirsResponse(
        throttle_time=NOT_THROTTLED,
        results=tuple(
            AlterReplicaLogDirTopicResult(
                topic_name=TopicName(topic),
                partitions=tuple(
                    AlterReplicaLogDirPartitionResult(partition_index=i32(number), error_code=error)
                    for number, error in partitions.items()
                ),
            )
            for topic, partitions in results.items()
        ),
    )


def refuse(request: Request, refused: Refused) -> AlterReplicaLogDirsResponse:
    results: Results = {}
    for directory in request.body.dirs:
        for topic in directory.topics:
            results.setdefault(topic.name, {}).update(dict.fromkeys(topic.partitions, refused.error_code))
    return _answer(results)
