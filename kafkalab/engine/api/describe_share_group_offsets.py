"""DescribeShareGroupOffsets (90): where a share group begins in each partition, and how much it has before it.

Nobody asks whether there is such a group: one that is not there begins nowhere.
"""

from typing import TYPE_CHECKING, Any

from kio.schema.describe_share_group_offsets.v1.response import (
    DescribeShareGroupOffsetsResponse,
    DescribeShareGroupOffsetsResponseGroup,
    DescribeShareGroupOffsetsResponsePartition,
    DescribeShareGroupOffsetsResponseTopic,
)
from kio.schema.types import GroupId, TopicName
from kio.static.primitive import i32, i64

from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.share_groups.offsets import Describing, ShareOffset
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.share.state import SharePartitionKey
from kafkalab.engine.share.words import said
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    errors: dict[str, Refused] = {}
    places: dict[str, list[SharePartitionKey]] = {}
    for asked in request.body.groups:
        try:
            begun = broker.share_groups.begun_by(asked.group_id)
        except Refused as refused:
            errors[asked.group_id] = refused
            continue
        wanted = begun if asked.topics is None else [it for it in begun if _is_asked(broker, asked, it)]
        places[asked.group_id] = [SharePartitionKey(asked.group_id, *it) for it in wanted]
    Describing(request, _answer, errors, places).begin(broker)


def _is_asked(broker: "Broker", asked: Any, place: Any) -> bool:
    name = broker.metadata.topic_names.get(place[0])
    return any(topic.topic_name == name and place[1] in topic.partitions for topic in asked.topics)


def _answer(broker: "Broker", describing: Describing) -> DescribeShareGroupOffsetsResponse:
    return DescribeShareGroupOffsetsResponse(
        throttle_time=NO_THROTTLE,
        groups=tuple(_group(broker, describing, asked) for asked in describing.request.body.groups),
    )


def _group(broker: "Broker", describing: Describing, asked: Any) -> DescribeShareGroupOffsetsResponseGroup:
    group_id = asked.group_id
    if group_id in describing.groups:
        refused = describing.groups[group_id]
        return _refused_group(group_id, refused.error_code, said(refused.error_code, refused.message))
    topics: dict[str, dict[int, ShareOffset]] = {}
    for topic in asked.topics or ():
        topics[topic.topic_name] = {number: ShareOffset() for number in topic.partitions}
    for key in describing.places[group_id]:
        name = broker.metadata.topic_names.get(key.topic_id)
        if name is not None:
            topics.setdefault(name, {})[key.partition] = describing.found[key]
    return DescribeShareGroupOffsetsResponseGroup(
        group_id=GroupId(group_id),
        topics=tuple(
            DescribeShareGroupOffsetsResponseTopic(
                topic_name=TopicName(name),
                topic_id=broker.metadata.topics[name].topic_id if name in broker.metadata.topics else None,
                partitions=tuple(_partition(number, each) for number, each in sorted(parts.items())),
            )
            for name, parts in topics.items()
        ),
        error_code=ErrorCode.none,
    )


def _partition(number: int, it: ShareOffset) -> DescribeShareGroupOffsetsResponsePartition:
    return DescribeShareGroupOffsetsResponsePartition(
        partition_index=i32(number),
        start_offset=i64(it.start_offset),
        leader_epoch=i32(it.leader_epoch),
        lag=i64(it.lag),
        error_code=it.error_code,
    )


def _refused_group(group_id: str, error: ErrorCode, message: str | None) -> DescribeShareGroupOffsetsResponseGroup:
    return DescribeShareGroupOffsetsResponseGroup(
        group_id=GroupId(group_id), topics=(), error_code=error, error_message=message
    )


def refuse(request: Request, refused: Refused) -> DescribeShareGroupOffsetsResponse:
    return DescribeShareGroupOffsetsResponse(
        throttle_time=NO_THROTTLE,
        groups=tuple(
            _refused_group(asked.group_id, refused.error_code, refused.message) for asked in request.body.groups
        ),
    )
