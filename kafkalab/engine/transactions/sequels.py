"""What follows once a transition is committed in `__transaction_state`, or is known not to be."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from kio.schema.add_partitions_to_txn.v5.response import AddPartitionsToTxnResponse, AddPartitionsToTxnResult

from kafkalab.engine.node import Request
from kafkalab.engine.transactions import answers
from kafkalab.engine.transactions.metadata import NO_PRODUCER, TopicPartition, TransactionMetadata
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


class Sequel(Protocol):
    def done(self, broker: "Broker", metadata: TransactionMetadata) -> None: ...

    def failed(self, broker: "Broker", error: ErrorCode) -> None: ...


@dataclass(frozen=True, slots=True)
class Initialized:
    request: Request

    def done(self, broker: "Broker", metadata: TransactionMetadata) -> None:
        body = answers.initialized(self.request, ErrorCode.none, metadata.producer_id, metadata.producer_epoch)
        broker.respond(self.request, body)

    def failed(self, broker: "Broker", error: ErrorCode) -> None:
        broker.respond(self.request, answers.initialized(self.request, error))


@dataclass(frozen=True, slots=True)
class AbortedBeforeInitialized:
    """The open transaction had to go first: the producer asks again, and is then the only one."""

    request: Request

    def done(self, broker: "Broker", metadata: TransactionMetadata) -> None:
        self.failed(broker, ErrorCode.concurrent_transactions)

    def failed(self, broker: "Broker", error: ErrorCode) -> None:
        broker.respond(self.request, answers.initialized(self.request, error))


@dataclass(frozen=True, slots=True)
class Ended:
    request: Request

    def done(self, broker: "Broker", metadata: TransactionMetadata) -> None:
        """Decided, and that is enough for the producer; the markers are on their way."""
        producer_id, epoch = metadata.producer_id, metadata.producer_epoch
        if metadata.next_producer_id != NO_PRODUCER:
            producer_id, epoch = metadata.next_producer_id, 0
        broker.respond(self.request, answers.ended(self.request, ErrorCode.none, producer_id, epoch))

    def failed(self, broker: "Broker", error: ErrorCode) -> None:
        broker.respond(self.request, answers.ended(self.request, error))


@dataclass(frozen=True, slots=True)
class OffsetsAdded:
    request: Request

    def done(self, broker: "Broker", metadata: TransactionMetadata) -> None:
        self.failed(broker, ErrorCode.none)

    def failed(self, broker: "Broker", error: ErrorCode) -> None:
        broker.respond(self.request, answers.offsets_added(self.request, error))


@dataclass
class Addition:
    """One AddPartitionsToTxn request, until the last of its transactions is settled."""

    request: Request
    transactions: int
    results: list[AddPartitionsToTxnResult] = field(default_factory=list)

    def settle(self, broker: "Broker", transactional_id: str, errors: dict[TopicPartition, ErrorCode]) -> None:
        told = {partition: answers.told(self.request, error) for partition, error in errors.items()}
        self.results.append(answers.partitions_added(transactional_id, told))
        if len(self.results) == self.transactions:
            body = AddPartitionsToTxnResponse(
                throttle_time=answers.NO_THROTTLE,
                error_code=ErrorCode.none,
                results_by_transaction=tuple(self.results),
            )
            broker.respond(self.request, body)


@dataclass(frozen=True, slots=True)
class PartitionsAdded:
    addition: Addition
    transactional_id: str
    partitions: tuple[TopicPartition, ...]

    def done(self, broker: "Broker", metadata: TransactionMetadata) -> None:
        self.failed(broker, ErrorCode.none)

    def failed(self, broker: "Broker", error: ErrorCode) -> None:
        self.addition.settle(broker, self.transactional_id, dict.fromkeys(self.partitions, error))


@dataclass(frozen=True, slots=True)
class AbortedInTime:
    """Nobody asked: the transaction was open for too long, and if it failed it is looked for again."""

    def done(self, broker: "Broker", metadata: TransactionMetadata) -> None:
        """The markers go out as for any end."""

    def failed(self, broker: "Broker", error: ErrorCode) -> None:
        """The next look finds it still open."""


@dataclass(frozen=True, slots=True)
class Completed:
    partition: int
    leader_epoch: int
    transactional_id: str

    def done(self, broker: "Broker", metadata: TransactionMetadata) -> None:
        """The producer may go on: its next transaction is no longer a concurrent one."""

    def failed(self, broker: "Broker", error: ErrorCode) -> None:
        """Every partition has its marker, only the record is missing: as long as this is the coordinator, again."""
        if error is ErrorCode.coordinator_not_available:
            broker.transactions.markers.complete_later(self)
