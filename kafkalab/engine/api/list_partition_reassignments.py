"""ListPartitionReassignments (46): the controller knows; any broker passes the request on (KIP-455, KIP-590)."""

from typing import TYPE_CHECKING

from kio.schema.list_partition_reassignments.v0.response import ListPartitionReassignmentsResponse

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    broker.forward(request)


def refuse(request: Request, refused: Refused) -> ListPartitionReassignmentsResponse:
    return ListPartitionReassignmentsResponse(
        throttle_time=NOT_THROTTLED, error_code=refused.error_code, error_message=refused.message, topics=()
    )
