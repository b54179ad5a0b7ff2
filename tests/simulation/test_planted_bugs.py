"""Rules wilfully broken, one at a time: a simulation that does not find them is itself broken.

SEEDS_AT_MOST says how many histories are tried at most, EXPECTED which invariants may be the one that
speaks up first.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from kafkalab.engine.broker.in_sync_set import InSyncSet
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.controller import brokers, metadata, partition_change
from kafkalab.engine.coordinators import offsets
from kafkalab.engine.log import log as log_module
from kafkalab.engine.log.compaction import Compaction
from kafkalab.engine.log.log import Log
from kafkalab.engine.log.producers import Producers
from kafkalab.engine.log.retention import deletable
from kafkalab.engine.simulation.history import History
from kafkalab.engine.simulation.schedule import schedule
from kafkalab.engine.simulation.sight import Broken
from kafkalab.wire.errors import ErrorCode

SEEDS_AT_MOST = 40
COMPACTED = [seed for seed in range(1, 81) if any(topic.is_compacted for topic in schedule(seed).topics)]
"""Histories in which something is compacted besides the groups' offsets."""
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


def compaction_drops_the_newest_value(patch: Patch) -> None:
    """The first record of a key is taken for its last."""

    def keeps_the_oldest(run: Compaction, record: Any, batch: Any) -> bool:
        if record.key is None or record.offset > run.latest_offset:
            return record.key is not None
        return record.offset < run.latest.get(record.key, record.offset + 1)

    patch(Compaction, "keeps", keeps_the_oldest)


def tombstones_go_in_one_pass(patch: Patch) -> None:
    """A reader who was away never hears that the key is deleted."""
    keeps = Compaction.keeps
    patch(Compaction, "keeps", lambda run, record, batch: record.value is not None and keeps(run, record, batch))


def tombstones_go_whatever_their_horizon(patch: Patch) -> None:
    """The second run drops a tombstone, however soon it comes."""
    keeps = Compaction.keeps

    def keeps_no_second_time(run: Compaction, record: Any, batch: Any) -> bool:
        stamped = batch.delete_horizon_ms is not None
        return keeps(run, record, batch) and (record.value is not None or not stamped)

    patch(Compaction, "keeps", keeps_no_second_time)


def compaction_takes_what_is_not_committed(patch: Patch) -> None:
    """The high watermark is no bound for it."""
    bounded = Log.cleanable
    patch(Log, "cleanable", lambda log, now_ms, stable_offset: bounded(log, now_ms, log.end_offset))


def compaction_moves_records_together(patch: Patch) -> None:
    """What stays gets the offsets that have become free."""
    cleaned = Compaction._cleaned

    def moved(run: Compaction, batch: Any) -> Any:
        kept = cleaned(run, batch)
        if kept is None or not run.removed or batch.base_offset == 0:
            return kept
        return (batch.base_offset - 1).to_bytes(8, "big") + bytes(kept)[8:]

    patch(Compaction, "_cleaned", moved)


def compaction_leaves_no_empty_batch(patch: Patch) -> None:
    """A producer's last sequence number goes with its last record."""
    patch(Compaction, "_stays_when_empty", lambda run, batch: False)


def retention_goes_above_the_high_watermark(patch: Patch) -> None:
    """Old is old, committed or not."""
    patch(
        log_module,
        "deletable",
        lambda segments, config, now_ms, start, _high_watermark: deletable(segments, config, now_ms, start, 1 << 62),
    )


def retention_takes_half_a_segment(patch: Patch) -> None:
    """The log begins in the middle of what is left."""
    retain = Log.apply_retention

    def retain_too_much(log: Log, now_ms: int, high_watermark: int) -> Any:
        deleted = retain(log, now_ms, high_watermark)
        if deleted and log.start_offset < log.end_offset:
            log.segments = log.segments[1:] or log.segments
        return deleted

    patch(Log, "apply_retention", retain_too_much)


def retention_deletes_what_only_compacts(patch: Patch) -> None:
    """cleanup.policy=compact does not keep segments from going by age."""

    def deletes_all(segments: Any, config: Any, now_ms: int, start: int, high_watermark: int) -> Any:
        short = replace(config, cleanup_policy=("delete",), retention_ms=min(config.retention_ms, 5000))
        return deletable(segments, short if config.is_compacted else config, now_ms, start, high_watermark)

    patch(log_module, "deletable", deletes_all)


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
    (compaction_drops_the_newest_value, {"L10"}),
    (tombstones_go_in_one_pass, {"L10"}),
    (tombstones_go_whatever_their_horizon, {"L10"}),
    (compaction_takes_what_is_not_committed, {"L10"}),
    (compaction_moves_records_together, {"L10"}),
    (compaction_leaves_no_empty_batch, {"L10"}),
    (retention_goes_above_the_high_watermark, {"L11"}),
    (retention_takes_half_a_segment, {"L11", "M2"}),
    (retention_deletes_what_only_compacts, {"L11"}),
]


FIRST_SEED = {anybody_may_commit: 15}
"""Where the hunt begins, so that a rule which only a rare mishap breaks takes no minutes: from 1, this one
takes 17 histories."""


def found_by(seeds: Iterable[int]) -> tuple[str, int] | None:
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
    first = FIRST_SEED.get(plant, 1)
    found = found_by(COMPACTED if expected == {"L10"} else range(first, first + SEEDS_AT_MOST))
    assert found is not None
    assert found[0] in expected
