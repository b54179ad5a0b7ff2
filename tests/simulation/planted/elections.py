"""Rules of who may lead, wilfully broken."""

from dataclasses import replace
from typing import Any

from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.broker.replicas import Replicas
from kafkalab.engine.controller import brokers, elections, metadata, partition_change
from kafkalab.engine.controller.partition_change import RECOVERED
from tests.simulation.planted.patch import Patch


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


def too_few_in_sync_are_enough(patch: Patch) -> None:
    """The high watermark moves on below min.insync.replicas, so who is eligible lacks what was committed."""
    rightly = Partition.advance_high_watermark

    def advance(partition: Partition) -> bool:
        config = partition.log.config
        partition.log.config = replace(config, min_insync_replicas=1)
        try:
            return rightly(partition)
        finally:
            partition.log.config = config

    patch(Partition, "advance_high_watermark", advance)


def leaders_are_not_given_back(patch: Patch) -> None:
    """Nobody restores preferred leaders."""
    patch(elections, "preferred_elections", lambda image, defaults: ())


def a_topics_name_is_all_that_counts(patch: Patch) -> None:
    """A replica of a deleted topic is taken for one of the topic made again under its name."""

    def is_mine(replicas: Replicas, key: Any, topic_id: Any) -> bool:
        image = replicas.broker.metadata.partition(*key)
        return image is not None and replicas.broker.broker_id in image.replicas

    patch(Replicas, "_is_mine", is_mine)


def unclean_elections_are_not_asked_for(patch: Patch) -> None:
    """Every topic is led by whoever is there, and nobody is told that records may be missing."""
    rightly = elections.ballot_of

    def ballot_of(*args: Any, **named: Any) -> Any:
        return replace(rightly(*args, **named), election=partition_change.Election.UNCLEAN)

    patch(elections, "ballot_of", ballot_of)
    patch(partition_change, "RECOVERING", RECOVERED)
