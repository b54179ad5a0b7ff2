"""Transactions on real brokers: two steps to the end, and another coordinator that takes them over."""

from copy import deepcopy

from kio.schema.describe_configs.v4.request import DescribeConfigsRequest, DescribeConfigsResource

from kafkalab.engine.coordinator_place import TRANSACTIONS_TOPIC
from kafkalab.engine.events import (
    MarkersHeldBack,
    MarkersSent,
    MarkersWritten,
    TransactionalIdForgotten,
    TransactionCoordinatorLoaded,
    TransactionCoordinatorUnloaded,
    TransactionStateChanged,
)
from kafkalab.engine.transactions.metadata import TransactionState
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.transactions.room import NAME, TransactionRoom, another

S = TransactionState
CONCURRENT = ErrorCode.concurrent_transactions


def test_a_commit_is_decided_then_marked_then_complete() -> None:
    room = TransactionRoom()
    room.begin(0, 1)
    room.take_facts()
    assert room.end() is ErrorCode.none
    room.run(1)
    kinds = (TransactionStateChanged, MarkersSent, MarkersWritten)
    assert [fact.sentence() for fact in room.take_facts(*kinds)] == [
        "The transaction of transfer went from Ongoing to PrepareCommit: the producer commits.",
        "The coordinator sent the COMMIT markers of transfer to broker 1, for orders-0.",
        "The coordinator sent the COMMIT markers of transfer to broker 2, for orders-1.",
        "The COMMIT markers of transfer are written in orders-0.",
        "The COMMIT markers of transfer are written in orders-1.",
        "The transaction of transfer went from PrepareCommit to CompleteCommit: every partition has its marker.",
    ]
    assert [room.markers(0, 3), room.markers(1, 3)] == [[True], [True]]


def test_the_topic_of_the_coordinator_is_made_as_kafka_makes_it() -> None:
    room = TransactionRoom()
    assert room.broker(1).metadata.topic_config(TRANSACTIONS_TOPIC) == {
        "cleanup.policy": "compact",
        "compression.type": "uncompressed",
        "min.insync.replicas": "2",
        "segment.bytes": "104857600",
        "unclean.leader.election.enable": "false",
    }
    resource = DescribeConfigsResource(
        resource_type=4, resource_name="1", configuration_keys=("transaction.max.timeout.ms",)
    )
    body = DescribeConfigsRequest(resources=(resource,), include_synonyms=False, include_documentation=False)
    (config,) = room.ask(1, ApiKey.DESCRIBE_CONFIGS, body).results[0].configs
    assert config.value == "900000"


def test_in_version_1_the_producer_keeps_its_epoch_over_many_transactions() -> None:
    room = TransactionRoom()
    assert room.init() is ErrorCode.none
    for commit in (True, False, True):
        assert room.add(0, version=3) == [ErrorCode.none]
        assert room.end(commit=commit, version=4) is ErrorCode.none
        room.run(1)
    assert (room.known.producer_epoch, room.markers(0, 2)) == (0, [True, False, True])


def test_other_brokers_do_not_coordinate() -> None:
    room = TransactionRoom()
    room.begin(0)
    room.coordinator = another(room.coordinator)
    assert room.init() is ErrorCode.not_coordinator
    assert room.add(0) == [ErrorCode.not_coordinator]
    assert room.end() is ErrorCode.not_coordinator


def test_another_coordinator_ends_what_was_decided() -> None:
    room = TransactionRoom((1,), (2,), (3,))
    coordinator = room.coordinator
    lone = another(coordinator)
    room.begin(lone - 1)
    room.cluster.crash(lone)
    room.run(12)
    # The marker cannot be written before the partition has a leader again, and by then another coordinates.
    assert room.end() is ErrorCode.none
    assert room.known.state is S.PREPARE_COMMIT
    room.take_facts()
    room.cluster.crash(coordinator)
    room.cluster.start_broker(lone)
    room.run(15)
    room.coordinator = room.find(by=lone)
    assert room.coordinator != coordinator
    assert (room.known.state, room.markers(lone - 1, lone)) == (S.COMPLETE_COMMIT, [True])
    kinds = (TransactionCoordinatorLoaded, MarkersWritten, TransactionStateChanged)
    told = room.take_facts(*kinds)
    assert [type(fact) for fact in told] == list(kinds)


