"""DescribeGroups (15): state, protocol and members of groups coordinated here."""

from dataclasses import replace
from typing import TYPE_CHECKING

from kio.schema.describe_groups.v6.response import DescribeGroupsResponse
from kio.static.primitive import i32

from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.descriptions import describe_refused
from kafkalab.engine.coordinators.overview import describe_group
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

ALL_GROUP_OPERATIONS = 0b1101_0100_1000
"""One bit for each AclOperation that applies to groups: without an authorizer all are allowed."""

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> DescribeGroupsResponse:
    groups = tuple(describe_group(broker, group_id, request.api_version) for group_id in request.body.groups)
    if request.body.include_authorized_operations:
        groups = tuple(replace(group, authorized_operations=i32(ALL_GROUP_OPERATIONS)) for group in groups)
    return DescribeGroupsResponse(throttle_time=NO_THROTTLE, groups=groups)


def refuse(request: Request, refused: Refused) -> DescribeGroupsResponse:
    groups = tuple(describe_refused(group_id, refused.error_code) for group_id in request.body.groups)
    return DescribeGroupsResponse(throttle_time=NO_THROTTLE, groups=groups)
