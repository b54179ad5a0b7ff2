"""Brokers come, live, fall silent and leave."""

from datetime import timedelta
from uuid import UUID

from kio.schema.broker_heartbeat.v2.response import BrokerHeartbeatResponse
from kio.schema.broker_registration.v4.response import BrokerRegistrationResponse

from kafkalab.engine.controller.metadata import BrokerImage
from kafkalab.engine.events import (
    BrokerFenced,
    BrokerRegistered,
    BrokerUnfenced,
    ControlledShutdownStarted,
    EligibleLeadersChanged,
    IsrExpanded,
    IsrShrunk,
    LeaderElected,
    PartitionWentOffline,
)
from kafkalab.wire.errors import ErrorCode
from tests.engine.controller.scripted import BEGUN, Cluster, assigned

ZERO = timedelta(0)


def registered(epoch: int) -> BrokerRegistrationResponse:
    return BrokerRegistrationResponse(throttle_time=ZERO, error_code=ErrorCode.none, broker_epoch=epoch)


def registration_refused(error_code: ErrorCode) -> BrokerRegistrationResponse:
    return BrokerRegistrationResponse(throttle_time=ZERO, error_code=error_code, broker_epoch=-1)


def beat(*, caught_up: bool = True, fenced: bool = False, stop: bool = False) -> BrokerHeartbeatResponse:
    return BrokerHeartbeatResponse(
        throttle_time=ZERO,
        error_code=ErrorCode.none,
        is_caught_up=caught_up,
        is_fenced=fenced,
        should_shut_down=stop,
    )


# -- registration ----------------------------------------------------------------------------------


def test_a_new_broker_is_registered_fenced_under_the_offset_of_its_record(cluster: Cluster) -> None:
    assert cluster.register(1) == registered(BEGUN)
    assert cluster.controller.image.brokers == {
        1: BrokerImage(1, BEGUN, UUID(int=1001), "127.0.0.1", 9092, None, fenced=True)
    }
    assert cluster.take_facts() == [BrokerRegistered(1, BEGUN)]


def test_a_broker_of_another_cluster_is_refused(cluster: Cluster) -> None:
    assert cluster.register(1, cluster_id="elsewhere") == registration_refused(ErrorCode.inconsistent_cluster_id)
    assert cluster.controller.image.brokers == {}


def test_the_same_incarnation_registering_again_keeps_its_epoch(three_brokers: Cluster) -> None:
    assert three_brokers.register(1) == registered(BEGUN)
    assert three_brokers.take_facts() == []


def test_a_second_broker_with_the_same_id_is_refused_while_the_first_one_lives(three_brokers: Cluster) -> None:
    answer = three_brokers.register(1, incarnation=2)
    assert answer == registration_refused(ErrorCode.duplicate_broker_registration)


def test_a_killed_broker_gets_in_again_once_its_old_session_is_over(three_brokers: Cluster) -> None:
    three_brokers.pass_seconds(8.9, alive=(2, 3))
    assert three_brokers.register(1, incarnation=2).error_code is ErrorCode.duplicate_broker_registration
    three_brokers.pass_seconds(0.2)
    assert three_brokers.register(1, incarnation=2) == registered(BEGUN + 7)
    assert three_brokers.take_facts() == [
        BrokerFenced(1, "broker 1 was silent for 9 s"),
        BrokerRegistered(1, BEGUN + 7),
    ]


def test_a_new_incarnation_leaves_the_isrs_of_the_old_one(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2, 3)))
    three_brokers.heartbeat(1, stop=True)
    three_brokers.take_facts()
    # Leaving, so that its open session does not keep the next life out.
    assert three_brokers.register(1, incarnation=2) == registered(BEGUN + 10)
    assert three_brokers.controller.image.brokers[1].fenced
    assert three_brokers.partition("orders").isr == (2, 3)


# -- heartbeats ------------------------------------------------------------------------------------


def test_a_broker_is_unfenced_when_it_has_replayed_its_own_registration(cluster: Cluster) -> None:
    cluster.register(1)
    cluster.take_facts()
    assert cluster.heartbeat(1, offset=BEGUN - 1) == beat(caught_up=False, fenced=True)
    assert cluster.heartbeat(1, offset=BEGUN, fence=True) == beat(fenced=True)
    assert cluster.heartbeat(1, offset=BEGUN) == beat()
    assert cluster.take_facts() == [BrokerUnfenced(1)]


def test_a_heartbeat_under_an_old_epoch_is_refused(three_brokers: Cluster) -> None:
    three_brokers.epochs[1] -= 1
    assert three_brokers.heartbeat(1) == BrokerHeartbeatResponse(
        throttle_time=ZERO, error_code=ErrorCode.stale_broker_epoch, should_shut_down=False
    )


def test_a_broker_nobody_knows_is_refused(cluster: Cluster) -> None:
    assert cluster.heartbeat(2).error_code is ErrorCode.stale_broker_epoch


def test_a_broker_that_sends_heartbeats_is_never_fenced(three_brokers: Cluster) -> None:
    three_brokers.pass_seconds(60, alive=(1, 2, 3))
    assert three_brokers.take_facts() == []


