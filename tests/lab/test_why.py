"""Why something is as it is: from a fact back to what somebody did."""

import pytest

from kafkalab.lab import Lab
from kafkalab.lab.causes import MOST_MOMENTS, Causes
from kafkalab.lab.commands import (
    AddConsumer,
    CrashBroker,
    CrashConsumer,
    CreateProducer,
    CreateTopic,
    IsolateBroker,
    SendRecord,
    StartBroker,
)
from tests.lab.labs import SECOND_US, carried_out, opened


@pytest.fixture
def lab() -> Lab:
    lab = opened()
    carried_out(lab, CreateTopic("orders", 3, 3))
    lab.advance(SECOND_US)
    return lab


def told(lab: Lab, entity_id: str) -> list[str]:
    """The chain in short: each link's kind and words."""
    return [f"{link.kind}: {link.text}" for link in lab.why.explain(entity_id).chain]


def led_by(lab: Lab, broker: int) -> int:
    return next(number for number, image in lab.image.topics["orders"].partitions.items() if image.leader == broker)


def test_a_new_leader_is_traced_back_to_the_kill(lab: Lab) -> None:
    number = led_by(lab, 1)
    carried_out(lab, CrashBroker(1))
    lab.advance(15 * SECOND_US)
    leader = lab.image.topics["orders"].partitions[number].leader
    before = lab.image.topics["orders"].partitions[number].replicas
    after = [broker for broker in before if broker != 1]
    silent = "broker 1 was silent for 9 s"
    assert told(lab, f"partition:orders:{number}") == [
        f"fact: Broker {leader} leads orders-{number} from leader epoch 1 on (before: 1); {silent}.",
        f"fact: The in-sync replicas of orders-{number} shrank from {list(before)} to {after}.",
        f"fact: The controller fenced broker 1: {silent}.",
        "fact: broker-1 was killed: what it held in memory is gone, its disk is as it was.",
        "act: kill -9 <pid of broker 1>",
    ]


def test_a_cut_that_left_no_fact_is_found_as_what_somebody_did(lab: Lab) -> None:
    carried_out(lab, IsolateBroker(2))
    lab.advance(15 * SECOND_US)
    assert told(lab, "broker:2") == [
        "fact: The controller fenced broker 2: broker 2 was silent for 9 s.",
        "act: iptables -P INPUT DROP; iptables -P OUTPUT DROP  # on the machine of broker 2",
    ]


def test_a_replica_is_in_sync_again_because_its_broker_was_started(lab: Lab) -> None:
    carried_out(lab, CreateProducer("orders", rate=5))
    carried_out(lab, CrashBroker(3))
    lab.advance(15 * SECOND_US)
    carried_out(lab, StartBroker(3))
    lab.advance(15 * SECOND_US)
    chain = told(lab, "replica:orders:0:3")
    assert chain[0].startswith("fact: The in-sync replicas of orders-0 grew")
    assert chain[1].startswith("fact: Broker 3 follows broker")
    assert chain[2:] == ["fact: broker-3 started.", "act: kafka-server-start.sh -daemon config/broker-3.properties"]


def test_a_rebalance_is_traced_back_to_the_consumer_that_was_killed(lab: Lab) -> None:
    for _ in range(2):
        carried_out(lab, AddConsumer(("orders",), group="billing"))
        lab.advance(10 * SECOND_US)
    carried_out(lab, CrashConsumer("consumer-2"))
    lab.advance(60 * SECOND_US)
    chain = told(lab, "group:billing")
    assert chain[0].startswith("fact: Group billing went from CompletingRebalance to Stable")
    assert chain[-2:] == [
        "fact: consumer-2 was killed: what it held in memory is gone, its disk is as it was.",
        "act: kill -9 <pid of consumer-2>",
    ]
    assert any("left group billing: its session timed out" in link for link in chain)


def test_a_link_says_what_was_handled_and_how_much_is_left_out(lab: Lab) -> None:
    carried_out(lab, AddConsumer(("orders",), group="billing"))
    lab.advance(5 * SECOND_US)
    fact = next(each for each in lab.why.facts_about("group:billing") if "Empty" in each.event.sentence())
    changed, joins, starts, act = lab.why.chain(fact)
    assert (changed.how, changed.between, changed.event) == ("", 0, "GroupStateChanged")
    assert (joins.kind, joins.about, joins.event) == ("fact", "group:billing", "MemberJoined")
    assert joins.how.endswith("got JoinGroup from consumer-1")
    assert joins.between > 0
    assert (starts.text, starts.about) == ("consumer-1 started.", "producer:consumer-1")
    assert act.text.startswith("kafka-console-consumer.sh")


def test_a_fact_is_found_by_its_moment_and_words(lab: Lab) -> None:
    carried_out(lab, CrashBroker(1))
    asked = lab.why.facts_about("broker:1")[0]
    explained = lab.why.explain("", asked.moment, asked.event.sentence())
    assert [link.kind for link in explained.chain] == ["fact", "act"]
    assert explained.facts == ()
    assert lab.why.explain("", asked.moment, "something else").chain == ()


def test_in_the_past_it_is_told_what_was_known_then(lab: Lab) -> None:
    carried_out(lab, CrashBroker(1))
    then_us = lab.world.now_us
    lab.advance(15 * SECOND_US)
    told_now, told_then = (lab.why.explain("broker:1", until_us=at_us).chain for at_us in (None, then_us))
    assert [len(told_now), len(told_then)] == [3, 2]
    assert told_then == told_now[1:]


def test_what_is_shown_says_by_which_message_that_was_shown_it_came_about(lab: Lab) -> None:
    """With acks=all the answer to Produce goes out when a follower fetches again, which is not shown."""
    lab.watch(lambda: None)
    lab.witness.take()
    carried_out(lab, SendRecord("orders", "a", partition=0))
    shown = [each for each in lab.witness.take() if each["kind"] == "Packet"]
    by_number = {each["number"]: each for each in shown}
    answer = next(each for each in shown if each["api"] == "Produce" and each["response"])
    copied = by_number[answer["by"]]
    assert (copied["api"], copied["response"], copied["source"]) == ("Fetch", True, answer["source"])
    asked = by_number[copied["by"]]
    assert (asked["api"], asked["response"], asked["source"]) == ("Produce", False, "you")


def test_a_fork_remembers_what_was_before_it(lab: Lab) -> None:
    carried_out(lab, CrashBroker(1))
    lab.advance(5 * SECOND_US)
    fork = lab.fork()
    fork.advance(10 * SECOND_US)
    assert told(fork, "broker:1")[-1] == "act: kill -9 <pid of broker 1>"
    assert told(lab, "broker:1")[0].startswith("fact: broker-1 was killed")


def test_what_is_too_long_ago_is_forgotten_and_said_to_be(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_MOMENTS >= 10 * 60 * 500
    monkeypatch.setattr("kafkalab.lab.causes.MOST_MOMENTS", 200)
    carried_out(lab, CreateProducer("orders", rate=20))
    lab.advance(5 * SECOND_US)
    assert isinstance(lab.causes, Causes)
    assert lab.causes.since_us > lab.world.now_us - 5 * SECOND_US
    assert told(lab, "topic:orders") == [
        "fact: Topic orders was created with 3 partitions and 3 replicas each.",
        "forgotten: What was before that is not remembered any more.",
    ]
