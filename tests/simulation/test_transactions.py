"""Transactions in histories: who has them, what they leave alone, and what a referee of them reads."""

import json
from dataclasses import replace

import pytest

from kafkalab.engine.simulation.history import History
from kafkalab.engine.simulation.plans import TRANSACTION_KINDS, Schedule
from kafkalab.engine.simulation.schedule import schedule
from kafkalab.engine.simulation.sight import Broken
from kafkalab.engine.simulation.taped import entries, plan_of, with_parts, world_of
from kafkalab.engine.simulation.transactional import ACCOUNTS
from kafkalab.engine.simulation.transactions_counted import count_transactions
from kafkalab.engine.simulation.transactions_referee import Told

TRANSACTIONAL = 13
"""A seed with transactions, and with every kind of their faults."""


def has_transactions(plan: Schedule) -> bool:
    return any(producer.transactional_id for producer in plan.producers)


def without_transactions(plan: Schedule) -> Schedule:
    return replace(
        plan,
        topics=tuple(topic for topic in plan.topics if topic.name != ACCOUNTS),
        producers=tuple(producer for producer in plan.producers if producer.transactional_id is None),
        consumers=tuple(consumer for consumer in plan.consumers if ACCOUNTS not in consumer.topics),
        faults=tuple(fault for fault in plan.faults if fault.kind not in TRANSACTION_KINDS),
    )


def test_every_third_history_has_transactions() -> None:
    assert 80 <= sum(has_transactions(schedule(seed)) for seed in range(1, 301)) <= 120


def test_transactions_come_after_everything_else_and_change_none_of_it() -> None:
    plan = schedule(TRANSACTIONAL)
    others = without_transactions(plan)
    assert has_transactions(plan)
    assert plan.topics[: len(others.topics)] == others.topics
    assert plan.producers[: len(others.producers)] == others.producers
    assert plan.consumers[: len(others.consumers)] == others.consumers
    assert plan.faults[: len(others.faults)] == others.faults


def test_a_history_with_transactions_can_be_written_down_and_read_again() -> None:
    plan = schedule(TRANSACTIONAL)
    world, *parts = json.loads(json.dumps(entries(plan)))
    assert with_parts(world_of(world), [plan_of(part) for part in parts]) == plan


def test_transactions_are_committed_and_aborted_while_producers_come_back_as_zombies() -> None:
    history = History(TRANSACTIONAL)
    outcome = history.run()
    assert outcome.transactions_committed > 50
    assert outcome.transactions_aborted > 10
    assert [kind for kind in TRANSACTION_KINDS if kind not in outcome.faults] == ["zombie frozen"]
    assert len(history.zombies.lives["mover-0"]) > 2


@pytest.mark.parametrize(
    "told",
    [
        Told("mover-0", (1, 999_999), None),
        Told("mover-0", (999_999,), True),
        Told("mover-0", (1,), False),
    ],
    ids=["half of it counts", "nothing counts of what was committed", "it counts and was aborted"],
)
def test_a_transaction_that_does_not_count_as_it_was_told_is_found(told: Told, ended: History) -> None:
    referee = ended.referee.transactions
    leaders = {
        (partition.topic, partition.partition): partition
        for broker in ended.cluster.brokers.values()
        for partition in broker.partitions.values()
        if partition.is_leader
    }
    referee.told.append(told)
    with pytest.raises(Broken, match="T3"):
        count_transactions(referee, leaders)
    referee.told.pop()
    count_transactions(referee, leaders)


@pytest.fixture(scope="module")
def ended() -> History:
    history = History(TRANSACTIONAL)
    history.play()
    return history
