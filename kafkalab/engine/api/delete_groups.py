"""DeleteGroups (42): forget groups without members, with their offsets.

The answer comes when the last of their tombstones is replicated.
"""

from typing import TYPE_CHECKING

from kio.schema.delete_groups.v2.response import DeleteGroupsResponse

from kafkalab.engine.coordinators.deletion import deleted
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    if not broker.share_groups.forget_state_first(request):
        broker.groups.delete(request)


def refuse(request: Request, refused: Refused) -> DeleteGroupsResponse:
    return deleted(dict.fromkeys(request.body.groups_names, refused.error_code))