def test_a_silent_broker_is_fenced_after_nine_seconds_and_others_lead(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2, 3), (2, 3, 1)), assigned("alone", (1,)))
    three_brokers.take_facts()
    three_brokers.pass_seconds(8.9, alive=(2, 3))
    assert three_brokers.take_facts() == []
    three_brokers.pass_seconds(0.1)
    silent = "broker 1 was silent for 9 s"
    assert three_brokers.take_facts() == [
        IsrShrunk("orders", 0, (1, 2, 3), (2, 3)),
        LeaderElected("orders", 0, leader=2, previous=1, leader_epoch=1, reason=silent),
        IsrShrunk("orders", 1, (2, 3, 1), (2, 3)),
        IsrShrunk("alone", 0, (1,), ()),
        EligibleLeadersChanged("alone", 0, (1,)),
        PartitionWentOffline("alone", 0, leader_epoch=1),
        BrokerFenced(1, silent),
    ]


def test_a_partition_without_a_leader_gets_it_back_when_its_last_in_sync_replica_does(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1,)))
    three_brokers.pass_seconds(9, alive=(2, 3))
    three_brokers.take_facts()
    epoch = three_brokers.register(1, incarnation=2).broker_epoch
    three_brokers.heartbeat(1)
    # It stopped badly, so it is eligible no more; but it was the last to lead.
    reason = "an unclean election, as no replica that has everything is left; broker 1 is back"
    assert three_brokers.take_facts() == [
        EligibleLeadersChanged("orders", 0, ()),
        BrokerRegistered(1, epoch),
        BrokerUnfenced(1),
        IsrExpanded("orders", 0, (), (1,)),
        LeaderElected("orders", 0, leader=1, previous=-1, leader_epoch=2, reason=reason),
    ]


def test_a_broker_that_was_frozen_is_told_so_and_comes_back(three_brokers: Cluster) -> None:
    three_brokers.pass_seconds(10, alive=(2, 3))
    three_brokers.take_facts()
    assert three_brokers.heartbeat(1) == beat()
    assert three_brokers.take_facts() == [BrokerUnfenced(1)]


# -- controlled shutdown ---------------------------------------------------------------------------


def test_a_broker_that_leads_moves_its_leaderships_before_it_stops(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2, 3)))
    three_brokers.heartbeat(2)
    three_brokers.heartbeat(3)
    three_brokers.take_facts()
    before = three_brokers.controller.image.offset
    assert three_brokers.heartbeat(1, stop=True) == beat()
    assert three_brokers.take_facts() == [
        ControlledShutdownStarted(1),
        IsrShrunk("orders", 0, (1, 2, 3), (2, 3)),
        LeaderElected("orders", 0, leader=2, previous=1, leader_epoch=1, reason="broker 1 is about to shut down"),
    ]
    # Brokers 2 and 3 have not replayed that yet: a request might still come for the old leader.
    assert three_brokers.heartbeat(2, offset=before) == beat()
    assert three_brokers.heartbeat(1, stop=True) == beat()
    three_brokers.heartbeat(2)
    three_brokers.heartbeat(3)
    assert three_brokers.heartbeat(1, stop=True) == beat(fenced=True, stop=True)
    assert three_brokers.take_facts() == [BrokerFenced(1, "broker 1 shuts down")]


def test_a_broker_that_leads_nothing_may_stop_at_once(three_brokers: Cluster) -> None:
    assert three_brokers.heartbeat(3, stop=True) == beat(fenced=True, stop=True)
    assert three_brokers.take_facts() == [BrokerFenced(3, "broker 3 shuts down")]


def test_a_broker_that_stopped_in_good_order_may_come_back_at_once(three_brokers: Cluster) -> None:
    three_brokers.heartbeat(3, stop=True)
    assert three_brokers.register(3, incarnation=2).error_code is ErrorCode.none


def test_a_controller_that_was_restarted_goes_on_with_a_shutdown(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2, 3)))
    three_brokers.heartbeat(1, stop=True)
    three_brokers.restart_controller()
    for broker_id in (2, 3):
        three_brokers.heartbeat(broker_id)
    assert three_brokers.heartbeat(1, stop=True) == beat()
    assert three_brokers.heartbeat(1, stop=True) == beat(fenced=True, stop=True)


# -- leadership goes back --------------------------------------------------------------------------


def test_preferred_replicas_lead_again_after_five_minutes(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2)))
    three_brokers.heartbeat(1, stop=True)
    three_brokers.register(1, incarnation=2)
    three_brokers.heartbeat(1)
    three_brokers.rejoin_isr("orders", 0, leader=2, isr=(2, 1))
    three_brokers.pass_seconds(200, alive=(1, 2, 3))
    three_brokers.take_facts()
    three_brokers.pass_seconds(100, alive=(1, 2, 3))
    assert three_brokers.take_facts() == [
        LeaderElected("orders", 0, leader=1, previous=2, leader_epoch=2, reason="it is the preferred replica")
    ]


def test_a_topic_that_allows_it_is_led_by_a_replica_that_was_not_in_sync() -> None:
    cluster = Cluster(settings={"unclean.leader.election.enable": "true"})
    cluster.bring_up(1, 2, 3)
    cluster.create(assigned("orders", (1, 2)))
    cluster.pass_seconds(10, alive=(1, 3))
    cluster.register(2, incarnation=2)
    cluster.heartbeat(2)
    cluster.take_facts()
    cluster.pass_seconds(10, alive=(2, 3))
    partition = cluster.partition("orders")
    assert (partition.leader, partition.isr, partition.leader_recovery_state) == (2, (2,), 1)
