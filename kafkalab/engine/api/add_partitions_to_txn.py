"""AddPartitionsToTxn (24): these partitions are about to be written to in a transaction.

Clients say it before they produce. Since version 4 brokers say it for them, for several transactions
at once, or only ask whether it has been said (KIP-890).
"""

from typing import TYPE_CHECKING

from kio.schema.add_partitions_to_txn.v5.request import AddPartitionsToTxnRequest, AddPartitionsToTxnTransaction
from kio.schema.add_partitions_to_txn.v5.response import AddPartitionsToTxnResponse

from kafkalab.engine.controller.topic_names import is_internal
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.security.gatekeeper import may_write
from kafkalab.engine.transactions import answers
from kafkalab.engine.transactions.deciding import Producer
from kafkalab.engine.transactions.metadata import VERSION_0, VERSION_2, TopicPartition
from kafkalab.engine.transactions.sequels import Addition, PartitionsAdded
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

FROM_BROKERS_SINCE = 4


def handle(broker: "Broker", request: Request) -> AddPartitionsToTxnResponse | None:
    body: AddPartitionsToTxnRequest = request.body
    if not body.transactions:
        return refuse(request, Refused(ErrorCode.none))
    addition = Addition(request, len(body.transactions))
    for transaction in body.transactions:
        partitions = _partitions(transaction)
        try:
            errors = _add_or_verify(broker, request, addition, transaction, partitions)
        except Refused as refused:
            errors = dict.fromkeys(partitions, refused.error_code)
        if errors is not None:
            addition.settle(broker, transaction.transactional_id, errors)
    return None


def _add_or_verify(
    broker: "Broker",
    request: Request,
    addition: Addition,
    transaction: AddPartitionsToTxnTransaction,
    partitions: tuple[TopicPartition, ...],
) -> dict[TopicPartition, ErrorCode] | None:
    """None: the answer comes when it is written down."""
    wrong = _wrong(broker, request, partitions)
    if wrong:
        # All or nothing: who is told of one that is wrong must not believe that the others were taken.
        return {each: wrong.get(each, ErrorCode.operation_not_attempted) for each in partitions}
    if not transaction.transactional_id:
        raise Refused(ErrorCode.invalid_request)
    producer = Producer(transaction.producer_id, transaction.producer_epoch)
    coordinator = broker.transactions
    if transaction.verify_only:
        return coordinator.verify(transaction.transactional_id, producer, partitions)
    version = VERSION_0 if -1 < request.api_version < FROM_BROKERS_SINCE else VERSION_2
    sequel = PartitionsAdded(addition, transaction.transactional_id, partitions)
    coordinator.add_partitions(transaction.transactional_id, producer, partitions, version, sequel)
    return None


def _wrong(
    broker: "Broker", request: Request, partitions: tuple[TopicPartition, ...]
) -> dict[TopicPartition, ErrorCode]:
    """Those that can be added to no transaction. Of internal topics only brokers speak, and they may write to any."""
    topics = dict.fromkeys(topic for topic, _ in partitions)
    if request.api_version < FROM_BROKERS_SINCE:
        forbidden = [topic for topic in topics if is_internal(topic) or not may_write(broker, request, topic)]
    else:
        forbidden = []
    return {
        each: ErrorCode.topic_authorization_failed if each[0] in forbidden else ErrorCode.unknown_topic_or_partition
        for each in partitions
        if each[0] in forbidden or broker.metadata.partition(*each) is None
    }


def _partitions(transaction: AddPartitionsToTxnTransaction) -> tuple[TopicPartition, ...]:
    named = [(str(topic.name), int(partition)) for topic in transaction.topics for partition in topic.partitions]
    return tuple(dict.fromkeys(named))


def refuse(request: Request, refused: Refused) -> AddPartitionsToTxnResponse:
    return AddPartitionsToTxnResponse(
        throttle_time=answers.NO_THROTTLE,
        error_code=refused.error_code,
        results_by_transaction=tuple(
            answers.partitions_added(each.transactional_id, dict.fromkeys(_partitions(each), refused.error_code))
            for each in request.body.transactions
        ),
    )
