"""ConsumerGroupDescribe (69): epochs, members and targets of consumer groups coordinated here (KIP-848)."""

from dataclasses import replace
from typing import TYPE_CHECKING

from kio.schema.consumer_group_describe.v1.response import ConsumerGroupDescribeResponse
from kio.static.primitive import i32

from kafkalab.engine.api.describe_groups import ALL_GROUP_OPERATIONS
from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.modern.answers import describe_consumer_group_refused
from kafkalab.engine.coordinators.overview import describe_consumer_group
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> ConsumerGroupDescribeResponse:
    groups = tuple(describe_consumer_group(broker, group_id) for group_id in request.body.group_ids)
    if request.body.include_authorized_operations:
        groups = tuple(
            replace(group, authorized_operations=i32(ALL_GROUP_OPERATIONS))
            if group.error_code is ErrorCode.none
            else group
            for group in groups
        )
    return ConsumerGroupDescribeResponse(throttle_time=NO_THROTTLE, groups=groups)


def refuse(request: Request, refused: Refused) -> ConsumerGroupDescribeResponse:
    groups = tuple(
        describe_consumer_group_refused(group_id, refused.error_code, refused.message)
        for group_id in request.body.group_ids
    )
    return ConsumerGroupDescribeResponse(throttle_time=NO_THROTTLE, groups=groups)
