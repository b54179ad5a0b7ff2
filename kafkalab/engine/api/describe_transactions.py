"""DescribeTransactions (65): how far these transactions have come, from the broker that coordinates them."""

from typing import TYPE_CHECKING

from kio.schema.describe_transactions.v0.response import DescribeTransactionsResponse, TransactionState

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.transactions.answers import NO_THROTTLE
from kafkalab.engine.transactions.descriptions import described, not_described
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> DescribeTransactionsResponse:
    asked = dict.fromkeys(request.body.transactional_ids)
    return _told(tuple(_describe(broker, each) for each in asked))


def _describe(broker: "Broker", transactional_id: str) -> TransactionState:
    if not transactional_id:
        return not_described(transactional_id, ErrorCode.invalid_request)
    try:
        known = broker.transactions.shard(transactional_id).transactions.get(transactional_id)
    except Refused as refused:
        return not_described(transactional_id, refused.error_code)
    if known is None:
        return not_described(transactional_id, ErrorCode.transactional_id_not_found)
    return described(known.metadata)


def refuse(request: Request, refused: Refused) -> DescribeTransactionsResponse:
    return _told(tuple(not_described(each, refused.error_code) for each in request.body.transactional_ids))


def _told(states: tuple[TransactionState, ...]) -> DescribeTransactionsResponse:
    return DescribeTransactionsResponse(throttle_time=NO_THROTTLE, transaction_states=states)
