"""ListTransactions (66): the transactions that this broker coordinates."""

from typing import TYPE_CHECKING

from kio.schema.list_transactions.v2.response import ListTransactionsResponse, TransactionState

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.transactions.answers import NO_THROTTLE
from kafkalab.engine.transactions.descriptions import Wanted, listed
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> ListTransactionsResponse:
    shards = broker.transactions.shards.values()
    if any(shard.loading for shard in shards):
        raise Refused(ErrorCode.coordinator_load_in_progress)
    wanted = Wanted(request.body, broker.clock_ms)
    known = [each.metadata for shard in shards for each in shard.transactions.values()]
    return _told(ErrorCode.none, wanted.unknown, tuple(listed(each) for each in known if wanted.includes(each)))


def refuse(request: Request, refused: Refused) -> ListTransactionsResponse:
    return _told(refused.error_code)


def _told(
    error: ErrorCode, unknown: tuple[str, ...] = (), states: tuple[TransactionState, ...] = ()
) -> ListTransactionsResponse:
    return ListTransactionsResponse(
        throttle_time=NO_THROTTLE, error_code=error, unknown_state_filters=unknown, transaction_states=states
    )
