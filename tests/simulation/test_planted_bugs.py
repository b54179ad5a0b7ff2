"""Rules wilfully broken, one at a time: a simulation that does not find them is itself broken.

SEEDS says how many histories are tried at most, EXPECTED which invariants may be the one that
speaks up first.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kafkalab.engine.broker.in_sync_set import InSyncSet
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.controller import brokers, metadata, partition_change
from kafkalab.engine.coordinators import offsets
from kafkalab.engine.log.log import Log
from kafkalab.engine.log.producers import Producers
from kafkalab.engine.simulation.history import History
from kafkalab.engine.simulation.sight import Broken
from kafkalab.wire.errors import ErrorCode

SEEDS = range(1, 41)
Patch = Callable[[Any, str, Any], None]


def high_watermark_is_the_leaders_end(patch: Patch) -> None:
    """Whatever the leader has counts as committed."""

    def advance(partition: Partition) -> bool:
        before, partition.high_watermark = partition.high_watermark, partition.log.end_offset
        partition.broker.purgatory.touch(partition.key)
        return partition.high_watermark > before

    patch(Partition, "advance_high_watermark", advance)


def acks_all_does_not_wait(patch: Patch) -> None:
    """The leader answers acks=all as soon as it has written."""
    patch(Partition, "replicated", lambda partition, offset: ErrorCode.none)


def followers_do_not_truncate(patch: Patch) -> None:
    """A follower keeps what its new leader never had."""
    patch(Partition, "truncate_to", lambda partition, offset, reason: None)


def everybody_may_join_the_isr(patch: Patch) -> None:
    """A follower gets into the ISR however far behind it is."""

    def expand(in_sync: InSyncSet, state: Any) -> None:
        if in_sync.proposal is None and in_sync.eligible(state):
            in_sync._propose((*in_sync.committed, state.broker_id))

    patch(InSyncSet, "maybe_expand", expand)


def brokers_forget_sequence_numbers(patch: Patch) -> None:
    """A retried batch is written again."""
    patch(Producers, "duplicate", lambda producers, batch: None)
    patch(Producers, "check", lambda producers, batch: None)


def log_begins_anew_after_a_restart(patch: Patch) -> None:
    """What an earlier life wrote is dropped when the log is opened."""
    opened = Log.__init__

    def open_empty(log: Log, *args: Any) -> None:
        opened(log, *args)
        if "__" not in log.directory and log.end_offset > 0:
            log.truncate_to(log.end_offset - 1)

    patch(Log, "__init__", open_empty)


def anybody_may_commit(patch: Patch) -> None:
    """A commit of a member that was thrown out counts."""
    patch(offsets, "_check_committer", lambda groups, body, version, turn: None)


def anybody_alive_may_be_elected(patch: Patch) -> None:
    """A leader is taken from outside of the ISR and the ELR, though nobody allowed it."""
    rightly = partition_change._best_leader

    def best(partition: Any, draft: Any, ballot: Any) -> tuple[int, bool]:
        leader, unclean = rightly(partition, draft, ballot)
        if leader >= 0:
            return leader, unclean
        return next((replica for replica in draft.replicas if ballot.acceptable(replica)), -1), True

    patch(partition_change, "_best_leader", best)


def a_new_leader_keeps_the_old_epoch(patch: Patch) -> None:
    """The controller changes leaders within one leader epoch."""
    rightly = metadata.changed
    patch(metadata, "changed", lambda old, change: replace(rightly(old, change), leader_epoch=old.leader_epoch))


def a_move_ends_before_the_newcomers_are_in_sync(patch: Patch) -> None:
    """A reassignment gives up the old replicas as soon as one that stays is in sync."""

    def complete(draft: Any) -> None:
        staying = tuple(replica for replica in draft.replicas if replica not in draft.removing)
        in_sync = tuple(replica for replica in draft.isr if replica not in draft.removing)
        if (draft.adding or draft.removing) and in_sync:
            draft.isr, draft.replicas, draft.adding, draft.removing = in_sync, staying, (), ()

    patch(partition_change, "_complete_reassignment", complete)


def an_unclean_stop_is_forgiven(patch: Patch) -> None:
    """Who was killed stays eligible when it registers again."""
    patch(brokers, "broker_lost_data", brokers.broker_gone)


def the_elr_is_never_cleared(patch: Patch) -> None:
    """Who was eligible once is so when enough are in sync again."""
    rightly = partition_change._populate_elr

    def populate(partition: Any, draft: Any, ballot: Any, unclean: Any) -> None:
        before = draft.elr
        rightly(partition, draft, ballot, unclean)
        if not draft.elr:
            draft.elr = tuple(replica for replica in before if replica not in (*draft.isr, unclean))

    patch(partition_change, "_populate_elr", populate)


PLANTED: list[tuple[Callable[[Patch], None], set[str]]] = [
    (high_watermark_is_the_leaders_end, {"L4"}),
    (acks_all_does_not_wait, {"L6", "L7"}),
    (followers_do_not_truncate, {"L2", "L9", "X4"}),
    (everybody_may_join_the_isr, {"L3", "L4", "L6"}),
    (brokers_forget_sequence_numbers, {"T1"}),
    (log_begins_anew_after_a_restart, {"L3", "L4", "L6"}),
    (anybody_may_commit, {"G3", "G5"}),
    (anybody_alive_may_be_elected, {"M8", "L4", "L6"}),
    (a_new_leader_keeps_the_old_epoch, {"M3"}),
    (a_move_ends_before_the_newcomers_are_in_sync, {"M9", "L4"}),
    (an_unclean_stop_is_forgiven, {"M10"}),
    (the_elr_is_never_cleared, {"M7", "L4"}),
]


def found_by(seeds: range) -> tuple[str, int] | None:
    """The first invariant that is found broken, and after how many histories."""
    for number, seed in enumerate(seeds, 1):
        try:
            History(seed).run()
        except Broken as broken:
            return broken.invariant, number
    return None


@pytest.mark.parametrize(("plant", "expected"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
def test_a_broken_rule_is_found(
    plant: Callable[[Patch], None], expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch.setattr)
    found = found_by(SEEDS)
    assert found is not None
    assert found[0] in expected
