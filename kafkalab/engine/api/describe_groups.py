"""DescribeGroups (15): state, protocol and members of groups coordinated here."""

from typing import TYPE_CHECKING

from kio.schema.describe_groups.v6.response import DescribeGroupsResponse

from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.descriptions import describe_refused
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> DescribeGroupsResponse:
    groups = tuple(broker.groups.describe(group_id, request.api_version) for group_id in request.body.groups)
    return DescribeGroupsResponse(throttle_time=NO_THROTTLE, groups=groups)


def refuse(request: Request, refused: Refused) -> DescribeGroupsResponse:
    groups = tuple(describe_refused(group_id, refused.error_code) for group_id in request.body.groups)
    return DescribeGroupsResponse(throttle_time=NO_THROTTLE, groups=groups)
