"""The lab's consumers as members by the newer protocol: they share, hand over, and survive what befalls them."""

from dataclasses import replace
from typing import Any

from kafkalab.engine.clients.client import Close
from kafkalab.engine.clients.consumer import ChangeConsumer, Consumer
from kafkalab.engine.coordinators.modern.group import ConsumerGroup
from kafkalab.engine.events import MemberLeft, MemberReconciled, PartitionsAssigned, PartitionsRevoked
from tests.engine.clients.stage import Stage

CONFIGS = {
    "group.consumer.min.heartbeat.interval.ms": "1000",
    "group.consumer.heartbeat.interval.ms": "1000",
    "group.consumer.min.session.timeout.ms": "6000",
    "group.consumer.session.timeout.ms": "6000",
}


def stage(seed: int = 1, partitions: int = 4) -> Stage:
    return Stage(seed, partitions, CONFIGS)


def member(at: Stage, name: str, **settings: Any) -> Consumer:
    return at.consumer(name, **({"group": "g", "group_protocol": "consumer"} | settings))


def group(at: Stage) -> ConsumerGroup:
    (found,) = [
        broker.groups.groups["g"]
        for broker in at.cluster.brokers.values()
        for shard in broker.groups.shards.values()
        if "g" in shard.groups
    ]
    assert isinstance(found, ConsumerGroup)
    return found


def numbers(*members: Consumer) -> list[list[int]]:
    return [[partition for _, partition in one.assignment] for one in members]


def test_a_member_makes_its_own_id_and_gets_everything() -> None:
    at = stage()
    first = member(at, "c1")
    at.run(3)
    assert (first.state, first.generation, numbers(first)) == ("polling", 2, [[0, 1, 2, 3]])
    assert len(first.member_id) == 22
    assert list(group(at).members) == [first.member_id]
    second = member(at, "c2")
    at.run(5)
    assert second.member_id != first.member_id
    assert sorted(number for one in numbers(first, second) for number in one) == [0, 1, 2, 3]
    assert [len(one) for one in numbers(first, second)] == [2, 2]
    assert (first.generation, second.generation, str(group(at).state)) == (3, 3, "Stable")


def test_what_moves_is_committed_given_up_and_reported_before_another_has_it() -> None:
    at = stage()
    first = member(at, "c1", auto_commit_interval_ms=600_000)
    at.producer(rate_per_s=50)
    at.run(6)
    second = member(at, "c2", auto_commit_interval_ms=600_000)
    at.run(8)
    (revoked,) = at.told(PartitionsRevoked, "c1")
    (assigned,) = at.told(PartitionsAssigned, "c2")
    assert revoked.partitions == assigned.partitions
    steps = [event for event in at.told(MemberReconciled) if event.epoch > 2 or event.revoking]
    mine, theirs = first.member_id, second.member_id
    states = [(event.member, event.state, event.revoking != (), event.waiting != ()) for event in steps]
    assert states == [
        (theirs, "unreleased_partitions", False, True),
        (mine, "unrevoked_partitions", True, False),
        (mine, "stable", False, False),
        (theirs, "stable", False, False),
    ]
    delivered = at.delivered()
    assert len(delivered) == len(set(delivered))
    # Only what moved stood still: the other partitions went on meanwhile.
    assert [node for node, event in at.events if isinstance(event, PartitionsAssigned)] == ["c1", "c2"]


def test_who_leaves_in_good_order_is_replaced_at_once() -> None:
    at = stage()
    first, second = member(at, "c1"), member(at, "c2")
    at.producer(rate_per_s=50)
    at.run(8)
    at.world.tell_node("c2", Close())
    at.run(3)
    assert "c2" not in at.world.nodes
    assert numbers(first) == [[0, 1, 2, 3]]
    assert [(event.member, event.reason) for event in at.told(MemberLeft)] == [(second.member_id, "it said goodbye")]
    delivered = at.delivered()
    assert len(delivered) == len(set(delivered))


