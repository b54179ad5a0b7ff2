"""SyncGroup (14): the leader hands in who gets what, everybody fetches its part.

The answer comes when the leader's assignment is replicated.
"""

from typing import TYPE_CHECKING

from kio.schema.sync_group.v5.response import SyncGroupResponse

from kafkalab.engine.coordinators.answers import sync_refused
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    broker.groups.sync(request)


def refuse(request: Request, refused: Refused) -> SyncGroupResponse:
    return sync_refused(refused.error_code)
