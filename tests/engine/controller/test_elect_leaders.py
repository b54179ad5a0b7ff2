"""Elections that a person asks for, and those that come by themselves."""

from kafkalab.engine.controller.metadata import BROKER
from kafkalab.wire.errors import ErrorCode
from tests.engine.controller.scripted import Cluster, assigned

PREFERRED, UNCLEAN = 0, 1


def leave_and_come_back(cluster: Cluster, broker_id: int, alive: tuple[int, ...]) -> None:
    cluster.pass_seconds(9, alive=alive)
    cluster.heartbeat(broker_id)


def test_the_preferred_replica_leads_again_when_asked_and_in_sync(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2, 3)))
    leave_and_come_back(three_brokers, 1, alive=(2, 3))
    assert three_brokers.elect(PREFERRED, ("orders", 0)) == [("orders", 0, ErrorCode.preferred_leader_not_available)]
    three_brokers.rejoin_isr("orders", 0, leader=2, isr=(2, 3, 1))
    epoch = three_brokers.partition("orders").leader_epoch
    assert three_brokers.elect(PREFERRED, ("orders", 0)) == [("orders", 0, ErrorCode.none)]
    partition = three_brokers.partition("orders")
    assert (partition.leader, partition.leader_epoch) == (1, epoch + 1)


def test_who_leads_already_needs_no_election(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2, 3)))
    assert three_brokers.elect(PREFERRED, ("orders", 0)) == [("orders", 0, ErrorCode.election_not_needed)]
    assert three_brokers.elect(UNCLEAN, ("orders", 0)) == [("orders", 0, ErrorCode.election_not_needed)]


def test_an_election_everywhere_leaves_out_what_is_well(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2, 3), (2, 3, 1)))
    leave_and_come_back(three_brokers, 1, alive=(2, 3))
    three_brokers.rejoin_isr("orders", 0, leader=2, isr=(2, 3, 1))
    assert three_brokers.elect(PREFERRED, everywhere=True) == [("orders", 0, ErrorCode.none)]


def test_what_is_not_there_elects_nobody(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2, 3)))
    unknown = ErrorCode.unknown_topic_or_partition
    assert three_brokers.elect(PREFERRED, ("nowhere", 0), ("orders", 7)) == [
        ("nowhere", 0, unknown),
        ("orders", 7, unknown),
    ]
    assert three_brokers.elect(7, ("orders", 0)) == [ErrorCode.invalid_request]


def test_an_unclean_election_by_hand_needs_no_setting_but_a_live_replica(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2)))
    three_brokers.pass_seconds(9, alive=(1, 3))
    three_brokers.pass_seconds(9, alive=(3,))
    assert three_brokers.elect(UNCLEAN, ("orders", 0)) == [("orders", 0, ErrorCode.eligible_leaders_not_available)]
    three_brokers.heartbeat(2)
    assert three_brokers.partition("orders").leader == -1
    assert three_brokers.elect(UNCLEAN, ("orders", 0)) == [("orders", 0, ErrorCode.none)]
    partition = three_brokers.partition("orders")
    assert (partition.leader, partition.isr, partition.leader_recovery_state) == (2, (2,), 1)
    # The leader's next word about its ISR says that it has recovered.
    three_brokers.heartbeat(1)
    three_brokers.rejoin_isr("orders", 0, leader=2, isr=(2, 1))
    assert three_brokers.partition("orders").leader_recovery_state == 0


def test_the_topics_setting_lets_unclean_elections_come_by_themselves(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2)), configs={"unclean.leader.election.enable": "true"})
    three_brokers.pass_seconds(9, alive=(1, 3))
    three_brokers.pass_seconds(9, alive=(3,))
    three_brokers.heartbeat(2)
    assert three_brokers.partition("orders").leader == 2


def test_leaders_go_back_to_where_they_belong_every_five_minutes(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2, 3)))
    leave_and_come_back(three_brokers, 1, alive=(2, 3))
    three_brokers.rejoin_isr("orders", 0, leader=2, isr=(2, 3, 1))
    three_brokers.pass_seconds(280, alive=(1, 2, 3))
    assert three_brokers.partition("orders").leader == 2
    three_brokers.pass_seconds(20, alive=(1, 2, 3))
    assert three_brokers.partition("orders").leader == 1


def test_after_a_restart_of_everything_leaderships_spread_as_soon_as_all_are_in_sync(three_brokers: Cluster) -> None:
    three_brokers.create(assigned("orders", (1, 2, 3), (2, 3, 1), (3, 1, 2)))
    three_brokers.restart_controller()
    three_brokers.pass_seconds(9)
    for broker_id in (1, 2, 3):
        three_brokers.register(broker_id, incarnation=2)
        three_brokers.heartbeat(broker_id)
    leaders = [three_brokers.partition("orders", number).leader for number in range(3)]
    assert len(set(leaders)) == 1
    for number in range(3):
        (leader,) = three_brokers.partition("orders", number).isr
        others = tuple(broker for broker in (1, 2, 3) if broker != leader)
        three_brokers.alter("orders", (leader, *others), broker_id=leader, partition=number)
    assert [three_brokers.partition("orders", number).leader for number in range(3)] == [1, 2, 3]


def test_a_new_cluster_writes_down_its_min_insync_replicas() -> None:
    cluster = Cluster(settings={"min.insync.replicas": "2"})
    assert cluster.controller.image.configs == {(BROKER, ""): {"min.insync.replicas": "2"}}
