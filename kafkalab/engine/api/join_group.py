"""JoinGroup (11): become a member of a group, or join its next generation.

The answer comes when the join phase ends, which may be minutes later.
"""

from typing import TYPE_CHECKING

from kio.schema.join_group.v9.response import JoinGroupResponse

from kafkalab.engine.coordinators.answers import join_refused
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    broker.groups.join(request)


def refuse(request: Request, refused: Refused) -> JoinGroupResponse:
    return join_refused(request, refused.error_code, request.body.member_id)
