"""ListGroups (16): the groups that this broker coordinates; a tool asks every broker."""

from typing import TYPE_CHECKING

from kio.schema.list_groups.v5.response import ListGroupsResponse

from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.overview import list_groups
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> ListGroupsResponse:
    error, groups = list_groups(broker, request.body.states_filter, request.body.types_filter)
    return ListGroupsResponse(throttle_time=NO_THROTTLE, error_code=error, groups=groups)


def refuse(request: Request, refused: Refused) -> ListGroupsResponse:
    return ListGroupsResponse(throttle_time=NO_THROTTLE, error_code=refused.error_code, groups=())
