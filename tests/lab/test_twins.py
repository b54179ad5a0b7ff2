"""What-if twins: the same orders once more with one thing changed, and what would have been different."""

import asyncio
from collections.abc import Iterator

import pytest

from kafkalab.lab import Command, Lab, LabSettings, Outcome
from kafkalab.lab.branch_commands import Fork, WhatIf
from kafkalab.lab.commands import (
    AddConsumer,
    AlterTopicConfig,
    CrashBroker,
    CreateProducer,
    CreateTopic,
    SendRecord,
    StartBroker,
)
from kafkalab.lab.fault_commands import CutLink, SlowDisk, UndoFault
from kafkalab.lab.past import Past
from kafkalab.lab.twins import changes
from tests.lab.labs import QUICK, SECOND_US, carried_out

pytestmark = pytest.mark.clock


@pytest.fixture
def lab() -> Iterator[Lab]:
    lab = Lab.open(None, LabSettings(broker_configs=QUICK))
    lab.advance(SECOND_US)
    lab.past = Past(lab)
    yield lab
    lab.close()


def done(lab: Lab, *commands: Command) -> None:
    for command in commands:
        outcome = carried_out(lab, command)
        assert outcome.ok, outcome


def asked(lab: Lab, change: str) -> Outcome:
    heard: list[Outcome] = []
    lab.do(WhatIf(change), heard.append)
    return heard[0]


def branch(lab: Lab, name: str) -> Lab:
    found = lab.family.named(name)
    assert found is not None
    return found


def a_leader_that_dies_before_its_followers_had_it(lab: Lab) -> None:
    """acks=1: it goes on saying yes, cut off from its followers, until it dies."""
    done(lab, CreateTopic("orders", 1, 3))
    leader = lab.view()["partition:orders:0"]["leader"]
    for other in lab.broker_ids:
        if other != leader:
            done(lab, CutLink(f"broker-{leader}", f"broker-{other}"))
    done(lab, CreateProducer("orders", rate=10, acks="1", idempotence=False, limit=20))
    lab.advance(2_100_000)
    done(lab, CrashBroker(leader))
    lab.advance(20_000_000)


def test_what_was_lost_with_acks_1_is_not_lost_with_acks_all(lab: Lab) -> None:
    a_leader_that_dies_before_its_followers_had_it(lab)
    assert lab.ledger.totals.lost_after_ack == 20
    outcome = asked(lab, "acks producer-1 all")
    assert outcome.detail == {
        "says": "acks=1: 20 lost after ack, 0 visible; acks=all: 0 lost after ack, 20 visible.",
        "trunk": "home",
        "a": "as-it-was-1",
        "b": "what-if-1",
    }
    twin, as_it_was = branch(lab, "what-if-1"), branch(lab, "as-it-was-1")
    assert (twin.ledger.totals.acked, twin.ledger.totals.lost_after_ack) == (20, 0)
    assert as_it_was.ledger.totals == lab.ledger.totals
    assert twin.world.now_us == as_it_was.world.now_us == lab.world.now_us
    assert [each.time is not None and each.time.paused for each in (twin, as_it_was)] == [True, True]


def test_without_the_crash_nothing_is_lost_either(lab: Lab) -> None:
    a_leader_that_dies_before_its_followers_had_it(lab)
    (crash,) = [each for each in changes(lab) if each.about.startswith("“crash broker")]
    assert asked(lab, crash.name).ok
    assert branch(lab, "what-if-1").ledger.totals.lost_after_ack == 0
    assert branch(lab, "what-if-1").down == {}


def test_a_twin_with_nothing_that_matters_changed_is_the_same_history(lab: Lab) -> None:
    done(lab, CreateTopic("orders", 3, 3), CreateProducer("orders", rate=20), AddConsumer(("orders",), "billing"))
    lab.advance(10_000_000)
    outcome = asked(lab, "isolation.level consumer-1")
    assert outcome.detail["says"] == (
        "isolation.level=read_uncommitted or isolation.level=read_committed: "
        "the ledger tells of no difference (0 lost after ack)."
    )
    assert branch(lab, "what-if-1").ledger.totals == lab.ledger.totals


