"""ShareGroupHeartbeat (76): join, stay in, change and leave a share group (KIP-932).

The answer comes when what the heartbeat led to is replicated.
"""

from typing import TYPE_CHECKING

from kio.schema.share_group_heartbeat.v1.response import ShareGroupHeartbeatResponse

from kafkalab.engine.coordinators.share_groups.answers import heartbeat_refused
from kafkalab.engine.coordinators.share_groups.heartbeat import check_request
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    check_request(request.body)
    broker.share_groups.heartbeat(request)


def refuse(request: Request, refused: Refused) -> ShareGroupHeartbeatResponse:
    return heartbeat_refused(refused.error_code, refused.message)
