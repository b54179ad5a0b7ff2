"""ConsumerGroupHeartbeat (68): join, stay in, change and leave a group whose coordinator assigns (KIP-848).

The answer comes when what the heartbeat led to is replicated.
"""

from typing import TYPE_CHECKING

from kio.schema.consumer_group_heartbeat.v1.response import ConsumerGroupHeartbeatResponse

from kafkalab.engine.coordinators.modern.answers import heartbeat_refused
from kafkalab.engine.coordinators.modern.heartbeat import check_request
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    check_request(request.body, request.api_version)
    broker.groups.consumer_group_heartbeat(request)


def refuse(request: Request, refused: Refused) -> ConsumerGroupHeartbeatResponse:
    return heartbeat_refused(refused.error_code, refused.message)
