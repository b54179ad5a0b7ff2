"""Faults that a person makes: each is listed while it is on, and undone by its number."""

import pytest

from kafkalab.engine.events import AnswerLost, LogDirFailed
from kafkalab.lab import Command, Lab
from kafkalab.lab.commands import (
    CreateProducer,
    CreateTopic,
    FreezeBroker,
    HealNetwork,
    IsolateBroker,
    SendRecord,
    StartBroker,
)
from kafkalab.lab.fault_commands import (
    AdvertiseWrongAddress,
    CutLink,
    DelayLink,
    DuplicateConnections,
    FailDisk,
    FailResponses,
    FillDisk,
    HideLeader,
    IsolateRack,
    LoseAnswers,
    LosePackets,
    MoveCoordinator,
    PoseAsKafka,
    SkewClock,
    SlowDisk,
    TearWrite,
    TellStaleLeader,
    UndoFault,
)
from tests.lab.labs import Ask

EVERY_KIND: list[Command] = [
    SlowDisk(1),
    FillDisk(1, 1_000_000),
    TearWrite(1),
    CutLink("broker-1", "broker-2"),
    LosePackets("broker-1", "controller-3000", 30),
    DelayLink("broker-2", "broker-3", 50, 10),
    DuplicateConnections("broker-1", "broker-2"),
    IsolateRack("rack-b"),
    SkewClock(1, 5_000),
    FailResponses("Produce", "NOT_ENOUGH_REPLICAS", 3),
    LoseAnswers("Produce", 2),
    HideLeader("orders", 0),
    TellStaleLeader("orders", 0, 2),
    MoveCoordinator("billing", 2),
    PoseAsKafka("2.8", 1),
    AdvertiseWrongAddress(1),
    FreezeBroker(1),
    IsolateBroker(1),
]


def on(lab: Lab) -> dict[str, str]:
    return {name: entity["name"] for name, entity in lab.view().items() if entity["kind"] == "fault"}


def wrong(lab: Lab) -> object:
    """All that a fault may have changed in the engine."""
    network, cluster = lab.world.network, lab.cluster
    disks = [(disk.failed, disk.free_bytes, disk.delay_us, disk.tears_next_write) for disk in cluster.disks.values()]
    rules = {broker: dict(tampering.rules) for broker, tampering in cluster.tampering.items()}
    skews = {broker.broker_id: broker.clock_skew_us for broker in lab.running_brokers()}
    skews |= {-broker: address for broker, address in cluster.advertised.items()}
    return disks, rules, skews, dict(network.cut), dict(network.links), dict(network.islands), list(lab.world.frozen)


@pytest.mark.parametrize("command", EVERY_KIND, ids=lambda command: type(command).__name__)
def test_a_fault_is_listed_until_it_is_undone_and_then_nothing_is_left_of_it(
    lab: Lab, ask: Ask, command: Command
) -> None:
    before = wrong(lab)
    outcome = ask(command)
    assert (outcome.ok, list(on(lab))) == (True, ["fault:1"])
    assert wrong(lab) != before
    assert ask(UndoFault(outcome.detail["fault"])).ok
    assert (on(lab), wrong(lab)) == ({}, before)


def test_a_fault_says_what_it_is_and_where(lab: Lab, ask: Ask) -> None:
    ask(CutLink("broker-1", "broker-2", "one way"))
    assert lab.view()["fault:1"] == {
        "kind": "fault",
        "fault": 1,
        "name": "cut_link",
        "nodes": ["broker-1", "broker-2"],
        "settings": {"one": "broker-1", "other": "broker-2", "direction": "one way"},
        "label": "cut from broker-1 on",
        "says": "Cut the link between two nodes.",
        "since_us": lab.world.now_us,
    }
    assert lab.world.network.cut == {("broker-1", "broker-2"): None}


def test_a_failed_disk_halts_its_broker_which_starts_again_once_it_is_undone(lab: Lab, ask: Ask) -> None:
    facts: list[object] = []
    lab.world.on_event.append(lambda _now, _node, event: facts.append(event))
    fault = ask(FailDisk(2)).detail["fault"]
    assert (lab.view()["broker:2"]["state"], LogDirFailed(2, "Input/output error") in facts) == ("crashed", True)
    ask(StartBroker(2))
    lab.advance(100_000)
    assert lab.view()["broker:2"]["state"] == "crashed"
    ask(UndoFault(fault))
    ask(StartBroker(2))
    lab.advance(30_000_000)
    assert lab.view()["broker:2"]["state"] == "running"


