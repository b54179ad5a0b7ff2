"""Who may lead when nobody is in sync any more: eligible leader replicas (KIP-966)."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from kafkalab.engine.controller.metadata import PartitionChangeRecord, PartitionRecord, changed
from kafkalab.engine.controller.partition_change import RECOVERING, Ballot, Election, Target, partition_change
from tests.engine.controller.scripted import Cluster, assigned

TOPIC_ID = UUID(int=9)
PARTITION = PartitionRecord(TOPIC_ID, 0, (1, 2, 3), (1, 2, 3), leader=1, leader_epoch=4, partition_epoch=10)


def alive(*brokers: int) -> Callable[[int], bool]:
    return lambda broker: broker in brokers


def ballot(*brokers: int, election: Election = Election.ONLINE, min_isr: int = 2) -> Ballot:
    return Ballot(alive(*brokers), election, min_isr, elr=True)


def change(**fields: object) -> PartitionChangeRecord:
    return PartitionChangeRecord(TOPIC_ID, 0, **fields)  # type: ignore[arg-type]


def test_who_leaves_an_isr_that_is_still_large_enough_is_not_eligible() -> None:
    assert partition_change(PARTITION, ballot(1, 2), Target(isr=(1, 2))) == change(isr=(1, 2))


def test_who_leaves_an_isr_below_min_insync_replicas_stays_eligible() -> None:
    partition = replace(PARTITION, isr=(1, 2))
    assert partition_change(partition, ballot(1), Target(isr=(1,))) == change(isr=(1,), eligible_leader_replicas=(2,))


def test_the_last_one_leaves_the_isr_and_is_remembered_as_the_last_leader() -> None:
    partition = replace(PARTITION, isr=(1,), eligible_leader_replicas=(2,))
    assert partition_change(partition, ballot(3), Target(isr=())) == change(
        isr=(), leader=-1, eligible_leader_replicas=(1, 2), last_known_elr=(1,)
    )


def test_an_eligible_replica_leads_cleanly_once_the_isr_is_empty() -> None:
    partition = replace(PARTITION, isr=(), leader=-1, eligible_leader_replicas=(1, 2), last_known_elr=(1,))
    assert partition_change(partition, ballot(2, 3)) == change(
        isr=(2,), leader=2, eligible_leader_replicas=(1,), last_known_elr=()
    )


def test_an_eligible_replica_does_not_lead_while_the_isr_has_a_member() -> None:
    partition = replace(PARTITION, isr=(1,), leader=-1, eligible_leader_replicas=(2,))
    assert partition_change(partition, ballot(2, 3)) is None


def test_the_elr_is_cleared_when_enough_are_in_sync_again() -> None:
    partition = replace(PARTITION, isr=(1,), eligible_leader_replicas=(2,))
    assert partition_change(partition, ballot(1, 3), Target(isr=(1, 3))) == change(
        isr=(1, 3), eligible_leader_replicas=()
    )


def test_no_more_than_all_replicas_can_be_asked_to_be_in_sync() -> None:
    partition = replace(PARTITION, replicas=(1, 2), isr=(1,), eligible_leader_replicas=(2,))
    ended = partition_change(partition, ballot(1, 2, min_isr=3), Target(isr=(1, 2)))
    assert ended == change(isr=(1, 2), eligible_leader_replicas=())


def test_an_unclean_stop_takes_a_replica_out_of_the_isr_and_the_elr() -> None:
    partition = replace(PARTITION, isr=(1, 2))
    assert partition_change(partition, ballot(1), Target(isr=(1,), unclean=2)) == change(isr=(1,))
    eligible = replace(PARTITION, isr=(1,), eligible_leader_replicas=(2,))
    assert partition_change(eligible, ballot(1), Target(isr=(1,), unclean=2)) == change(eligible_leader_replicas=())


def test_the_last_known_leader_leads_uncleanly_when_nobody_is_eligible() -> None:
    partition = replace(PARTITION, isr=(), leader=-1, last_known_elr=(2,))
    assert partition_change(partition, ballot(1, 3)) is None
    assert partition_change(partition, ballot(1, 2)) == change(
        isr=(2,), leader=2, last_known_elr=(), leader_recovery_state=RECOVERING
    )


def test_an_unclean_election_clears_what_was_known_of_others() -> None:
    partition = replace(PARTITION, isr=(), leader=-1, eligible_leader_replicas=(1,), last_known_elr=(1,))
    assert partition_change(partition, ballot(3, election=Election.UNCLEAN)) == change(
        isr=(3,), leader=3, eligible_leader_replicas=(), last_known_elr=(), leader_recovery_state=RECOVERING
    )


def test_without_the_feature_the_last_one_stays_in_the_isr() -> None:
    partition = replace(PARTITION, isr=(1,))
    offline = partition_change(partition, Ballot(alive(2), min_isr=2), Target(isr=()))
    assert offline is not None
    assert changed(partition, offline) == replace(partition, leader=-1, leader_epoch=5, partition_epoch=11)


# -- a controller and what brokers tell it -----------------------------------------------------------


def two_of_three(cluster: Cluster) -> None:
    cluster.create(assigned("orders", (1, 2, 3)), configs={"min.insync.replicas": "2"})


def test_a_broker_that_stopped_well_stays_eligible_and_one_that_did_not_is_dropped(three_brokers: Cluster) -> None:
    two_of_three(three_brokers)
    three_brokers.pass_seconds(9, alive=(1,))
    partition = three_brokers.partition("orders")
    assert (partition.isr, partition.eligible_leader_replicas) == ((1,), (3,))
    three_brokers.register(3, incarnation=2, previous_epoch=three_brokers.epochs[3])
    assert three_brokers.partition("orders").eligible_leader_replicas == (3,)
    three_brokers.register(3, incarnation=3)
    assert three_brokers.partition("orders").eligible_leader_replicas == ()


def test_an_unregistered_broker_is_neither_in_sync_nor_eligible(three_brokers: Cluster) -> None:
    two_of_three(three_brokers)
    three_brokers.pass_seconds(9, alive=(1,))
    assert three_brokers.unregister(3).error_code == 0
    partition = three_brokers.partition("orders")
    assert (partition.isr, partition.eligible_leader_replicas) == ((1,), ())
    assert list(three_brokers.controller.image.brokers) == [1, 2]
    again = three_brokers.unregister(3)
    assert (again.error_code, again.error_message) == (102, "Broker ID 3 is not currently registered")
