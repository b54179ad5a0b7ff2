"""What a fetch gets of one partition: from the leader, or for a consumer from a follower near it.

A leader that is told to mind racks sends a consumer to a follower in the consumer's rack, and the
follower serves what it knows to be committed (KIP-392; org.apache.kafka.server.ReplicaManager
.findPreferredReadReplica, RackAwareReplicaSelector).
"""

from typing import TYPE_CHECKING

from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.config import RACK_AWARE
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire import batches
from kafkalab.wire.dialect import AbortedTransaction, EpochEndOffset, FetchPartition, FetchPartitionResult, FetchRequest
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

READ_COMMITTED = 1
NO_DIVERGENCE = EpochEndOffset()
FROM_FOLLOWERS_SINCE = 11
"""Consumers that speak this version may be served by a follower (KIP-392)."""


def read_one(
    broker: "Broker", request: Request, partition: Partition, wanted: FetchPartition, size_so_far: int
) -> FetchPartitionResult:
    body: FetchRequest = request.body
    if wanted.current_leader_epoch != partition.leader_epoch:
        partition.check_epoch(wanted.current_leader_epoch)
    if not partition.is_leader and _leader_only(request):
        raise Refused(ErrorCode.not_leader_or_follower)
    log, offset = partition.log, wanted.fetch_offset
    follower = None
    if body.replica_id >= 0:
        follower = partition.follower_states.get(body.replica_id)
        if follower is None:
            # With the epoch of this leader it may be a replica that only this broker has not heard of yet.
            knows_epoch = wanted.current_leader_epoch == partition.leader_epoch
            raise Refused(ErrorCode.unknown_leader_epoch if knows_epoch else ErrorCode.not_leader_or_follower)
    elif body.rack_id and partition.is_leader and broker.config.replica_selector_class == RACK_AWARE:
        nearer = _nearer_replica(broker, partition, body.rack_id, offset)
        if nearer is not None:
            return _without_records(partition, wanted, preferred_read_replica=nearer)
    # Under the newest epoch there is nothing to part from before the log's end.
    if wanted.last_fetched_epoch >= 0 and (
        wanted.last_fetched_epoch != log.epochs.latest or offset > log.end_offset or offset < log.start_offset
    ):
        diverging = _diverging_epoch(partition, wanted)
        if diverging is not None:
            return _without_records(partition, wanted, diverging_epoch=diverging)
    if not log.start_offset <= offset <= log.end_offset:
        raise Refused(ErrorCode.offset_out_of_range)
    # Before the follower's own progress moves it: followers learn a high watermark one fetch later.
    committed_only = follower is None and body.isolation_level == READ_COMMITTED
    result = _committed_result(partition) if committed_only else partition.empty_result()
    end = log.end_offset if follower is not None else upper_offset(partition, body)
    if offset < end and not held_back(broker, partition, body.replica_id):
        max_bytes = min(wanted.partition_max_bytes, max(body.max_bytes - size_so_far, 0))
        records = log.read(offset, max_bytes, end, size_so_far == 0)
        if records:
            result = FetchPartitionResult(
                wanted.partition,
                high_watermark=result.high_watermark,
                last_stable_offset=result.last_stable_offset,
                log_start_offset=result.log_start_offset,
                aborted_transactions=_aborted(partition, offset, records) if committed_only else None,
                records=records,
            )
    if follower is not None:
        partition.follower_fetched(follower, offset, wanted.log_start_offset, body.replica_epoch)
    return result


def fetched_by(partition: Partition, wanted: FetchPartition, body: FetchRequest) -> None:
    """A follower that has waited still has what it had when it asked."""
    if body.replica_id >= 0:
        follower = partition.follower_states[body.replica_id]
        partition.follower_fetched(follower, wanted.fetch_offset, wanted.log_start_offset, body.replica_epoch)


def may_read(partition: Partition, wanted: FetchPartition, request: Request) -> bool:
    if wanted.current_leader_epoch >= 0 and wanted.current_leader_epoch != partition.leader_epoch:
        return False
    return partition.is_leader or not _leader_only(request)


def held_back(broker: "Broker", partition: Partition, replica_id: int) -> bool:
    """Whether a throttle keeps a follower that is not in sync waiting (ReplicaManager.shouldLeaderThrottle)."""
    if replica_id < 0 or not broker.leader_quota.partitions or replica_id in partition.isr:
        return False
    return broker.leader_quota.holds_back(partition.key)


def upper_offset(partition: Partition, body: FetchRequest) -> int:
    if body.replica_id >= 0:
        return partition.log.end_offset
    return partition.last_stable_offset if body.isolation_level == READ_COMMITTED else partition.high_watermark


def _leader_only(request: Request) -> bool:
    return request.body.replica_id >= 0 or request.api_version < FROM_FOLLOWERS_SINCE


def _nearer_replica(broker: "Broker", partition: Partition, rack: str, offset: int) -> int | None:
    """The follower to read from instead: in sync, with that offset, in that rack. None: stay here."""
    if broker.spec.rack == rack:
        return None
    near: list[tuple[int, int, int]] = []
    for state in partition.follower_states.values():
        known = broker.metadata.brokers.get(state.broker_id)
        there = known is not None and not known.fenced and known.rack == rack
        if there and state.broker_id in partition.isr and state.log_start <= offset <= state.log_end:
            near.append((state.log_end, state.last_caught_up_ms, state.broker_id))
    return max(near)[2] if near else None


def _diverging_epoch(partition: Partition, wanted: FetchPartition) -> EpochEndOffset | None:
    """Where the reader's last epoch ended here, if the reader has more of it than that (KIP-595)."""
    log = partition.log
    epoch, end_offset = log.epochs.end_offset_for(wanted.last_fetched_epoch, log.end_offset)
    if epoch == -1 or end_offset == -1 or wanted.fetch_offset < log.start_offset:
        raise Refused(ErrorCode.offset_out_of_range)
    if epoch < wanted.last_fetched_epoch or end_offset < wanted.fetch_offset:
        return EpochEndOffset(epoch, end_offset)
    return None


def _without_records(
    partition: Partition,
    wanted: FetchPartition,
    diverging_epoch: EpochEndOffset = NO_DIVERGENCE,
    preferred_read_replica: int = -1,
) -> FetchPartitionResult:
    return FetchPartitionResult(
        wanted.partition,
        high_watermark=partition.high_watermark,
        last_stable_offset=partition.last_stable_offset,
        log_start_offset=partition.log.start_offset,
        diverging_epoch=diverging_epoch,
        preferred_read_replica=preferred_read_replica,
    )


def _committed_result(partition: Partition) -> FetchPartitionResult:
    return FetchPartitionResult(
        partition.partition,
        high_watermark=partition.high_watermark,
        last_stable_offset=partition.last_stable_offset,
        log_start_offset=partition.log.start_offset,
        aborted_transactions=(),
    )


def _aborted(partition: Partition, offset: int, records: bytes) -> tuple[AbortedTransaction, ...]:
    """Whose records the reader has to leave out of what it gets, and from where on: a broker does not sort them out."""
    log = partition.log
    if not any(len(segment.transactions) for segment in log.segments):
        return ()
    end_offset = max((batch.next_offset for batch in batches.headers(records)), default=offset)
    return tuple(
        AbortedTransaction(each.producer_id, each.first_offset) for each in log.aborted_between(offset, end_offset)
    )
