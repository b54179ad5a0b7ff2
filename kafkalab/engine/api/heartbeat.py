"""Heartbeat (12): a member lives, and hears whether it has to join again."""

from typing import TYPE_CHECKING

from kio.schema.heartbeat.v4.response import HeartbeatResponse

from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> HeartbeatResponse:
    return HeartbeatResponse(throttle_time=NO_THROTTLE, error_code=broker.groups.heartbeat(request.body))


def refuse(request: Request, refused: Refused) -> HeartbeatResponse:
    return HeartbeatResponse(throttle_time=NO_THROTTLE, error_code=refused.error_code)
