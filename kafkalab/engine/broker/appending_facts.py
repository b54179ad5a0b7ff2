"""What is told of an append: the batch, the segments it rolled, the transaction it began or ended."""

from typing import TYPE_CHECKING

from kafkalab.engine.events import (
    DuplicateBatchDropped,
    RecordsAppended,
    SegmentRolled,
    TransactionBegan,
    TransactionMarked,
)
from kafkalab.engine.log.appended import Appended
from kafkalab.wire import batches

if TYPE_CHECKING:
    from kafkalab.engine.broker.partition import Partition


def tell_appended(partition: "Partition", appended: Appended) -> None:
    broker, key, log = partition.broker, partition.key, partition.log
    for base_offset in appended.rolled:
        broker.tell(SegmentRolled(*key, broker.broker_id, base_offset))
    broker.tell(
        RecordsAppended(
            *key, broker.broker_id, appended.first_offset, appended.last_offset, appended.size, partition.is_leader
        )
    )
    if partition.is_leader and appended.first_offset in log.producers.open:
        producer_id = log.producers.open[appended.first_offset]
        broker.tell(TransactionBegan(*key, broker.broker_id, producer_id, appended.first_offset))
    if appended.ended is not None:
        producer_id, first_offset, offset, committed = appended.ended
        result = "commit" if committed else "abort"
        broker.tell(TransactionMarked(*key, broker.broker_id, producer_id, first_offset, offset, result))


def tell_duplicate(partition: "Partition", data: bytes) -> None:
    broker, batch = partition.broker, batches.header(data)
    broker.tell(
        DuplicateBatchDropped(
            *partition.key, broker.broker_id, batch.producer_id, batch.base_sequence, batch.last_sequence
        )
    )
