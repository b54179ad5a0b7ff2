"""Clusters as a whole: the same seed, the same history; forks; restarts from real files; a controller away."""

from copy import deepcopy
from pathlib import Path

from kafkalab.engine.broker.lifecycle import BrokerState
from kafkalab.engine.disk import FileDisk
from kafkalab.engine.events import LogRecovered
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import SECOND_US, Room, create_topics


def story() -> Room:
    room = Room(latency_us=400)
    room.create((1, 2, 3), (2, 3, 1))
    room.produce(1, "a")
    room.cluster.crash(1)
    room.run(12)
    room.produce(2, "b", partition=1)
    room.cluster.start_broker(1)
    room.run(5)
    return room


def test_the_same_seed_and_the_same_commands_give_the_same_history() -> None:
    assert story().facts == story().facts


def test_a_fork_goes_on_by_itself_and_in_the_same_way() -> None:
    room = story()
    fork = deepcopy(room)
    # Who listens to a world stays with it; this fork has a listener of its own.
    fork.world.on_event.append(fork._hear)
    for each in (room, fork):
        each.take_facts()
        each.produce(2, "c")
        each.run(1)
    assert fork.facts == room.facts
    fork.produce(2, "only here")
    assert [len(each.values(2)) for each in (room, fork)] == [2, 3]


def test_brokers_start_while_the_controller_is_away_and_join_when_it_is_back() -> None:
    room = Room()
    room.create((1, 2, 3))
    room.produce(1, "a")
    room.world.crash("controller-3000")
    room.cluster.crash(3)
    room.produce(1, "b", acks=1)
    room.cluster.start_broker(3)
    room.run(30)
    assert room.broker(3).state is BrokerState.STARTING
    room.cluster.start_controller()
    room.run(20)
    assert room.broker(3).state is BrokerState.RUNNING
    assert room.replica(1).isr == (1, 2, 3)
    assert room.values(3) == [(0, 0, "a"), (1, 0, "b")]


def test_everything_is_there_after_the_whole_process_was_killed(tmp_path: Path) -> None:
    room = Room(new_disk=lambda node: FileDisk(tmp_path / node))
    room.create((1, 2, 3))
    room.produce(1, "a", "b")
    room.run(6)
    path = next((tmp_path / "broker-2" / "orders-0").glob("*.log"))
    with path.open("ab") as log:
        log.write(b"\0\0\0\0\0\0\0\2torn")
    again = Room(new_disk=lambda node: FileDisk(tmp_path / node))
    # The controller's sessions of the dead brokers have to end first.
    again.run(25)
    assert [value for broker in (1, 2, 3) for value in again.values(broker)] == [(0, 0, "a"), (1, 0, "b")] * 3
    assert again.take_facts(LogRecovered) == [LogRecovered("orders", 0, 2, 2, 12)]
    leader = again.cluster.controller.image.partition("orders", 0).leader
    assert again.replica(leader).high_watermark == 2
    assert again.produce(leader, "c").base_offset == 2


def test_an_idle_cluster_hardly_stirs() -> None:
    room = Room()
    room.create(*[(1, 2, 3), (2, 3, 1), (3, 1, 2)] * 10)
    before = room.world.steps
    room.run(60)
    assert room.world.steps - before < 60 * 80


def test_a_cut_between_leader_and_follower_heals_without_loss() -> None:
    room = Room()
    room.create((1, 2, 3), min_insync_replicas="2")
    room.cluster.isolate(3)
    assert room.produce(1, "a", timeout_ms=20_000).base_offset == 0
    room.run(12)
    assert room.replica(1).isr == (1, 2)
    room.cluster.heal()
    room.run(10)
    assert room.replica(1).isr == (1, 2, 3)
    assert room.values(3) == [(0, 0, "a")]


def test_a_thousand_new_files_are_not_made_in_one_go() -> None:
    room = Room(brokers=1)
    disk = room.broker(1).disk
    most = 0
    room.say(1, ApiKey.CREATE_TOPICS, create_topics("orders", *[(1,)] * 300))
    until_us = room.world.now_us + SECOND_US
    while (room.world.next_due_us() or until_us) < until_us:
        before = len(disk.names())
        room.world.step()
        most = max(most, len(disk.names()) - before)
    # Whose each is, and the log itself.
    assert (len(disk.names("orders-0")), len(disk.names("orders-299")), most) == (2, 2, 40)


def test_a_broker_killed_before_its_new_replicas_had_files_makes_them_again() -> None:
    room = Room(brokers=1)
    room.say(1, ApiKey.CREATE_TOPICS, create_topics("orders", *[(1,)] * 3))
    while ("orders", 2) not in room.broker(1).partitions:
        room.world.step()
    assert room.broker(1).disk.names("orders-2") == []
    room.cluster.crash(1)
    room.cluster.start_broker(1)
    room.run(20)
    assert room.produce(1, "a", partition=2).error_code is ErrorCode.none
    assert room.values(1, partition=2) == [(0, 2, "a")]
