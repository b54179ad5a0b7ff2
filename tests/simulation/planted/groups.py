"""Rules of consumer groups, wilfully broken."""

from typing import Any

from kafkalab.engine.clients.commits import Commits
from kafkalab.engine.coordinators import assignors, rebalance, sticky
from kafkalab.engine.coordinators.coordinator import GroupCoordinator
from kafkalab.engine.coordinators.records import OffsetRecord
from kafkalab.engine.coordinators.shard import Shard
from tests.simulation.planted.patch import Patch


def offsets_are_forgotten_when_the_coordinator_moves(patch: Patch) -> None:
    """The new coordinator loads the groups and not what they committed."""
    rightly = Shard.load

    def load(shard: Shard, offset: int, record: Any, producer_id: int | None = None) -> None:
        if not isinstance(record, OffsetRecord):
            rightly(shard, offset, record, producer_id)

    patch(Shard, "load", load)


def an_old_coordinator_goes_on(patch: Patch) -> None:
    """Who does not lead the partition of the group any more keeps it all the same."""
    patch(GroupCoordinator, "on_resign", lambda groups, partition: None)


def partitions_are_handed_over_before_they_are_given_up(patch: Patch) -> None:
    """Under the cooperative assignor a partition has its new owner while the old one still reads."""

    def assign(members: Any, partitions: Any) -> Any:
        return sticky._assign(members, partitions, sticky._claims(members, partitions))

    patch(sticky, "assign_cooperatively", assign)
    patch(assignors, "assign_cooperatively", assign)


def a_generation_is_not_counted(patch: Patch) -> None:
    """Every rebalance ends in the same generation."""
    rightly = rebalance.complete_join

    def complete_join(group: Any, turn: Any) -> None:
        before = group.generation
        rightly(group, turn)
        group.generation = max(before, 1)

    patch(rebalance, "complete_join", complete_join)


def what_is_fetched_counts_as_read(patch: Patch) -> None:
    """A commit names the end of what lies in the consumer's buffer, so a crash skips what was not worked on."""

    def pending(own: Commits) -> dict[tuple[str, int], int]:
        held = own.consumer.fetching.readings
        return {
            where: reading.next_fetch
            for where, reading in held.items()
            if reading.position is not None and reading.next_fetch != reading.committed
        }

    patch(Commits, "pending", pending)


def everybody_gets_everything(patch: Patch) -> None:
    """The range assignor gives each member every partition."""

    def all_to_all(members: Any, partitions: Any) -> Any:
        every = [(topic, number) for topic, count in partitions.items() for number in range(count)]
        return {name: list(every) for name in members}

    patch(assignors, "_range", all_to_all)
