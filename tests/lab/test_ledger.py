"""The fate of records, counted where it happens."""

from dataclasses import asdict

from kafkalab.lab import Lab
from kafkalab.lab.commands import (
    AddConsumer,
    CrashBroker,
    CrashConsumer,
    CreateProducer,
    CreateTopic,
    IsolateBroker,
    SendRecord,
)
from kafkalab.lab.fault_commands import DuplicateConnections, UndoFault
from tests.lab.labs import Ask


def fates(lab: Lab) -> dict[str, int]:
    return {name: count for name, count in lab.view()["ledger"].items() if name != "kind" and count}


def test_a_quiet_history_ends_with_everything_delivered_once(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 3, 3))
    ask(CreateProducer("orders", rate=1_000, limit=300))
    ask(AddConsumer(("orders",), "billing"))
    lab.advance(15_000_000)
    assert fates(lab) == {"sent": 300, "acked": 300, "visible": 300, "delivered": 300}
    assert asdict(lab.ledger.of_client["consumer-1"])["delivered"] == 300


def test_what_only_the_dead_leader_had_is_lost_after_ack(lab: Lab, ask: Ask) -> None:
    """acks=1: the leader, cut off from its followers, goes on saying yes until it dies."""
    ask(CreateTopic("orders", 1, 3))
    ask(SendRecord("orders", "kept", acks="1"))
    lab.advance(1_000_000)
    leader = lab.view()["partition:orders:0"]["leader"]
    others = [broker for broker in lab.broker_ids if broker != leader]
    for other in others:
        lab.world.network.cut[f"broker-{other}", f"broker-{leader}"] = None
        lab.world.network.cut[f"broker-{leader}", f"broker-{other}"] = None
    for number in range(3):
        assert ask(SendRecord("orders", str(number), acks="1")).ok
    ask(CrashBroker(leader))
    lab.advance(12_000_000)
    assert fates(lab) == {"sent": 4, "acked": 4, "visible": 1, "lost_after_ack": 3}


def test_with_acks_all_nothing_is_lost(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3, {"min.insync.replicas": "2"}))
    ask(CreateProducer("orders", rate=100, limit=1_000))
    lab.advance(3_000_000)
    ask(CrashBroker(lab.view()["partition:orders:0"]["leader"]))
    lab.advance(30_000_000)
    assert fates(lab) == {"sent": 1_000, "acked": 1_000, "visible": 1_000}


def test_what_a_second_member_reads_again_is_a_duplicate(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(CreateProducer("orders", rate=1_000, limit=50))
    ask(AddConsumer(("orders",), "billing", commit="none", session_timeout_ms=6_000))
    lab.advance(10_000_000)

    ask(CrashConsumer("consumer-1"))
    ask(AddConsumer(("orders",), "billing", commit="none", session_timeout_ms=6_000))
    lab.advance(40_000_000)
    assert fates(lab) == {"sent": 50, "acked": 50, "visible": 50, "delivered": 100, "duplicated": 50}


def test_a_record_that_cannot_be_stored_has_failed(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 1))
    leader = lab.view()["partition:orders:0"]["leader"]
    ask(SendRecord("orders", "before the cut"))
    ask(IsolateBroker(leader))
    outcomes = []
    lab.do(SendRecord("orders", "x"), outcomes.append)
    lab.advance(200_000_000)
    assert [outcome.ok for outcome in outcomes] == [False]
    assert fates(lab)["failed"] == 1


def fates_where_connections_are_duplicated(lab: Lab, ask: Ask, idempotence: bool) -> dict[str, int]:
    ask(CreateTopic("orders", 1, 3))
    ask(CreateProducer("orders", rate=20, limit=100, linger_ms=0, idempotence=idempotence))
    ask(AddConsumer(("orders",), "billing"))
    leader = lab.view()["partition:orders:0"]["leader"]
    fault = ask(DuplicateConnections("producer-1", f"broker-{leader}", 50)).detail["fault"]
    lab.advance(10_000_000)
    ask(UndoFault(fault))
    lab.advance(30_000_000)
    return fates(lab)


def test_what_comes_on_two_connections_is_there_once_if_it_is_numbered(lab: Lab, ask: Ask) -> None:
    counted = fates_where_connections_are_duplicated(lab, ask, idempotence=True)
    assert counted == {"sent": 100, "acked": 100, "visible": 100, "delivered": 100}


def test_what_comes_on_two_connections_is_there_twice_if_it_is_not(lab: Lab, ask: Ask) -> None:
    counted = fates_where_connections_are_duplicated(lab, ask, idempotence=False)
    there = counted["visible"]
    assert there > 100
    assert counted == {"sent": 100, "acked": 100, "visible": there, "delivered": there, "duplicated": there - 100}
