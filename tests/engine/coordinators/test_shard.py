"""What one partition of `__consumer_offsets` says, and since when."""

from kafkalab.engine.coordinators.pending_offsets import TransactionEnd
from kafkalab.engine.coordinators.records import OffsetAndMetadata, OffsetRecord
from kafkalab.engine.coordinators.shard import Shard

PRODUCER = 7
FIRST = OffsetRecord("g", "orders", 0, OffsetAndMetadata(48))
SECOND = OffsetRecord("g", "orders", 0, OffsetAndMetadata(50))


def test_what_a_transaction_committed_before_the_log_was_loaded_is_no_news() -> None:
    """Its leader then told of it. Here nobody knows yet how much of the log is replicated."""
    shard = Shard(partition=0, leader_epoch=1)
    shard.load(0, FIRST, PRODUCER)
    shard.ended(1, TransactionEnd(PRODUCER, committed=True))
    shard.next_offset, shard.loading = 2, False
    shard.written(2, (SECOND,), PRODUCER)
    shard.ended(3, TransactionEnd(PRODUCER, committed=True))
    shard.commit_up_to(2)
    assert (shard.groups["g"].offsets["orders", 0], shard.materialised) == (FIRST.value, [])
    shard.commit_up_to(4)
    assert (shard.groups["g"].offsets["orders", 0], shard.materialised) == (SECOND.value, [SECOND])