def test_who_crashes_is_replaced_when_its_session_ends() -> None:
    at = stage()
    first = member(at, "c1")
    member(at, "c2")
    at.run(8)
    at.world.crash("c2")
    at.run(4)
    assert [len(one) for one in numbers(first)] == [2]
    at.run(5)
    assert numbers(first) == [[0, 1, 2, 3]]


def test_a_static_member_comes_back_to_what_it_had() -> None:
    at = stage()
    first, second = member(at, "c1"), member(at, "c2", instance_id="two")
    at.run(8)
    had = numbers(first, second)
    at.world.tell_node("c2", Close())
    at.run(2)
    assert "c2" not in at.world.nodes
    again = member(at, "c2", instance_id="two")
    at.run(3)
    assert numbers(first, again) == had
    assert again.member_id != second.member_id
    assert group(at).group_epoch.epoch == 3


def test_a_group_goes_on_at_another_coordinator_when_its_own_crashes() -> None:
    at = stage()
    first, second = member(at, "c1"), member(at, "c2")
    at.producer(rate_per_s=50)
    at.run(8)
    had = numbers(first, second)
    coordinator = first.link.broker
    assert coordinator is not None
    at.cluster.crash(coordinator)
    at.run(15)
    assert (first.link.broker, second.link.broker) == (second.link.broker, first.link.broker)
    assert first.link.broker not in (None, coordinator)
    assert numbers(first, second) == had
    third = member(at, "c3")
    at.run(6)
    assert sorted(number for one in numbers(first, second, third) for number in one) == [0, 1, 2, 3]
    delivered = at.delivered()
    assert len(delivered) == len(set(delivered))


def test_who_was_silent_too_long_is_fenced_and_joins_anew() -> None:
    at = stage()
    first, second = member(at, "c1"), member(at, "c2")
    at.run(8)
    at.world.freeze("c2")
    at.run(9)
    assert numbers(first) == [[0, 1, 2, 3]]
    at.world.thaw("c2")
    at.run(6)
    assert [len(one) for one in numbers(first, second)] == [2, 2]
    assert second.member_id in group(at).members


def test_a_slow_application_leaves_and_joins_again_when_it_polls() -> None:
    at = stage()
    producer = at.producer(rate_per_s=0)
    first = member(at, "c1", processing_ms=5_000, max_poll_records=1, max_poll_interval_ms=3_000)
    at.run(4)
    at.send(producer, 1, value=b"slow")
    at.run(4)
    assert first.state == "joining"
    assert group(at).members == {}
    at.run(4)
    assert numbers(first) == [[0, 1, 2, 3]]
    assert list(group(at).members) == [first.member_id]


def test_other_topics_are_read_without_leaving() -> None:
    at = stage()
    at.topic("payments", 2, {})
    first = member(at, "c1")
    at.run(3)
    at.world.tell_node("c1", ChangeConsumer(replace(first.settings, topics=("payments",))))
    at.run(3)
    assert first.assignment == (("payments", 0), ("payments", 1))
    assert at.told(MemberLeft) == []


def test_each_protocol_refuses_the_settings_of_the_other() -> None:
    at = stage()
    classic = at.consumer("c1", group="g").settings
    modern = member(at, "c2", group="h").settings
    assert replace(classic, group_remote_assignor="uniform").problems() == {
        "group_remote_assignor": "cannot be set when group.protocol=CLASSIC"
    }
    assert replace(modern, assignor="sticky", session_timeout_ms=9_000, heartbeat_interval_ms=500).problems() == {
        "assignor": "cannot be set when group.protocol=CONSUMER",
        "session_timeout_ms": "cannot be set when group.protocol=CONSUMER",
        "heartbeat_interval_ms": "cannot be set when group.protocol=CONSUMER",
    }
    assert replace(modern, group_remote_assignor="sticky").problems() == {
        "group_remote_assignor": "must be one of uniform, range"
    }
    assert replace(modern, group_protocol="share").problems() == {"group_protocol": "must be one of classic, consumer"}