def test_a_client_that_asks_again_at_the_next_coordinator_hears_that_it_is_done() -> None:
    room = TransactionRoom()
    room.begin(0, 1)
    assert room.end() is ErrorCode.none
    coordinator = room.coordinator
    room.cluster.crash(coordinator)
    room.run(12)
    room.coordinator = room.find(by=another(coordinator))
    assert room.end() is ErrorCode.none
    assert room.end(commit=False) is ErrorCode.invalid_txn_state
    assert room.init() is ErrorCode.none
    # One for the end, one for the producer that begins.
    assert room.epoch == 2


def test_an_open_transaction_survives_its_coordinator() -> None:
    room = TransactionRoom()
    room.begin(0)
    coordinator = room.coordinator
    room.cluster.crash(coordinator)
    room.run(12)
    room.coordinator = room.find(by=another(coordinator))
    assert (room.known.state, room.known.partitions) == (S.ONGOING, (("orders", 0),))
    assert room.add(1) == [ErrorCode.none]
    assert room.end() is ErrorCode.none
    room.run(1)
    assert room.known.state is S.COMPLETE_COMMIT


def test_markers_wait_for_a_leader() -> None:
    room = TransactionRoom((1,), (2,), (3,))
    lone = another(room.coordinator)
    room.begin(lone - 1, room.coordinator - 1)
    room.cluster.crash(lone)
    room.run(12)
    room.take_facts()
    assert room.end() is ErrorCode.none
    room.run(5)
    held_back = room.taken(MarkersHeldBack)
    assert [(fact.partitions, fact.reason) for fact in held_back] == [((f"orders-{lone - 1}",), "they have no leader")]
    assert (room.known.state, room.known.partitions) == (S.PREPARE_COMMIT, (("orders", lone - 1),))
    # Until then nothing new begins.
    assert room.init() is CONCURRENT
    assert room.end() is CONCURRENT
    room.cluster.start_broker(lone)
    room.run(5)
    assert (room.known.state, room.markers(lone - 1, lone)) == (S.COMPLETE_COMMIT, [True])


def test_markers_follow_a_partition_that_moves() -> None:
    room = TransactionRoom((1, 2, 3), (2, 3, 1), (3, 1, 2))
    leader = another(room.coordinator)
    room.begin(leader - 1)
    room.end_and_stop_at_the_decision()
    room.cluster.crash(leader)
    room.run(20)
    following = room.broker(room.coordinator).metadata.partition("orders", leader - 1).leader
    assert following == another(leader)
    assert (room.known.state, room.markers(leader - 1, following)) == (S.COMPLETE_COMMIT, [True])
    assert [fact.broker for fact in room.taken(MarkersSent)] == [leader, following]


def test_a_deleted_topic_needs_no_marker() -> None:
    room = TransactionRoom()
    room.begin(0, 1)
    room.delete("orders")
    room.run(1)
    assert room.end() is ErrorCode.none
    room.run(1)
    assert room.known.state is S.COMPLETE_COMMIT


def test_another_producer_aborts_what_is_open_and_is_then_the_only_one() -> None:
    room = TransactionRoom()
    room.begin(0)
    room.steps()
    assert room.init() is CONCURRENT
    room.run(1)
    assert room.init() is ErrorCode.none
    assert room.steps() == [
        ("Ongoing", "PrepareAbort", 1),
        ("PrepareAbort", "CompleteAbort", 1),
        ("CompleteAbort", "Empty", 2),
    ]
    assert room.add(0, epoch=0) == [ErrorCode.producer_fenced]
    assert room.end(epoch=0) is ErrorCode.producer_fenced
    assert room.markers(0, 1) == [False]