def test_with_more_replicas_demanded_records_are_refused_in_place_of_lost(lab: Lab) -> None:
    done(lab, CreateTopic("orders", 1, 3))
    for broker in (1, 2):
        done(lab, CrashBroker(broker))
        lab.advance(12_000_000)
    done(lab, CreateProducer("orders", rate=10, limit=10))
    lab.advance(150_000_000)
    assert lab.ledger.totals.acked == 10
    outcome = asked(lab, "min.insync.replicas orders 2")
    assert outcome.detail["says"].startswith("min.insync.replicas=1: 0 lost after ack, 0 refused, 10 acked")
    assert "min.insync.replicas=2: 0 lost after ack, 10 refused, 0 acked" in outcome.detail["says"]


def test_a_fault_that_is_left_out_leaves_the_others_their_numbers(lab: Lab) -> None:
    done(lab, CreateTopic("orders", 1, 3), SlowDisk(1, 200), SlowDisk(2, 300))
    lab.advance(1_000_000)
    done(lab, UndoFault(2))
    lab.advance(1_000_000)
    (first,) = [each for each in changes(lab) if each.about.startswith("“slow disk 1")]
    assert asked(lab, first.name).ok
    assert {
        name: sorted(each for each in one.view() if each.startswith("fault:"))
        for name, one in (
            ("was", lab),
            ("twin", branch(lab, "what-if-1")),
        )
    } == {"was": ["fault:1"], "twin": []}


def test_what_can_be_changed_comes_from_the_orders_and_settings(lab: Lab) -> None:
    done(
        lab,
        CreateTopic("orders", 1, 2),
        CreateProducer("orders", rate=1),
        AddConsumer(("orders",), "billing"),
        SendRecord("orders", "x", acks="1"),
        AlterTopicConfig("orders", "min.insync.replicas", "2"),
        CrashBroker(1),
        StartBroker(1),
    )
    offered = [(each.about.partition(" at ")[0], each.was, each.now) for each in changes(lab)]
    assert [each if not each[1].startswith("with ") else each[0] for each in offered] == [
        ("acks of producer-1", "acks=all", "acks=0, without idempotence"),
        ("acks of producer-1", "acks=all", "acks=1, without idempotence"),
        ("idempotence of producer-1", "enable.idempotence=true", "enable.idempotence=false"),
        ("acks of what was sent by hand", "acks=1", "acks=0"),
        ("acks of what was sent by hand", "acks=1", "acks=all"),
        ("min.insync.replicas of orders", "min.insync.replicas=2", "min.insync.replicas=1"),
        ("unclean.leader.election.enable of orders", "unclean.leader.election.enable=false",
         "unclean.leader.election.enable=true"),
        ("assignor of group billing", "assignor=range", "assignor=roundrobin"),
        ("assignor of group billing", "assignor=range", "assignor=sticky"),
        ("assignor of group billing", "assignor=range", "assignor=cooperative-sticky"),
        ("isolation.level of consumer-1", "isolation.level=read_uncommitted", "isolation.level=read_committed"),
        "“crash broker 1”",
    ]  # fmt: skip


def test_what_was_never_possible_is_refused_and_so_is_a_twin_without_room(lab: Lab) -> None:
    assert asked(lab, "gravity").fields == {"change": "is nothing that the orders so far make possible"}
    done(lab, CreateTopic("orders", 1, 3))
    for name in ("a", "b", "c", "d"):
        done(lab, Fork(name))
    refused = asked(lab, "min.insync.replicas orders 2")
    assert refused.fields == {"command": "needs room for 2 of 5 branches: remove one of a, b, c, d first"}


def test_a_lab_that_is_played_goes_on_while_its_twin_is(lab: Lab) -> None:
    done(lab, CreateTopic("orders", 1, 3), CreateProducer("orders", rate=20))
    lab.advance(60_000_000)

    async def played() -> None:
        lab.play()
        heard: list[Outcome] = []
        lab.do(WhatIf("acks producer-1 1"), heard.append)
        assert heard == []
        began_us = lab.world.now_us
        while not heard:
            await asyncio.sleep(0.01)
        assert heard[0].ok
        assert lab.world.now_us > began_us
        assert branch(lab, "what-if-1").world.now_us == began_us == branch(lab, "as-it-was-1").world.now_us
        lab.conductor.stop()

    asyncio.run(asyncio.wait_for(played(), 60))
