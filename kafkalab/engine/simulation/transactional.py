"""Transactions in a history: in every third, drawn with dice of their own, so that everything else stays as it is.

One or two producers write short transactions over all partitions of a topic, some of which they
abort, and give them little time. One consumer reads only what is committed. A coordinator is killed
now and then, a producer is replaced while it is cut off or asleep and comes back as a zombie, and
requests that end transactions arrive once more, late.
"""

from dataclasses import replace
from random import Random

from kafkalab.engine.simulation.plans import (
    SECOND_US,
    TRANSACTION_KINDS,
    ConsumerPlan,
    Fault,
    ProducerPlan,
    Schedule,
    TopicPlan,
)

ACCOUNTS = "accounts"
"""The topic that transactions write to."""
READ_COMMITTED = 1
SHARE = 1 / 3


def with_transactions(plan: Schedule) -> Schedule:
    dice = Random(f"transactions {plan.seed}")
    if dice.random() >= SHARE:
        return plan
    replication_factor = dice.choice([min(2, plan.brokers), min(3, plan.brokers), min(3, plan.brokers)])
    least = dice.choice([1, min(2, replication_factor)])
    topic = TopicPlan(ACCOUNTS, dice.choice([2, 3]), replication_factor, least, dice.choice([1_000, 20_000]))
    producers = tuple(_producer(dice, number) for number in range(dice.choice([1, 2, 2])))
    reader = ConsumerPlan(
        f"consumer-{ACCOUNTS}",
        f"group-{ACCOUNTS}",
        (ACCOUNTS,),
        "range",
        dice.choice(["auto", "manual"]),
        dice.choice([0, 1]),
        rack=dice.choice([*plan.racks, None]),
        isolation_level=READ_COMMITTED,
    )
    return replace(
        plan,
        broker_configs=(*plan.broker_configs, *_configs(dice, min(3, plan.brokers))),
        topics=(*plan.topics, topic),
        producers=(*plan.producers, *producers),
        consumers=(*plan.consumers, reader),
        faults=(*plan.faults, *_faults(dice, [producer.name for producer in producers], plan)),
    )


def _configs(dice: Random, replication_factor: int) -> list[tuple[str, str]]:
    return [
        ("transaction.state.log.num.partitions", str(dice.choice([1, 2]))),
        ("transaction.state.log.replication.factor", str(replication_factor)),
        ("transaction.state.log.min.isr", str(dice.choice([1, min(2, replication_factor)]))),
    ]


def _producer(dice: Random, number: int) -> ProducerPlan:
    return ProducerPlan(
        name=f"mover-{number}",
        topic=ACCOUNTS,
        acks=-1,
        idempotence=True,
        rate_per_s=dice.choice([2, 4, 8]),
        linger_ms=dice.choice([0, 5, 100]),
        keys=20,
        tombstone_every=0,
        transactional_id=f"transfer-{number}",
        transaction_timeout_ms=dice.choice([2_000, 4_000, 8_000]),
        records_per_transaction=dice.choice([2, 4, 8]),
        abort_every=dice.choice([0, 2, 3]),
    )


def _faults(dice: Random, producers: list[str], plan: Schedule) -> tuple[Fault, ...]:
    found: list[Fault] = []
    at_us = dice.randint(8 * SECOND_US, 20 * SECOND_US)
    while at_us < plan.chaos_us:
        kind = dice.choices(list(TRANSACTION_KINDS), list(TRANSACTION_KINDS.values()))[0]
        until_us = min(plan.chaos_us, at_us + dice.choice([200_000, 1_500_000, 4_000_000, 12_000_000]))
        found.append(Fault(at_us, until_us, kind, dice.choice(producers)))
        at_us += dice.randint(2 * SECOND_US, 12 * SECOND_US)
    return tuple(found)
