"""Partitions move to other brokers, and nothing is given up before the newcomers are in sync."""

import pytest
from kio.schema.list_partition_reassignments.v0.request import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsTopics,
)

from kafkalab.engine.events import ReassignmentEnded, ReassignmentStarted
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.controller.scripted import Cluster, assigned

DONE = (ErrorCode.none, None)


def ongoing(cluster: Cluster, *topics: ListPartitionReassignmentsTopics) -> list[tuple[object, ...]]:
    answer = cluster.ask(
        1, ApiKey.LIST_PARTITION_REASSIGNMENTS, ListPartitionReassignmentsRequest(topics=topics or None)
    )
    return [
        (topic.name, each.partition_index, each.replicas, each.adding_replicas, each.removing_replicas)
        for topic in answer.topics
        for each in topic.partitions
    ]


def state(cluster: Cluster) -> tuple[object, ...]:
    partition = cluster.partition("orders")
    return partition.replicas, partition.isr, partition.leader, partition.adding_replicas, partition.removing_replicas


def test_newcomers_are_added_first_and_the_others_go_when_all_are_in_sync(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2)))
    three_brokers.take_facts()
    assert three_brokers.reassign("orders", (3, 2)) == DONE
    assert state(three_brokers) == ((3, 2, 1), (1, 2), 1, (3,), (1,))
    assert ongoing(three_brokers) == [("orders", 0, (3, 2, 1), (3,), (1,))]
    answer = three_brokers.alter("orders", (1, 2, 3)).topics[0].partitions[0]
    # The old leader is told that it leads no more.
    assert answer.error_code is ErrorCode.new_leader_elected
    assert state(three_brokers) == ((3, 2), (2, 3), 3, (), ())
    assert three_brokers.partition("orders").leader_epoch == 1
    assert ongoing(three_brokers) == []
    facts = [fact for fact in three_brokers.take_facts() if isinstance(fact, ReassignmentStarted | ReassignmentEnded)]
    assert facts == [ReassignmentStarted("orders", 0, (3,), (1,)), ReassignmentEnded("orders", 0, (3, 2))]


def test_a_leader_that_stays_begins_a_new_epoch_when_another_replica_goes(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2)))
    three_brokers.reassign("orders", (1, 3))
    answer = three_brokers.alter("orders", (1, 2, 3)).topics[0].partitions[0]
    assert answer.error_code is ErrorCode.new_leader_elected
    assert state(three_brokers) == ((1, 3), (1, 3), 1, (), ())
    assert three_brokers.partition("orders").leader_epoch == 1


def test_a_new_order_of_the_same_brokers_is_done_at_once(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2, 3)))
    assert three_brokers.reassign("orders", (3, 2, 1)) == DONE
    assert state(three_brokers) == ((3, 2, 1), (1, 2, 3), 1, (), ())
    assert three_brokers.partition("orders").leader_epoch == 0


def test_a_partition_gives_up_a_replica_at_once_if_the_rest_are_in_sync(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2, 3)))
    assert three_brokers.reassign("orders", (2, 3)) == DONE
    assert state(three_brokers) == ((2, 3), (2, 3), 2, (), ())


def test_a_cancelled_reassignment_leaves_everything_as_it_was(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2)))
    three_brokers.reassign("orders", (3,))
    assert three_brokers.reassign("orders", None) == DONE
    assert sorted(three_brokers.partition("orders").replicas) == [1, 2]
    assert state(three_brokers)[1:] == ((1, 2), 1, (), ())
    error, message = three_brokers.reassign("orders", None)
    assert (error, message) == (ErrorCode.no_reassignment_in_progress, None)


def test_a_second_reassignment_replaces_the_first(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1,)))
    three_brokers.reassign("orders", (2,))
    three_brokers.reassign("orders", (3,))
    assert state(three_brokers) == ((3, 1, 2), (1,), 1, (2, 3), (1, 2))
    three_brokers.reassign("orders", None)
    assert state(three_brokers) == ((1,), (1,), 1, (), ())


@pytest.mark.parametrize(
    ("replicas", "message"),
    [
        ((), "The manual partition assignment includes an empty replica list."),
        ((1, 9), "The manual partition assignment includes broker 9, but no such broker is registered."),
        ((1, 1), "The manual partition assignment includes the broker 1 more than once."),
    ],
)
def test_an_impossible_assignment_is_refused(three_brokers: Cluster, replicas: tuple[int, ...], message: str) -> None:
    three_brokers.create(assigned("orders", (1, 2)))
    assert three_brokers.reassign("orders", replicas) == (ErrorCode.invalid_replica_assignment, message)


def test_the_replication_factor_stays_if_the_request_says_so(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2)))
    assert three_brokers.reassign("orders", (1, 2, 3), factor_may_change=False) == (
        ErrorCode.invalid_replication_factor,
        "The replication factor is changed from 2 to 3",
    )
    assert three_brokers.reassign("orders", (1, 3), factor_may_change=False) == DONE


def test_what_is_not_there_does_not_move(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1,)))
    unknown = ErrorCode.unknown_topic_or_partition
    assert three_brokers.reassign("nowhere", (1,)) == (unknown, "Unable to find a topic named nowhere.")
    assert three_brokers.reassign("orders", (1,), partition=4) == (unknown, "Unable to find partition orders:4.")
    nowhere = ListPartitionReassignmentsTopics(name="nowhere", partition_indexes=(0,))
    assert ongoing(three_brokers, nowhere) == []
