"""The in-sync set of one partition, as its leader keeps it: who counts, who is late, who may join.

The controller has the last word on who is in. While a proposal is under way the leader acts on the
larger of the two sets, so that whatever the answer, nothing was promised too early
(kafka.cluster.Partition, PartitionState).
"""

from typing import TYPE_CHECKING, Any

from kafkalab.engine.broker.follower_state import FollowerState
from kafkalab.engine.broker.isr import RETRY_BACKOFF_MS, Proposal, ProposeAgain
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.partition import Partition


class InSyncSet:
    def __init__(self, partition: "Partition") -> None:
        self.partition = partition
        self.committed: tuple[int, ...] = ()
        """As the controller has it."""
        self.proposal: Proposal | None = None
        """What was asked of the controller and not answered."""

    @property
    def maximal(self) -> tuple[int, ...]:
        """With a newcomer that is proposed already, and with a leaver that is proposed still."""
        if self.proposal is None or len(self.proposal.isr) < len(self.committed):
            return self.committed
        return self.proposal.isr

    def commit(self, isr: tuple[int, ...]) -> None:
        """What the controller decided, whatever was proposed."""
        self.committed = isr
        self.proposal = None

    def eligible(self, state: FollowerState) -> bool:
        """May this replica be in sync at all, as far as this broker's metadata tells (KIP-903)?"""
        broker = self.partition.broker.metadata.brokers.get(state.broker_id)
        return broker is not None and broker.active and state.broker_epoch in (-1, broker.epoch)

    def maybe_expand(self, state: FollowerState) -> None:
        """Propose a follower that has all that is committed, and all from before this leader's time."""
        partition = self.partition
        caught_up = state.log_end >= partition.high_watermark and state.log_end >= partition.leader_epoch_start
        if self.proposal is None and caught_up and self.eligible(state):
            self._propose((*self.committed, state.broker_id))

    def maybe_shrink(self) -> None:
        """Propose to drop the members that have been behind for too long."""
        partition = self.partition
        if not partition.is_leader or self.proposal is not None:
            return
        end, now_ms = partition.log.end_offset, partition.broker.now_ms
        lag_ms = partition.broker.config.replica_lag_time_max_ms
        late = [
            state.broker_id
            for state in partition.follower_states.values()
            if state.broker_id in self.committed and not state.caught_up(end, now_ms, lag_ms)
        ]
        if late:
            self._propose(tuple(member for member in self.committed if member not in late))

    def _propose(self, isr: tuple[int, ...]) -> None:
        partition, me = self.partition, self.partition.broker
        epochs = tuple(
            me.epoch if member == me.broker_id else partition.follower_states[member].broker_epoch for member in isr
        )
        self.proposal = Proposal(
            partition.key, partition.topic_id, partition.leader_epoch, partition.partition_epoch, isr, epochs
        )
        me.isr_proposals.add(self.proposal)

    def answered(self, proposal: Proposal, result: Any) -> None:
        """What the controller made of it (Partition.handleAlterPartitionError, handleAlterPartitionUpdate)."""
        if proposal is not self.proposal:
            return
        partition = self.partition
        match result.error_code:
            case ErrorCode.none:
                # The metadata log may have been quicker: then there is no proposal any more.
                self.commit(tuple(result.isr))
                partition.partition_epoch = result.partition_epoch
                partition.advance_high_watermark()
                partition.broker.purgatory.touch(partition.key)
            case ErrorCode.ineligible_replica | ErrorCode.operation_not_attempted:
                self.proposal = None
            case ErrorCode.not_controller:
                partition.broker.wake_in(RETRY_BACKOFF_MS * 1000, ProposeAgain((proposal,)))
            case _:
                # The controller knows something newer. The proposal stands, so that nothing is done
                # on the old state, until the metadata log brings the new.
                pass