def test_what_a_zombie_asks_for_while_its_transaction_is_aborted_is_no_retry_of_the_newcomers() -> None:
    """Fencing raises the epoch once (KAFKA-19367), so until the newcomer has its own the zombie is one behind.

    Its commit is refused, its abort is what happens anyhow, and neither helps it when the newcomer has begun."""
    room = TransactionRoom()
    room.begin(0)
    assert room.init() is CONCURRENT
    assert room.end(commit=True, epoch=0) is ErrorCode.invalid_txn_state
    room.run(1)
    assert room.end(commit=True, epoch=0) is ErrorCode.invalid_txn_state
    assert room.end(commit=False, epoch=0) is ErrorCode.none
    assert room.init() is ErrorCode.none
    assert (room.epoch, room.known.state) == (2, S.EMPTY)
    for epoch in (0, 1):
        assert room.end(commit=True, epoch=epoch) is ErrorCode.producer_fenced
        assert room.end(commit=False, epoch=epoch) is ErrorCode.producer_fenced
        assert room.add(0, epoch=epoch) == [ErrorCode.producer_fenced]
    assert room.add(0) == [ErrorCode.none]
    assert room.end() is ErrorCode.none
    room.run(1)
    assert room.known.state is S.COMPLETE_COMMIT


def test_a_transaction_that_is_open_for_too_long_is_aborted() -> None:
    room = TransactionRoom()
    assert room.init(timeout_s=15) is ErrorCode.none
    room.add(0)
    room.steps()
    room.run(14)
    assert room.steps() == []
    room.run(12)
    assert room.steps() == [("Ongoing", "PrepareAbort", 1), ("PrepareAbort", "CompleteAbort", 1)]
    assert room.end() is ErrorCode.invalid_txn_state
    assert room.add(0) == [ErrorCode.producer_fenced]


def test_an_id_without_news_is_forgotten() -> None:
    room = TransactionRoom(
        transactional_id_expiration_ms="30000", transaction_remove_expired_transaction_cleanup_interval_ms="10000"
    )
    room.begin(0)
    room.run(60)
    # Not while a transaction is open, or has just been aborted.
    assert room.known.state is S.ONGOING
    assert room.end() is ErrorCode.none
    room.run(45)
    assert [fact.transactional_id for fact in room.taken(TransactionalIdForgotten)] == [NAME]
    assert room.broker(room.coordinator).transactions.transactions == {}
    assert room.end() is ErrorCode.invalid_producer_id_mapping
    coordinator = room.coordinator
    room.cluster.crash(coordinator)
    room.run(12)
    assert room.broker(room.find(by=another(coordinator))).transactions.transactions == {}


def test_too_few_replicas_stop_everything_and_nothing_is_half_done() -> None:
    room = TransactionRoom((1, 2, 3))
    room.begin(0)
    for broker in (1, 2, 3):
        if broker != room.coordinator:
            room.cluster.crash(broker)
    room.run(12)
    assert room.end(within_s=10) is ErrorCode.coordinator_not_available
    assert room.known.state is S.ONGOING
    for broker in (1, 2, 3):
        if broker != room.coordinator:
            room.cluster.start_broker(broker)
    room.run(12)
    assert room.end() is ErrorCode.none
    room.run(1)
    assert room.known.state is S.COMPLETE_COMMIT


def test_a_coordinator_that_resigns_coordinates_no_more() -> None:
    room = TransactionRoom()
    room.begin(0)
    coordinator = room.coordinator
    room.cluster.crash(coordinator)
    room.run(12)
    successor = room.find(by=another(coordinator))
    room.cluster.start_broker(coordinator)
    # The preferred leader gets the partition back within five minutes.
    room.take_facts()
    room.run(310)
    assert room.find() == coordinator
    unloaded = room.taken(TransactionCoordinatorUnloaded)
    assert [fact.broker for fact in unloaded] == [successor]
    assert room.broker(successor).transactions.transactions == {}
    assert room.known.state is S.COMPLETE_ABORT


def test_a_world_can_be_forked_while_markers_are_on_their_way() -> None:
    room = TransactionRoom((1,), (2,), (3,))
    lone = another(room.coordinator)
    room.begin(lone - 1)
    room.end_and_stop_at_the_decision()
    copies = deepcopy(room), deepcopy(room)
    for copy in copies:
        copy.run(2)
    assert [copy.known.state for copy in copies] == [S.COMPLETE_COMMIT] * 2
    assert copies[0].facts == copies[1].facts
    assert room.known.state is S.PREPARE_COMMIT
