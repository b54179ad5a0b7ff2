"""LeaveGroup (13): members say goodbye, or an administrator removes them."""

from typing import TYPE_CHECKING

from kio.schema.leave_group.v5.response import LeaveGroupResponse

from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> LeaveGroupResponse:
    members = broker.groups.leave(request.body)
    return LeaveGroupResponse(throttle_time=NO_THROTTLE, error_code=ErrorCode.none, members=members)


def refuse(request: Request, refused: Refused) -> LeaveGroupResponse:
    return LeaveGroupResponse(throttle_time=NO_THROTTLE, error_code=refused.error_code, members=())
