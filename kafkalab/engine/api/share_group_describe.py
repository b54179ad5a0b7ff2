"""ShareGroupDescribe (77): who is in a share group, and which partitions each member reads."""

from typing import TYPE_CHECKING

from kio.schema.share_group_describe.v1.response import ShareGroupDescribeResponse

from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.share_groups.answers import describe_share_group_refused
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> ShareGroupDescribeResponse:
    groups = tuple(broker.share_groups.describe(group_id) for group_id in request.body.group_ids)
    return ShareGroupDescribeResponse(throttle_time=NO_THROTTLE, groups=groups)


def refuse(request: Request, refused: Refused) -> ShareGroupDescribeResponse:
    groups = tuple(
        describe_share_group_refused(group_id, refused.error_code, refused.message)
        for group_id in request.body.group_ids
    )
    return ShareGroupDescribeResponse(throttle_time=NO_THROTTLE, groups=groups)
