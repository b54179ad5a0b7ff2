"""Now and then the coordinator looks for what nobody will end, and for what nobody uses any more.

A transaction that is open for longer than its producer asked for is aborted, and the producer fenced;
a transactional id without news for a week is forgotten (TransactionCoordinator.abortTimedOutTransactions,
TransactionStateManager.removeExpiredTransactionalIds).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafkalab.engine.transactions.deciding import NeedsProducerId, Transaction
from kafkalab.engine.transactions.metadata import AT_REST, TransactionState
from kafkalab.engine.transactions.sequels import AbortedInTime
from kafkalab.engine.transactions.shard import TransactionShard
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker
    from kafkalab.engine.transactions.coordinator import TransactionCoordinator


class Scans:
    def __init__(self, coordinator: "TransactionCoordinator") -> None:
        self.coordinator = coordinator
        self.broker = coordinator.broker
        self._looks = False
        """Whether it looks again; a broker that coordinates nothing does not."""

    def start(self) -> None:
        if not self._looks:
            self._looks = True
            self._look_for_open()
            self._look_for_unused()

    def abort_timed_out(self) -> None:
        if not self.coordinator.shards:
            self._looks = False
            return
        now_ms = self.broker.clock_ms
        for shard, known in self._all():
            it = known.metadata
            is_open = known.pending is None and it.state is TransactionState.ONGOING
            if is_open and it.started_ms + it.timeout_ms < now_ms:
                try:
                    self.coordinator.fence(
                        shard, known, AbortedInTime(), f"it was open for longer than {it.timeout_ms} ms"
                    )
                except NeedsProducerId:
                    # The next look finds one.
                    self.broker.producer_ids.when_there(NobodyWaits())
        self._look_for_open()

    def forget_unused(self) -> None:
        if not self._looks:
            return
        last_ms = self.broker.clock_ms - self.broker.config.transactional_id_expiration_ms
        for shard, known in self._all():
            it = known.metadata
            if known.pending is None and it.state in AT_REST and it.updated_ms <= last_ms:
                self.coordinator.forget(shard, it.transactional_id)
        self._look_for_unused()

    def _all(self) -> list[tuple[TransactionShard, Transaction]]:
        return [
            (shard, known)
            for shard in self.coordinator.shards.values()
            if not shard.loading
            for known in shard.transactions.values()
        ]

    def _look_for_open(self) -> None:
        interval_ms = self.broker.config.transaction_abort_timed_out_transaction_cleanup_interval_ms
        self.broker.wake_in(interval_ms * 1000, AbortTimedOut())

    def _look_for_unused(self) -> None:
        interval_ms = self.broker.config.transaction_remove_expired_transaction_cleanup_interval_ms
        self.broker.wake_in(interval_ms * 1000, ForgetUnused())


@dataclass(frozen=True, slots=True)
class AbortTimedOut:
    def fire(self, broker: "Broker") -> None:
        broker.transactions.scans.abort_timed_out()


@dataclass(frozen=True, slots=True)
class ForgetUnused:
    def fire(self, broker: "Broker") -> None:
        broker.transactions.scans.forget_unused()


@dataclass(frozen=True, slots=True)
class NobodyWaits:
    """A block of producer ids is wanted for later."""

    def there(self, broker: "Broker") -> None:
        """Good."""

    def refused(self, broker: "Broker", error: ErrorCode) -> None:
        """Then it is wanted again."""
