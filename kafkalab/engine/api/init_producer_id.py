"""InitProducerId (22): who a producer is (KIP-98).

Without a transactional id any broker gives a fresh producer id with epoch 0. With one the coordinator
gives the next epoch of the id that belongs to it, which locks out whoever had the epoch before; with its
present id and epoch a producer goes on after an error, if nobody has replaced it (KIP-360).
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from kio.schema.init_producer_id.v5.request import InitProducerIdRequest
from kio.schema.init_producer_id.v5.response import InitProducerIdResponse

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.transactions import answers
from kafkalab.engine.transactions.deciding import Producer
from kafkalab.engine.transactions.metadata import NO_PRODUCER
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

_MILLISECOND = timedelta(milliseconds=1)


def handle(broker: "Broker", request: Request) -> InitProducerIdResponse | None:
    body: InitProducerIdRequest = request.body
    if (body.producer_id == NO_PRODUCER) != (body.producer_epoch == NO_PRODUCER):
        raise Refused(ErrorCode.invalid_request)
    if body.transactional_id is None:
        return broker.producer_ids.give(request)
    if body.transactional_id == "":
        raise Refused(ErrorCode.invalid_request, "A transactional id must not be empty.")
    timeout_ms = body.transaction_timeout // _MILLISECOND
    if not 0 < timeout_ms <= broker.config.transaction_max_timeout_ms:
        raise Refused(ErrorCode.invalid_transaction_timeout)
    expected = None if body.producer_id == NO_PRODUCER else Producer(body.producer_id, body.producer_epoch)
    broker.transactions.initialize(request, body.transactional_id, expected, timeout_ms)
    return None


def refuse(request: Request, refused: Refused) -> InitProducerIdResponse:
    return answers.initialized(request, refused.error_code)