def test_wrong_answers_are_counted_and_the_fault_ends_with_the_last(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    leader = lab.controller.image.topics["orders"].partitions[0].leader
    ask(FailResponses("Produce", "NOT_ENOUGH_REPLICAS", 2, broker=leader))
    assert list(on(lab).values()) == ["fail_responses"]
    assert ask(SendRecord("orders", "in spite of all")).ok
    assert on(lab) == {}


def test_an_answer_is_lost_after_the_request_was_carried_out(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    lost: list[object] = []
    lab.world.on_event.append(lambda _now, _node, event: lost.append(event) if isinstance(event, AnswerLost) else None)
    leader = lab.controller.image.topics["orders"].partitions[0].leader
    ask(LoseAnswers("Produce", 2, broker=leader))
    ask(CreateProducer("orders", name="shop", rate=1, limit=1, idempotence=False))
    lab.advance(3_000_000)
    assert lost == [AnswerLost(leader, "Produce", "shop")] * 2
    assert lab.view()["partition:orders:0"]["log_end"] == 3
    assert [lab.view()["producer:shop"][name] for name in ("sent", "acked", "failed", "retried")] == [1, 1, 0, 2]
    assert on(lab) == {}


def test_answers_are_lost_only_of_the_topic_that_is_named(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(CreateTopic("payments", 1, 3))
    ask(LoseAnswers("Produce", topic="payments"))
    ask(CreateProducer("orders", name="shop", rate=1, limit=1, retries=0, idempotence=False))
    ask(CreateProducer("payments", name="till", rate=1, limit=1, retries=0, idempotence=False))
    lab.advance(3_000_000)
    shown = lab.view()
    assert [shown[f"producer:{name}"]["acked"] for name in ("shop", "till")] == [1, 0]
    assert [shown[f"partition:{name}:0"]["log_end"] for name in ("orders", "payments")] == [1, 1]


def test_who_wants_no_answer_loses_none(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(LoseAnswers("Produce"))
    assert ask(SendRecord("orders", "no answer wanted", acks="0")).ok
    lab.advance(1_000_000)
    assert (list(on(lab).values()), lab.view()["partition:orders:0"]["log_end"]) == (["lose_answers"], 1)


def test_delays_and_losses_of_one_link_add_up_and_are_undone_apart(lab: Lab, ask: Ask) -> None:
    ask(DelayLink("broker-1", "broker-2", 50))
    ask(LosePackets("broker-2", "broker-1", 50))
    usual = lab.world.network.default.latency_us
    link = lab.world.network.links["broker-1", "broker-2"]
    assert (link.latency_us, link.loss) == (usual + 50_000, 0.5)
    ask(UndoFault(1))
    link = lab.world.network.links["broker-1", "broker-2"]
    assert (link.latency_us, link.loss) == (usual, 0.5)


def test_healing_the_network_ends_its_faults_and_no_others(lab: Lab, ask: Ask) -> None:
    for command in (IsolateRack("rack-a"), IsolateBroker(2), CutLink("broker-3", "controller-3000"), SlowDisk(3)):
        ask(command)
    assert [lab.view()[f"broker:{broker}"]["state"] for broker in (1, 2, 3)] == ["isolated"] * 3
    ask(HealNetwork())
    assert on(lab) == {"fault:4": "slow_disk"}
    assert [lab.view()[f"broker:{broker}"]["state"] for broker in (1, 2, 3)] == ["running"] * 3


def test_faults_that_make_no_sense_are_refused_beside_their_field(lab: Lab, ask: Ask) -> None:
    ask(SlowDisk(1))
    senseless: list[Command] = [
        SlowDisk(1, 7),
        FailDisk(9),
        CutLink("broker-1", "broker-9"),
        CutLink("broker-1", "broker-1"),
        IsolateRack("attic"),
        FailResponses("Fetch"),
        UndoFault(5),
    ]
    assert [ask(command).fields for command in senseless] == [
        {"command": "is on already: undo it first"},
        {"broker": "must be one of 1, 2, 3"},
        {"other": "broker-9 is no node of this lab"},
        {"other": "must be another node"},
        {"rack": "attic is no rack of this lab"},
        {"error": "is needed, or a round trip"},
        {"fault": "5 is no fault that is on"},
    ]
