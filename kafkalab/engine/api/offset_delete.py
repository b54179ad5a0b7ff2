"""OffsetDelete (47): a group forgets how far it has read of some partitions.

The answer comes when the tombstones are replicated.
"""

from typing import TYPE_CHECKING

from kio.schema.offset_delete.v0.response import OffsetDeleteResponse

from kafkalab.engine.coordinators.offset_deletion import offsets_not_deleted
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    broker.groups.delete_offsets(request)


def refuse(request: Request, refused: Refused) -> OffsetDeleteResponse:
    return offsets_not_deleted(refused.error_code)
