"""Every planted bug, and which invariants may be the first to find it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kafkalab.engine.simulation.history import History
from kafkalab.engine.simulation.plans import FLEETING
from kafkalab.engine.simulation.schedule import schedule
from kafkalab.engine.simulation.sight import Broken
from tests.simulation.planted import elections, groups, moves, old_records, quorum, replication, requests, transactions
from tests.simulation.planted.patch import Patch

COMPACTED = [seed for seed in range(1, 301) if any(topic.is_compacted for topic in schedule(seed).topics)]
"""Histories in which something is compacted besides the groups' offsets."""
REMADE = [seed for seed in range(1, 301) if any(topic.name == FLEETING for topic in schedule(seed).topics)]
"""Histories in which a topic is deleted and made again."""
THREE_CONTROLLERS = [seed for seed in range(1, 301) if schedule(seed).controllers == 3]
TRANSACTIONAL = [
    seed for seed in range(1, 301) if any(producer.transactional_id for producer in schedule(seed).producers)
]
MOVING = [seed for seed in range(1, 301) if schedule(seed).movers]
"""Histories in which records are moved exactly once."""
ALL = list(range(1, 301))


@dataclass(frozen=True)
class Planted:
    plant: Callable[[Patch], None]
    expected: frozenset[str]
    seeds: tuple[int, ...]
    """Where it is looked for, in this order."""

    @property
    def name(self) -> str:
        return self.plant.__name__

    @property
    def rule(self) -> str:
        return (self.plant.__doc__ or "").split("\n\n")[0]


def _planted(plant: Callable[[Patch], None], *expected: str, seeds: list[int] = ALL) -> Planted:
    return Planted(plant, frozenset(expected), tuple(seeds))


