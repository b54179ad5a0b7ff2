"""Before a transaction begins in a partition, its coordinator is asked whether it knows of that.

Without this a write that was long under way could open a transaction that nobody will ever end, and
hold up every reader of committed records (KIP-890). For older clients the coordinator only says
whether the partition was added; for those that speak of transaction.version 2 it adds it. The
question is AddPartitionsToTxn, from broker to broker (kafka.server.AddPartitionsToTxnManager).
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from kio.schema.add_partitions_to_txn.v5.request import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnTopic,
    AddPartitionsToTxnTransaction,
)
from kio.schema.add_partitions_to_txn.v5.response import AddPartitionsToTxnResponse
from kio.schema.types import ProducerId, TopicName, TransactionalId
from kio.static.primitive import i16, i32

from kafkalab.engine.coordinator_place import TRANSACTIONS_TOPIC, coordinator_of
from kafkalab.engine.node import Request, Response
from kafkalab.engine.spec import broker_node
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

CHANNEL = "transactions"
ADD_PARTITIONS_VERSION = 5

Errors = dict["PartitionKey", ErrorCode]
"""Of the partitions that the transaction may not write to."""


class Support(Enum):
    """What a client's version of the request says that it knows of (TransactionSupportedOperation)."""

    VERIFIED = 1
    """It added its partitions itself; TRANSACTION_ABORTABLE is new to it."""
    ABORTABLE = 2
    """So did this one, and it knows that error."""
    ADDS = 3
    """It leaves that to the brokers (transaction.version 2)."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wants to write."""

    transactional_id: str
    producer_id: int
    producer_epoch: int
    support: Support


class Verified(Protocol):
    """Who asked gets the answer once, perhaps at once."""

    def verified(self, broker: "Broker", errors: Errors) -> None: ...


@dataclass(frozen=True, slots=True)
class Question:
    coordinator: str
    sent_us: int
    writer: Writer
    partitions: tuple["PartitionKey", ...]
    waiter: Verified


@dataclass(slots=True)
class Verifications:
    broker: "Broker"
    in_flight: dict[int, Question] = field(default_factory=dict)

    def ask(self, writer: Writer, partitions: tuple["PartitionKey", ...], waiter: Verified) -> None:
        """Whether that transaction may write there."""
        broker = self.broker
        coordinator = coordinator_of(writer.transactional_id, TRANSACTIONS_TOPIC, broker.metadata)
        if coordinator is None:
            waiter.verified(broker, dict.fromkeys(partitions, ErrorCode.coordinator_not_available))
            return
        by_topic: dict[str, list[i32]] = {}
        for topic, partition in partitions:
            by_topic.setdefault(topic, []).append(i32(partition))
        transaction = AddPartitionsToTxnTransaction(
            transactional_id=TransactionalId(writer.transactional_id),
            producer_id=ProducerId(writer.producer_id),
            producer_epoch=i16(writer.producer_epoch),
            verify_only=writer.support is not Support.ADDS,
            topics=tuple(
                AddPartitionsToTxnTopic(name=TopicName(topic), partitions=tuple(numbers))
                for topic, numbers in by_topic.items()
            ),
        )
        target = broker_node(coordinator.broker_id)
        correlation_id = broker.next_correlation_id()
        self.in_flight[correlation_id] = Question(target, broker.now_us, writer, partitions, waiter)
        body = AddPartitionsToTxnRequest(transactions=(transaction,))
        key, version = ApiKey.ADD_PARTITIONS_TO_TXN, ADD_PARTITIONS_VERSION
        broker.send(target, Request(broker.name, CHANNEL, correlation_id, key, version, broker.name, body))

    def answered(self, response: Response) -> None:
        question = self.in_flight.pop(response.correlation_id, None)
        if question is not None:
            question.waiter.verified(self.broker, _errors(question, response.body))

    def lost(self, peer: str) -> None:
        for correlation_id, question in list(self.in_flight.items()):
            if question.coordinator == peer and correlation_id in self.in_flight:
                del self.in_flight[correlation_id]
                errors = dict.fromkeys(question.partitions, ErrorCode.network_exception)
                question.waiter.verified(self.broker, errors)

    def silent(self, asked_before_us: int) -> list[str]:
        """Coordinators that have owed an answer since before then."""
        return [question.coordinator for question in self.in_flight.values() if question.sent_us <= asked_before_us]


def _errors(question: Question, body: AddPartitionsToTxnResponse) -> Errors:
    if body.error_code is not ErrorCode.none:
        # A client has nothing to do with what brokers may ask of each other.
        denied = body.error_code is ErrorCode.cluster_authorization_failed
        return dict.fromkeys(question.partitions, ErrorCode.invalid_txn_state if denied else body.error_code)
    return {
        (topic.name, result.partition_index): _as_told(result.partition_error_code, question.writer.support)
        for transaction in body.results_by_transaction
        for topic in transaction.topic_results
        for result in topic.results_by_partition
        if result.partition_error_code is not ErrorCode.none
    }


def _as_told(error: ErrorCode, support: Support) -> ErrorCode:
    """In the words that producers know."""
    if error is ErrorCode.producer_fenced:
        return ErrorCode.invalid_producer_epoch
    if error is ErrorCode.transaction_abortable and support is Support.VERIFIED:
        return ErrorCode.invalid_txn_state
    return error
