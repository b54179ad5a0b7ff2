"""Which batches of a fetch an application is not to see: markers, and what was aborted.

The broker sends everything, and says whose transactions were aborted and where each began. From
there on to its ABORT marker everything transactional of that producer is left out
(org.apache.kafka.clients.consumer.internals.CompletedFetch.nextFetchedRecord).
"""

from collections.abc import Iterator

from kafkalab.engine.log.transactions import marker_of
from kafkalab.wire.batches import Batch, headers
from kafkalab.wire.dialect import FetchPartitionResult


def told_apart(result: FetchPartitionResult) -> Iterator[tuple[Batch, bool]]:
    """Each batch, and whether its records are for the application. Raises CorruptBatch."""
    # The one that begins first comes last, to be taken off.
    waiting = sorted(result.aborted_transactions or (), key=lambda aborted: -aborted.first_offset)
    aborted: dict[int, None] = {}
    for batch in headers(result.records):
        while waiting and waiting[-1].first_offset <= batch.last_offset:
            aborted[waiting.pop().producer_id] = None
        if batch.is_control:
            marker = marker_of(batch)
            if marker is not None and not marker.committed:
                aborted.pop(batch.producer_id, None)
            yield batch, False
        else:
            yield batch, not (batch.is_transactional and batch.producer_id in aborted)
