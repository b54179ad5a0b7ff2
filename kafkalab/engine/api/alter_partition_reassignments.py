"""AlterPartitionReassignments (45): the controller decides (KIP-455)."""

from kio.schema.alter_partition_reassignments.v1.response import AlterPartitionReassignmentsResponse

from kafkalab.engine.api.forwarding import handle
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED

__all__ = ["handle", "refuse"]


def refuse(request: Request, refused: Refused) -> AlterPartitionReassignmentsResponse:
    return AlterPartitionReassignmentsResponse(
        throttle_time=NOT_THROTTLED, error_code=refused.error_code, error_message=refused.message, responses=()
    )
