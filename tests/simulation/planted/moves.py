"""Rules of offsets that are sent with a transaction, wilfully broken."""

from typing import Any

from kafkalab.engine.coordinators.pending_offsets import PendingOffsets, TransactionEnd
from kafkalab.engine.coordinators.shard import Shard
from tests.simulation.planted.patch import Patch


def sent_offsets_count_at_once(patch: Patch) -> None:
    """The group's offsets move as soon as they are sent, whether the transaction is committed or not."""
    rightly = Shard._append

    def append(shard: Shard, offset: int, record: Any, producer_id: int | None) -> None:
        rightly(shard, offset, record, None)

    patch(Shard, "_append", append)


def sent_offsets_are_never_the_groups(patch: Patch) -> None:
    """A COMMIT marker makes nothing of what was sent."""
    rightly = PendingOffsets.end

    def end(pending: PendingOffsets, end: TransactionEnd) -> list[Any]:
        rightly(pending, end)
        return []

    patch(PendingOffsets, "end", end)


def sent_offsets_are_forgotten_when_the_coordinator_moves(patch: Patch) -> None:
    """The new coordinator of the group does not read what was sent in transactions."""
    rightly = Shard.load

    def load(shard: Shard, offset: int, record: Any, producer_id: int | None = None) -> None:
        if producer_id is None:
            rightly(shard, offset, record, None)

    patch(Shard, "load", load)
