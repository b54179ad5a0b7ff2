"""ListPartitionReassignments (46): the controller knows (KIP-455)."""

from kio.schema.list_partition_reassignments.v0.response import ListPartitionReassignmentsResponse

from kafkalab.engine.api.forwarding import handle
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED

__all__ = ["handle", "refuse"]


def refuse(request: Request, refused: Refused) -> ListPartitionReassignmentsResponse:
    return ListPartitionReassignmentsResponse(
        throttle_time=NOT_THROTTLED, error_code=refused.error_code, error_message=refused.message, topics=()
    )
