"""AlterPartitionReassignments (45): the controller decides; any broker passes the request on (KIP-455, KIP-590)."""

from typing import TYPE_CHECKING

from kio.schema.alter_partition_reassignments.v1.response import AlterPartitionReassignmentsResponse

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    broker.forward(request)


def refuse(request: Request, refused: Refused) -> AlterPartitionReassignmentsResponse:
    return AlterPartitionReassignmentsResponse(
        throttle_time=NOT_THROTTLED, error_code=refused.error_code, error_message=refused.message, responses=()
    )
