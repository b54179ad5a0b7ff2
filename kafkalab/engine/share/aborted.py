"""Which batches of a log a share group that reads committed records only is not to see.

A share group's members cannot tell: they are told no list of aborted transactions, so the leader leaves
these records out of what it gives them (KIP-932; SharePartition.fetchAbortedTransactionRecordBatches).
"""

from collections.abc import Sequence

from kafkalab.engine.log.log import Log
from kafkalab.engine.share.window import Span
from kafkalab.wire.batches import Batch


def aborted_batches(log: Log, headers: Sequence[Batch]) -> list[Span]:
    """Markers are not among them: members skip those by themselves."""
    data = [each for each in headers if each.is_transactional and not each.is_control]
    if not data:
        return []
    ended = log.aborted_between(data[0].base_offset, data[-1].next_offset)
    return [
        (each.base_offset, each.last_offset)
        for each in data
        if any(
            it.producer_id == each.producer_id and it.first_offset <= each.base_offset < it.last_offset for it in ended
        )
    ]