PLANTED = (
    _planted(replication.high_watermark_is_the_leaders_end, "L4"),
    _planted(replication.high_watermark_is_counted_and_not_that_of_the_isr, "L3", "L4", "L9"),
    _planted(replication.acks_all_does_not_wait, "L6", "L7"),
    _planted(replication.acks_all_does_not_count_who_is_in_sync, "L6", "L7"),
    _planted(replication.followers_do_not_truncate, "L2", "L9", "X4"),
    _planted(replication.followers_truncate_to_the_high_watermark, "L2", "L4", "L6", "L9", "X4"),
    _planted(replication.everybody_may_join_the_isr, "L3", "L4", "L6"),
    _planted(replication.nobody_is_fenced_by_leader_epochs, "L2", "L4", "L6", "L9", "X4"),
    _planted(replication.epochs_outlive_the_records_they_were_for, "L1", "L2", "L4", "L9", "X4"),
    _planted(replication.batches_say_nothing_of_their_epoch, "L1", "L2", "G3"),
    _planted(replication.brokers_forget_sequence_numbers, "T1"),
    _planted(replication.a_new_leader_forgets_sequence_numbers, "T1"),
    _planted(replication.sequence_numbers_are_not_read_from_the_log, "T1"),
    _planted(replication.gaps_in_sequence_numbers_are_taken, "T1"),
    _planted(replication.log_begins_anew_after_a_restart, "L3", "L4", "L6"),
    _planted(elections.anybody_alive_may_be_elected, "M8", "L4", "L6"),
    _planted(elections.a_topics_name_is_all_that_counts, "L1", "L2", "L4", "L6", "L9", "M3", "M4", seeds=REMADE),
    _planted(elections.unclean_elections_are_not_asked_for, "M8"),
    _planted(elections.a_new_leader_keeps_the_old_epoch, "M3"),
    _planted(elections.a_move_ends_before_the_newcomers_are_in_sync, "M9", "L4"),
    _planted(elections.an_unclean_stop_is_forgiven, "M10"),
    _planted(elections.the_elr_is_never_cleared, "M7", "L4"),
    _planted(elections.too_few_in_sync_are_enough, "L4", "L6"),
    _planted(elections.leaders_are_not_given_back, "L9"),
    _planted(requests.readers_see_what_is_not_committed, "L8", "T3"),
    _planted(requests.followers_serve_all_they_have, "L8", "T3"),
    _planted(requests.a_session_tells_of_records_only, "L9", "G6"),
    _planted(requests.a_session_learns_nothing_new, "L9", "G6"),
    _planted(requests.waits_outlive_their_connection, "X1", "X3", "L9", "G6"),
    _planted(requests.connections_are_never_forgotten, "X1", "X3", "L9", "G6"),
    _planted(groups.offsets_are_forgotten_when_the_coordinator_moves, "G3"),
    _planted(groups.an_old_coordinator_goes_on, "G1", "G2", "G3", "G4"),
    _planted(groups.partitions_are_handed_over_before_they_are_given_up, "G1"),
    _planted(groups.everybody_gets_everything, "G1"),
    _planted(groups.a_generation_is_not_counted, "G2"),
    _planted(groups.what_is_fetched_counts_as_read, "G5"),
    _planted(old_records.compaction_drops_the_newest_value, "L10", seeds=COMPACTED),
    _planted(old_records.tombstones_go_in_one_pass, "L10", seeds=COMPACTED),
    _planted(old_records.tombstones_go_whatever_their_horizon, "L10", seeds=COMPACTED),
    _planted(old_records.compaction_takes_what_is_not_committed, "L10", seeds=COMPACTED),
    _planted(old_records.compaction_moves_records_together, "L10", seeds=COMPACTED),
    _planted(old_records.compaction_leaves_no_empty_batch, "L10", seeds=COMPACTED),
    _planted(old_records.retention_goes_above_the_high_watermark, "L11"),
    _planted(old_records.retention_takes_half_a_segment, "L11", "M2"),
    _planted(old_records.retention_deletes_what_only_compacts, "L11"),
    _planted(old_records.nothing_reaches_the_platter, "L6", "L9", "L10", "G2", "G3", seeds=COMPACTED),
    _planted(quorum.whatever_the_leader_has_is_committed, "M2", seeds=THREE_CONTROLLERS),
    _planted(quorum.anybody_is_voted_for, "M2", seeds=THREE_CONTROLLERS),
    _planted(quorum.a_deposed_controller_keeps_what_it_had_decided, "M2", seeds=THREE_CONTROLLERS),
    _planted(transactions.one_partition_of_an_abort_is_told_to_commit, "T3", seeds=TRANSACTIONAL),
    _planted(transactions.the_last_stable_offset_is_the_high_watermark, "L3", "T3", seeds=TRANSACTIONAL),
    _planted(transactions.the_last_stable_offset_is_that_of_the_newest_transaction, "L3", "T3", seeds=TRANSACTIONAL),
    _planted(transactions.a_transaction_that_timed_out_keeps_its_epoch, "T4", "T6", seeds=TRANSACTIONAL),
    _planted(transactions.a_newcomer_gets_the_epoch_of_the_one_before, "T1", "T3", "T4", "L6", seeds=TRANSACTIONAL),
    _planted(transactions.nobody_is_fenced_by_producer_epochs, "T1", "T3", "T4", "T5", "L6", seeds=TRANSACTIONAL),
    _planted(transactions.any_epoch_may_end_a_transaction, "T3", "T4", "T5", "L6", seeds=TRANSACTIONAL),
    _planted(transactions.what_was_decided_is_forgotten_when_the_coordinator_moves, "T6", seeds=TRANSACTIONAL),
    _planted(
        transactions.open_transactions_are_forgotten_when_the_coordinator_moves, "T3", "T5", "T6", seeds=TRANSACTIONAL
    ),
    _planted(transactions.markers_go_out_before_the_decision_is_stored, "T3", seeds=TRANSACTIONAL),
    _planted(transactions.markers_of_an_old_coordinator_are_taken, "T3", "T5", seeds=TRANSACTIONAL),
    _planted(transactions.markers_are_sent_to_the_first_partition_only, "T3", "T5", "T6", seeds=TRANSACTIONAL),
    _planted(transactions.nobody_looks_for_transactions_that_are_open_too_long, "T6", seeds=TRANSACTIONAL),
    _planted(transactions.nobody_is_told_what_was_aborted, "T3", seeds=TRANSACTIONAL),
    _planted(transactions.aborted_transactions_are_forgotten_at_a_restart, "T3", seeds=TRANSACTIONAL),
    _planted(transactions.open_transactions_are_not_read_from_the_log, "L3", "T3", seeds=TRANSACTIONAL),
    _planted(transactions.leaders_ask_nobody_whether_a_transaction_is_open, "T3", "T5", "T6", seeds=TRANSACTIONAL),
    _planted(moves.sent_offsets_count_at_once, "T7", "G3", seeds=MOVING),
    _planted(moves.sent_offsets_are_never_the_groups, "T7", "G3", "X4", seeds=MOVING),
    _planted(moves.sent_offsets_are_forgotten_when_the_coordinator_moves, "T7", "G3", seeds=MOVING),
)


def found_by(seeds: Iterable[int]) -> tuple[str, int, int] | None:
    """The first invariant that is found broken, by which seed, and after how many histories."""
    for number, seed in enumerate(seeds, 1):
        try:
            History(seed).run()
        except Broken as broken:
            return broken.invariant, seed, number
    return None
