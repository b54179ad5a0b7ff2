"""OffsetFetch (9): where groups will read on; each group with an error of its own (KIP-709)."""

from dataclasses import replace
from typing import TYPE_CHECKING

from kafkalab.engine.coordinators.offsets import fetch_refused
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import (
    OffsetFetchGroup,
    OffsetFetchGroupResult,
    OffsetFetchPartitionResult,
    OffsetFetchResponse,
    OffsetFetchTopicResult,
)
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

GROUP_ERROR_SINCE = 2


def handle(broker: "Broker", request: Request) -> OffsetFetchResponse:
    return OffsetFetchResponse(tuple(_fetch(broker, request, asked) for asked in request.body.groups))


def _fetch(broker: "Broker", request: Request, asked: OffsetFetchGroup) -> OffsetFetchGroupResult:
    found = broker.groups.fetch(asked, request.body.require_stable)
    if found.error_code is ErrorCode.none or request.api_version >= GROUP_ERROR_SINCE:
        return found
    # Before there was a place for it, the group's error stood with each partition.
    topics = tuple(
        OffsetFetchTopicResult(
            topic.name,
            topic.topic_id,
            tuple(OffsetFetchPartitionResult(number, error_code=found.error_code) for number in topic.partitions),
        )
        for topic in asked.topics or ()
    )
    return replace(found, topics=topics)


def refuse(request: Request, refused: Refused) -> OffsetFetchResponse:
    return OffsetFetchResponse(tuple(fetch_refused(asked, refused.error_code) for asked in request.body.groups))
