"""InitProducerId: an id for a producer that wants each batch written exactly once (KIP-98).

Without a transactional id any broker gives a fresh producer id with epoch 0. This cluster has no
transaction coordinator, so a transactional id is refused.
"""

from typing import TYPE_CHECKING

from kio.schema.init_producer_id.v5.request import InitProducerIdRequest
from kio.schema.init_producer_id.v5.response import InitProducerIdResponse

from kafkalab.engine.broker.producer_ids import answer_with
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> InitProducerIdResponse | None:
    body: InitProducerIdRequest = request.body
    if body.transactional_id == "":
        raise Refused(ErrorCode.invalid_request, "A transactional id must not be empty.")
    if body.transactional_id is not None:
        raise Refused(ErrorCode.unsupported_version, "This cluster has no transaction coordinator.")
    return broker.producer_ids.give(request)


def refuse(request: Request, refused: Refused) -> InitProducerIdResponse:
    return answer_with(refused.error_code)
