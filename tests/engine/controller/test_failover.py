"""What becomes of decisions, sessions, clients and logs when the active controller changes."""

from datetime import timedelta

import pytest
from kio.schema.create_topics.v7.request import CreatableTopic, CreateTopicsRequest

from kafkalab.engine.events import BrokerFenced, MetadataTruncated, TopicCreated
from kafkalab.engine.node import Response
from kafkalab.engine.spec import controller_node
from kafkalab.wire.api import ApiKey, name_of
from kafkalab.wire.errors import ErrorCode
from tests.engine.controller.trio import Trio, images_of


def creation(name: str) -> CreateTopicsRequest:
    topic = CreatableTopic(name=name, num_partitions=1, replication_factor=3, assignments=(), configs=())
    return CreateTopicsRequest(topics=(topic,), timeout=timedelta(seconds=30))


def errors_of(room: Trio, number: int) -> list[ErrorCode] | None:
    answer = room.client.answers.get(number)
    return None if answer is None else [topic.error_code for topic in answer.topics]


def test_with_one_controller_of_three_data_flow_on_and_a_new_topic_waits_for_a_second() -> None:
    room = Trio()
    room.create((1, 2, 3), min_insync_replicas="2")
    killed = [each.controller_id for each in room.cluster.controllers.values()][:2]
    for controller_id in killed:
        room.cluster.crash_controller(controller_id)
    room.run(5)
    assert room.cluster.active_controller is None
    asked = room.say(1, ApiKey.CREATE_TOPICS, creation("waits"), channel="admin")
    for second in range(20):
        assert room.produce(1, f"{second}").base_offset == second
        room.run(1)
    assert room.fetch(1, 19).high_watermark == 20
    assert errors_of(room, asked) is None
    room.cluster.start_controller(killed[0])
    room.run(6)
    assert errors_of(room, asked) == [ErrorCode.none]
    assert list(room.active.image.topics) == ["orders", "waits"]


def test_what_the_old_leader_had_not_got_committed_never_was_and_is_asked_for_again() -> None:
    room = Trio()
    old = room.active
    # The broker that asks is cut off together with the active controller: so nobody else ever has its topic.
    room.cluster.isolate_all("alone", (old.name, "broker-1", "client"))
    asked = room.say(1, ApiKey.CREATE_TOPICS, creation("once"))
    room.run(0.1)
    assert "once" in old.image.topics
    assert errors_of(room, asked) is None
    room.run(4)
    assert (old.active, old.image.topics, errors_of(room, asked)) == (False, {}, None)
    ahead = old.replica.end_offset
    room.take_facts()
    room.cluster.heal()
    room.run(6)
    assert errors_of(room, asked) == [ErrorCode.none]
    truncated = room.take_facts(MetadataTruncated)
    assert [(each.controller, each.offset + each.records) for each in truncated] == [(old.controller_id, ahead)]
    first, *others = images_of(room.cluster)
    assert others == [first] * 5
    assert list(old.image.topics) == ["once"]


def test_a_decision_is_told_and_answered_when_a_majority_has_it_and_not_before() -> None:
    room = Trio()
    for each in room.standby:
        room.cluster.freeze_controller(each.controller_id)
    room.take_facts()
    asked = room.say(1, ApiKey.CREATE_TOPICS, creation("orders"))
    room.run(1)
    assert (room.take_facts(TopicCreated), errors_of(room, asked)) == ([], None)
    assert all("orders" not in broker.metadata.topics for broker in room.cluster.brokers.values())
    room.cluster.thaw_controller(room.standby[0].controller_id)
    room.run(0.1)
    assert room.take_facts(TopicCreated) == [TopicCreated("orders", 1, 3)]
    assert errors_of(room, asked) == [ErrorCode.none]


def test_who_asked_in_an_earlier_life_gets_no_answer_in_this_one() -> None:
    room = Trio()
    asked_by = room.active.name
    for each in room.standby:
        room.cluster.freeze_controller(each.controller_id)
    room.say(1, ApiKey.CREATE_TOPICS, creation("orders"))
    room.run(0.1)
    room.cluster.crash(1)
    room.cluster.start_broker(1)
    answers: list[str] = []
    room.world.on_message.append(
        lambda _sent, _due, source, target, message: (
            answers.append(name_of(message.api_key))
            if isinstance(message, Response) and (source, target) == (asked_by, "broker-1")
            else None
        )
    )
    room.cluster.thaw_controller(room.standby[0].controller_id)
    room.run(2)
    assert "orders" in room.active.image.topics
    assert "CreateTopics" not in answers


def test_a_new_active_controller_gives_every_broker_a_whole_session() -> None:
    room = Trio()
    room.cluster.crash(3)
    room.run(4)
    room.cluster.crash_controller(room.active.controller_id)
    room.until_active()
    room.take_facts()
    room.run(8.9)
    assert room.take_facts(BrokerFenced) == []
    room.run(0.2)
    assert room.take_facts(BrokerFenced) == [BrokerFenced(3, "broker 3 was silent for 9 s")]


def test_brokers_find_the_new_active_controller_when_the_old_one_stands_still() -> None:
    room = Trio()
    room.cluster.freeze_controller(room.active.controller_id)
    room.run(5)
    # Heartbeats went on: no broker was taken for dead.
    room.run(15)
    new = controller_node(room.active.controller_id)
    assert [broker.metadata_follower.controller for broker in room.cluster.brokers.values()] == [new] * 3
    assert not any(broker.fenced for broker in room.active.image.brokers.values())
    assert room.take_facts(BrokerFenced) == []


def test_a_broker_with_records_that_no_majority_ever_had_cuts_them_off() -> None:
    room = Trio()
    old = room.active
    room.cluster.isolate_all("alone", (old.name, "broker-1", "client"))
    room.say(1, ApiKey.CREATE_TOPICS, creation("never"))
    room.run(1)
    log = room.broker(1).metadata_follower.log
    assert log is not None
    assert log.end_offset == room.broker(1).metadata_follower.committed + 1 + 1
    room.cluster.crash(1)
    room.run(5)
    room.cluster.heal()
    room.cluster.start_broker(1)
    room.run(15)
    first, *others = images_of(room.cluster)
    assert others == [first] * 5


@pytest.mark.parametrize("broker", [1, 2, 3])
def test_in_combined_mode_a_machine_takes_its_controller_down_and_brings_it_back(broker: int) -> None:
    room = Trio(combined=True)
    room.create((1, 2, 3), min_insync_replicas="2")
    room.cluster.crash(broker)
    assert sorted(room.cluster.controllers) == [each for each in (3000, 3001, 3002) if each != 2999 + broker]
    room.run(15)
    leader = room.active.image.partition("orders", 0).leader
    assert room.produce(leader, "a").error_code is ErrorCode.none
    room.cluster.start_broker(broker)
    room.run(15)
    assert sorted(room.cluster.controllers) == [3000, 3001, 3002]
    assert sorted(room.active.image.partition("orders", 0).isr) == [1, 2, 3]


def test_in_combined_mode_a_controller_stops_after_its_broker_and_hands_over() -> None:
    room = Trio(combined=True)
    room.create((1, 2, 3))
    active = room.active.controller_id
    room.cluster.stop(active - 2999)
    room.run(5)
    assert active not in room.cluster.controllers
    assert active - 2999 not in room.cluster.brokers
    assert room.active.epoch == 2
    assert room.take_facts(BrokerFenced)[-1:] == [BrokerFenced(active - 2999, f"broker {active - 2999} shuts down")]
