"""Producer ids are handed out in blocks, so that no two brokers ever give the same (ProducerIdControlManager)."""

from datetime import timedelta

from kio.schema.allocate_producer_ids.v0.request import AllocateProducerIdsRequest
from kio.schema.allocate_producer_ids.v0.response import AllocateProducerIdsResponse
from kio.schema.types import ProducerId
from kio.static.primitive import i32, i32Timedelta

from kafkalab.engine.controller.brokers import check_epoch
from kafkalab.engine.controller.decision import Decision
from kafkalab.engine.controller.metadata import MetadataImage, ProducerIdsRecord
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

BLOCK = 1_000
"""ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE."""
ZERO = i32Timedelta.parse(timedelta(0))


def allocate(image: MetadataImage, body: AllocateProducerIdsRequest) -> Decision:
    check_epoch(image, body.broker_id, body.broker_epoch)
    first = image.next_producer_id
    record = ProducerIdsRecord(int(body.broker_id), int(body.broker_epoch), first + BLOCK)
    answer = AllocateProducerIdsResponse(
        throttle_time=ZERO, error_code=ErrorCode.none, producer_id_start=ProducerId(first), producer_id_len=i32(BLOCK)
    )
    return Decision(answer, (record,))


def allocation_refused(refused: Refused) -> AllocateProducerIdsResponse:
    return AllocateProducerIdsResponse(
        throttle_time=ZERO, error_code=refused.error_code, producer_id_start=ProducerId(0), producer_id_len=i32(0)
    )
