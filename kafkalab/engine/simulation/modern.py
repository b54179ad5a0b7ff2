"""What some histories have besides: groups of the newer protocol, and records that are moved exactly once.

Every seventh history, so that in the others everything stays as it is; drawn with dice of their own.
"""

from dataclasses import replace
from random import Random

from kafkalab.engine.simulation.plans import (
    MOVER_KINDS,
    SECOND_US,
    Fault,
    MoverPlan,
    ProducerPlan,
    Schedule,
    TopicPlan,
)

EVERY, REST = 7, 5
LETTERS, COPIES = "letters", "copies"
"""The topics that a mover reads and writes."""
QUICK_MEMBERS = (
    ("group.consumer.min.session.timeout.ms", "10000"),
    ("group.consumer.session.timeout.ms", "10000"),
    ("group.consumer.min.heartbeat.interval.ms", "3000"),
    ("group.consumer.heartbeat.interval.ms", "3000"),
)
"""Of the newer protocol, whose members do not choose them: sessions end within the time for healing."""


def with_newer_things(plan: Schedule) -> Schedule:
    if plan.seed % EVERY != REST:
        return plan
    dice = Random(f"newer things {plan.seed}")
    return _with_mover(_with_newer_groups(plan, dice), dice)


def _with_newer_groups(plan: Schedule, dice: Random) -> Schedule:
    """Each group has one protocol, which its seed chooses."""
    groups = dict.fromkeys(consumer.group for consumer in plan.consumers)
    newer = [group for group in groups if dice.random() < 0.6]
    consumers = tuple(
        replace(consumer, group_protocol="consumer") if consumer.group in newer else consumer
        for consumer in plan.consumers
    )
    return replace(plan, consumers=consumers, broker_configs=(*plan.broker_configs, *QUICK_MEMBERS))


def _with_mover(plan: Schedule, dice: Random) -> Schedule:
    replication_factor = dice.choice([min(2, plan.brokers), min(3, plan.brokers)])
    least, partitions = dice.choice([1, min(2, replication_factor)]), dice.choice([1, 2, 3])
    topics = tuple(TopicPlan(name, partitions, replication_factor, least, 20_000) for name in (LETTERS, COPIES))
    feeder = ProducerPlan(f"producer-{LETTERS}", LETTERS, -1, True, dice.choice([2, 5]), 5, 20, 0)
    mover = MoverPlan(
        name="mover",
        group="movers",
        source=LETTERS,
        sink=COPIES,
        transactional_id="moves",
        transaction_timeout_ms=dice.choice([2_000, 4_000, 8_000]),
        records_per_transaction=dice.choice([1, 3, 10]),
        abort_every=dice.choice([0, 3, 4]),
    )
    # A cluster of one or two brokers can have no internal topic of three replicas.
    replicas = min(3, plan.brokers)
    configs = (
        ("transaction.state.log.num.partitions", str(dice.choice([1, 2]))),
        ("transaction.state.log.replication.factor", str(replicas)),
        ("transaction.state.log.min.isr", str(dice.choice([1, min(2, replicas)]))),
    )
    known = dict(plan.broker_configs)
    return replace(
        plan,
        broker_configs=(*plan.broker_configs, *(each for each in configs if each[0] not in known)),
        topics=(*plan.topics, *topics),
        producers=(*plan.producers, feeder),
        movers=(mover,),
        faults=(*plan.faults, *_faults(dice, mover.name, plan)),
    )


def _faults(dice: Random, mover: str, plan: Schedule) -> tuple[Fault, ...]:
    found: list[Fault] = []
    at_us = dice.randint(8 * SECOND_US, 20 * SECOND_US)
    while at_us < plan.chaos_us:
        kind = dice.choices(list(MOVER_KINDS), list(MOVER_KINDS.values()))[0]
        until_us = min(plan.chaos_us, at_us + dice.choice([200_000, 1_500_000, 4_000_000, 12_000_000]))
        found.append(Fault(at_us, until_us, kind, mover))
        at_us += dice.randint(2 * SECOND_US, 12 * SECOND_US)
    return tuple(found)
