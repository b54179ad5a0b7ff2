"""The transactional ids of one partition of `__transaction_state`: what replaying that partition yields.

All of it changes by replay alone, and only by records below the high watermark: what a failover could
take back must not be told to anybody, and markers sent because of it could not be taken back
(kafka.coordinator.transaction.TransactionStateManager).
"""

from dataclasses import dataclass, field, replace

from kafkalab.engine.transactions.deciding import Transaction
from kafkalab.engine.transactions.metadata import TransactionMetadata, TransactionState


@dataclass
class TransactionShard:
    partition: int
    leader_epoch: int
    """Of the election that made this broker load it: the coordinator epoch of its markers."""
    loading: bool = True
    next_offset: int = 0
    """Where loading goes on."""
    loaded_records: int = 0
    transactions: dict[str, Transaction] = field(default_factory=dict)

    def replay(self, transactional_id: str, metadata: TransactionMetadata | None) -> None:
        """A record is committed; None: the id is forgotten."""
        if metadata is None:
            self.transactions.pop(transactional_id, None)
        else:
            self.transactions[transactional_id] = Transaction(metadata)

    def pending(self, transactional_id: str, state: TransactionState | None) -> None:
        """Where it is going to, once what is written is committed; None: it did not get there."""
        known = self.transactions.get(transactional_id)
        if known is not None:
            self.transactions[transactional_id] = replace(known, pending=state)

    def marked(self, transactional_id: str, partitions: tuple[tuple[str, int], ...]) -> TransactionMetadata | None:
        """These have their marker. Gives what is left, or None of an id that is not there."""
        known = self.transactions.get(transactional_id)
        if known is None:
            return None
        metadata = known.metadata
        for partition in partitions:
            metadata = metadata.marked(partition)
        self.transactions[transactional_id] = replace(known, metadata=metadata)
        return metadata
