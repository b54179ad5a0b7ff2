"""What a transactional Produce needs before it is written: the word of the transaction's coordinator.

Only the first batch of a transaction in a partition has to ask. What the coordinator says against it
is told in errors that clients of that version can deal with (kafka.server.ReplicaManager
.handleProduceAppend).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafkalab.engine.broker.verification import Support, Writer
from kafkalab.engine.log.producers import ONGOING
from kafkalab.engine.log.validation import is_one_batch
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire import batches
from kafkalab.wire.dialect import ProducePartition, ProduceRequest
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

ABORTABLE_SINCE, ADDS_SINCE = 11, 12
"""The versions of Produce with which a client says that it knows TRANSACTION_ABORTABLE, and that it
leaves it to the brokers to add partitions."""
ATTRIBUTES, TRANSACTIONAL = 22, 0x10
"""Of a batch: the low byte of its attributes, and the bit in it."""
TRY_AGAIN = (
    ErrorCode.network_exception,
    ErrorCode.coordinator_load_in_progress,
    ErrorCode.coordinator_not_available,
    ErrorCode.not_coordinator,
)

Numbers = dict["PartitionKey", int]
"""As `Producers.verify` gave them."""


@dataclass(frozen=True, slots=True)
class Transactional:
    """What of a request is transactional."""

    writer: Writer
    numbers: Numbers
    refused: Mapping["PartitionKey", Refused]
    """Where a newer epoch has written already: there nobody has to be asked."""

    @property
    def unknown(self) -> tuple["PartitionKey", ...]:
        """Partitions where the transaction is not open yet: the coordinator has to be asked."""
        return tuple(key for key, number in self.numbers.items() if number != ONGOING)


NOT_TRANSACTIONAL = Transactional(Writer("", -1, -1, Support.ADDS), {}, {})


def transactional(broker: "Broker", request: Request) -> Transactional:
    """Refused if it is of two producers at once, or says nothing of a transactional id."""
    body: ProduceRequest = request.body
    if not any(_is_transactional(each) for topic in body.topics for each in topic.partitions):
        return NOT_TRANSACTIONAL
    if body.transactional_id is None:
        raise Refused(ErrorCode.transactional_id_authorization_failed)
    numbers: Numbers = {}
    refused: dict[PartitionKey, Refused] = {}
    writers: dict[tuple[int, int], None] = {}
    support = _support(request.api_version)
    for topic in body.topics:
        for wanted in topic.partitions:
            if not _is_transactional(wanted) or not is_one_batch(wanted.records or b""):
                continue
            batch = batches.header(wanted.records or b"")
            if not batch.has_producer_id:
                continue
            writers[batch.producer_id, batch.producer_epoch] = None
            key = _key(broker, topic.name or broker.metadata.topic_names.get(topic.topic_id, ""), wanted.partition)  # type: ignore[arg-type]
            if key is not None:
                producers = broker.partitions[key].log.producers
                try:
                    numbers[key] = producers.verify(
                        batch.producer_id,
                        batch.producer_epoch,
                        batch.base_sequence,
                        support is Support.ADDS,
                        broker.now_ms,
                    )
                except Refused as outdated:
                    refused[key] = outdated
    if len(writers) > 1:
        raise Refused(
            ErrorCode.invalid_producer_id_mapping, "Transactional records contained more than one producer ID"
        )
    producer_id, epoch = next(iter(writers), (-1, -1))
    writer = Writer(body.transactional_id, producer_id, epoch, support)
    return Transactional(writer, numbers, refused)


def _key(broker: "Broker", topic: str, partition: int) -> "PartitionKey | None":
    """None for a replica that is not led here: what is sent to it is refused anyway."""
    found = broker.partitions.get((topic, partition))
    return found.key if found is not None and found.is_leader else None


def _support(api_version: int) -> Support:
    if api_version >= ADDS_SINCE:
        return Support.ADDS
    return Support.ABORTABLE if api_version >= ABORTABLE_SINCE else Support.VERIFIED


def _is_transactional(wanted: ProducePartition) -> bool:
    records = wanted.records
    return records is not None and len(records) > ATTRIBUTES and bool(records[ATTRIBUTES] & TRANSACTIONAL)


def as_told(error: ErrorCode, support: Support) -> Refused:
    if error is ErrorCode.invalid_txn_state:
        return Refused(error, "Partition was not added to the transaction")
    waits = error is ErrorCode.concurrent_transactions and support is not Support.ADDS
    if waits or error in TRY_AGAIN:
        # Old clients would not try again after the true error; for this one they do, without new metadata.
        return Refused(
            ErrorCode.not_enough_replicas,
            f"Unable to verify the partition has been added to the transaction. Underlying error: {error.name.upper()}",
        )
    return Refused(error)
