"""Who leads when replicas come and go."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from kafkalab.engine.controller.metadata import PartitionChangeRecord, PartitionRecord, changed
from kafkalab.engine.controller.partition_change import RECOVERING, Ballot, Election, Target, partition_change

TOPIC_ID = UUID(int=9)
PARTITION = PartitionRecord(TOPIC_ID, 0, (1, 2, 3), (1, 2, 3), leader=1, leader_epoch=4, partition_epoch=10)


def alive(*brokers: int) -> Callable[[int], bool]:
    return lambda broker: broker in brokers


def test_a_leader_that_can_lead_stays() -> None:
    assert partition_change(PARTITION, Ballot(alive(1, 2, 3))) is None


def test_the_first_live_in_sync_replica_in_assignment_order_takes_over() -> None:
    change = partition_change(PARTITION, Ballot(alive(2, 3)), Target(isr=(3, 2)))
    assert change == PartitionChangeRecord(TOPIC_ID, 0, isr=(3, 2), leader=2)


def test_a_live_replica_that_is_not_in_sync_does_not_take_over() -> None:
    partition = replace(PARTITION, isr=(1,))
    assert partition_change(partition, Ballot(alive(2, 3)), Target(isr=())) == PartitionChangeRecord(
        TOPIC_ID, 0, leader=-1
    )


def test_the_last_in_sync_replica_stays_in_the_isr() -> None:
    partition = replace(PARTITION, isr=(1,))
    change = partition_change(partition, Ballot(alive(2)), Target(isr=()))
    assert change is not None
    assert changed(partition, change) == replace(partition, leader=-1, leader_epoch=5, partition_epoch=11)


def test_a_shrinking_isr_does_not_raise_the_leader_epoch() -> None:
    change = partition_change(PARTITION, Ballot(alive(1, 2)), Target(isr=(1, 2)))
    assert change is not None
    assert changed(PARTITION, change) == replace(PARTITION, isr=(1, 2), partition_epoch=11)


def test_leadership_goes_back_to_the_preferred_replica_when_asked() -> None:
    partition = replace(PARTITION, leader=2)
    assert partition_change(partition, Ballot(alive(1, 2, 3))) is None
    change = partition_change(partition, Ballot(alive(1, 2, 3), Election.PREFERRED))
    assert change == PartitionChangeRecord(TOPIC_ID, 0, leader=1)


def test_a_dead_preferred_replica_is_not_preferred() -> None:
    partition = replace(PARTITION, leader=2)
    assert partition_change(partition, Ballot(alive(2, 3), Election.PREFERRED)) is None


def test_an_unclean_election_takes_any_live_replica_and_leaves_it_alone_in_the_isr() -> None:
    partition = replace(PARTITION, isr=(1,))
    change = partition_change(partition, Ballot(alive(3), Election.UNCLEAN), Target(isr=()))
    assert change == PartitionChangeRecord(TOPIC_ID, 0, isr=(3,), leader=3, leader_recovery_state=RECOVERING)


def test_an_unclean_election_is_clean_while_an_in_sync_replica_lives() -> None:
    change = partition_change(PARTITION, Ballot(alive(2, 3), Election.UNCLEAN), Target(isr=(2, 3)))
    assert change == PartitionChangeRecord(TOPIC_ID, 0, isr=(2, 3), leader=2)
