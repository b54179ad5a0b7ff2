"""Rules of replication and of what producers are promised, wilfully broken."""

from typing import Any

from kafkalab.engine.broker.fetcher import Fetcher
from kafkalab.engine.broker.fetchers import Fetchers
from kafkalab.engine.broker.in_sync_set import InSyncSet
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.controller.metadata import METADATA_TOPIC
from kafkalab.engine.log import log as log_module
from kafkalab.engine.log import recovery
from kafkalab.engine.log.epochs import LeaderEpochs
from kafkalab.engine.log.log import Log
from kafkalab.engine.log.producers import Producers
from kafkalab.wire.batches import stamped
from kafkalab.wire.errors import ErrorCode
from tests.simulation.planted.patch import Patch


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
    patch(Producers, "check", lambda producers, batch, from_client, verified: None)


def log_begins_anew_after_a_restart(patch: Patch) -> None:
    """What an earlier life wrote is dropped when the log is opened."""
    opened = Log.__init__

    def open_empty(log: Log, *args: Any) -> None:
        opened(log, *args)
        if "__" not in log.directory and log.end_offset > 0:
            log.truncate_to(log.end_offset - 1)

    patch(Log, "__init__", open_empty)


def high_watermark_is_counted_and_not_that_of_the_isr(patch: Patch) -> None:
    """What most of the replicas have is committed, whoever is in sync."""

    def advance(partition: Partition) -> bool:
        if not partition.is_leader:
            return False
        ends = sorted([partition.log.end_offset, *(state.log_end for state in partition.follower_states.values())])
        committed = ends[len(ends) - len(ends) // 2 - 1]
        if committed <= partition.high_watermark:
            return False
        partition.high_watermark = committed
        partition.broker.purgatory.touch(partition.key)
        return True

    patch(Partition, "advance_high_watermark", advance)


def followers_truncate_to_the_high_watermark(patch: Patch) -> None:
    """As before KIP-101: no follower asks where its last epoch ended."""
    rightly = Fetchers.follow

    def follow(fetchers: Fetchers, partition: Partition) -> None:
        partition.truncate_to(partition.high_watermark, "it follows from its high watermark on")
        rightly(fetchers, partition)

    patch(Fetchers, "follow", follow)
    patch(Fetcher, "_truncate", lambda fetcher, partition, leader_end: None)


def nobody_is_fenced_by_leader_epochs(patch: Patch) -> None:
    """A leader serves whoever believes in an older or a newer epoch."""
    patch(Partition, "check_epoch", lambda partition, current_leader_epoch: None)


def epochs_outlive_the_records_they_were_for(patch: Patch) -> None:
    """A log cut short still says who wrote what is gone."""
    patch(LeaderEpochs, "truncate_from_end", lambda epochs, end_offset: None)


def batches_say_nothing_of_their_epoch(patch: Patch) -> None:
    """All are stamped with epoch 0, but for those of the metadata."""
    rightly = Log.append_as_leader
    is_metadata: list[bool] = []

    def append(log: Log, *args: Any, **named: Any) -> Any:
        is_metadata.append(METADATA_TOPIC in log.directory)
        try:
            return rightly(log, *args, **named)
        finally:
            is_metadata.pop()

    def stamp(data: Any, base_offset: int, leader_epoch: int) -> Any:
        return stamped(data, base_offset, leader_epoch if is_metadata[-1] else 0)

    patch(Log, "append_as_leader", append)
    patch(log_module, "stamped", stamp)


def a_new_leader_forgets_sequence_numbers(patch: Patch) -> None:
    """What producers wrote is known to the leader they wrote to, and to none after it."""
    rightly = Partition.become_leader

    def become_leader(partition: Partition, image: Any) -> bool:
        new = rightly(partition, image)
        if new:
            partition.log.producers.clear()
        return new

    patch(Partition, "become_leader", become_leader)


def sequence_numbers_are_not_read_from_the_log(patch: Patch) -> None:
    """They are forgotten with the process, and when a log is cut."""
    patch(recovery, "load_producers", lambda disk, directory, segments, producers, snapshots: producers.clear())


def gaps_in_sequence_numbers_are_taken(patch: Patch) -> None:
    """Only a batch among the last five is known as one that came before."""
    patch(Producers, "check", lambda producers, batch, from_client, verified: None)


def acks_all_does_not_count_who_is_in_sync(patch: Patch) -> None:
    """It is answered however few there are."""

    def replicated(partition: Partition, required_offset: int) -> ErrorCode | None:
        if not partition.is_leader:
            return ErrorCode.not_leader_or_follower
        return None if partition.log.end_offset < required_offset else ErrorCode.none

    patch(Partition, "replicated", replicated)
