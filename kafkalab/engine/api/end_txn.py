"""EndTxn (26): commit, or abort.

The answer comes when the decision is safe in `__transaction_state`; the markers follow. From version 5
on it gives the producer the epoch of its next transaction (KIP-890).
"""

from typing import TYPE_CHECKING

from kio.schema.end_txn.v5.response import EndTxnResponse

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.transactions import answers
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> EndTxnResponse | None:
    if not request.body.transactional_id:
        raise Refused(ErrorCode.invalid_request)
    broker.transactions.end(request)
    return None


def refuse(request: Request, refused: Refused) -> EndTxnResponse:
    return answers.ended(request, refused.error_code)
