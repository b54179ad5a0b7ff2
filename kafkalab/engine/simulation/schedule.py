"""From a seed: a cluster, its clients, and what will go wrong when.

A history has three parts: chaos (a fresh handful of faults every few seconds), healing (everything
is mended and progress is demanded), and the final count. Times are virtual microseconds from the
beginning. Nothing here touches a world; the same seed always yields the same schedule.
"""

from dataclasses import replace
from random import Random

from kafkalab.engine.config import RACK_AWARE
from kafkalab.engine.simulation.modern import with_newer_things
from kafkalab.engine.simulation.plans import (
    CARELESS,
    CONTROLLER_KINDS,
    FLEETING,
    KINDS,
    MACHINE_KINDS,
    MISHAP_KINDS,
    REMAKE,
    ROLLING_US,
    SECOND_US,
    ConsumerPlan,
    Fault,
    ProducerPlan,
    Schedule,
    TopicPlan,
)
from kafkalab.engine.simulation.transactional import with_transactions

CHAOS_S = (60, 180)
HEALING_S = 60
"""Longer than a session timeout, a request timeout and the ISR's lag time together."""


def schedule(seed: int, controllers: int | None = None) -> Schedule:
    """The plan of one history; one controller or three, as the seed has it, unless that is said."""
    if controllers is None:
        controllers = Random(f"controllers {seed}").choice([1, 1, 3])
    dice = Random(f"schedule {seed}")
    brokers = dice.choice([1, 2, 3, 3, 3, 4, 5])
    topics = tuple(_topic(dice, seed, number, brokers) for number in range(dice.randint(1, 3)))
    producers = tuple(_producer(dice, number, topics) for number in range(dice.randint(1, 3)))
    consumers = tuple(
        _consumer(dice, group, number, topics)
        for group in range(dice.randint(1, 2))
        for number in range(dice.randint(1, 3))
    )
    chaos_us = dice.randint(*CHAOS_S) * SECOND_US
    lag_time_ms = dice.choice([3_000, 10_000, 30_000])
    racks: tuple[str, ...] = dice.choice([(), (), ("a", "b"), ("a", "b", "c")])
    more = _more_topics(Random(f"more topics {seed}"), brokers)
    plan = Schedule(
        seed=seed,
        brokers=brokers,
        racks=racks,
        broker_configs=(
            # Else a client that asks for a deleted topic makes it again, before whoever deleted it does.
            ("auto.create.topics.enable", "false"),
            ("offsets.topic.num.partitions", str(dice.choice([1, 2, 3]))),
            ("offsets.topic.replication.factor", str(min(3, brokers))),
            ("replica.lag.time.max.ms", str(lag_time_ms)),
            ("group.initial.rebalance.delay.ms", str(dice.choice([0, 500, 3000]))),
            *_cleaning(seed),
            *_snapshots(seed),
            *_rules(Random(f"rules {seed}"), racks),
        ),
        latency_us=dice.choice([0, 100, 500, 5_000]),
        topics=(*topics, *more),
        producers=(*producers, *(_producer_of(topic) for topic in more)),
        consumers=(
            *(_in_a_rack(consumer, racks) for consumer in consumers),
            *(_consumer_of(topic) for topic in more),
        ),
        faults=(
            *_faults(dice, brokers, [consumer.name for consumer in consumers], chaos_us),
            *_machine_faults(Random(f"machines {seed}"), brokers, chaos_us),
            *_controller_faults(Random(f"controller faults {seed}"), controllers, brokers, chaos_us),
            *_mishaps(Random(f"mishaps {seed}"), brokers, [consumer.name for consumer in consumers], chaos_us),
            *_remakes(Random(f"remakes {seed}"), more, chaos_us),
        ),
        chaos_us=chaos_us,
        end_us=chaos_us + HEALING_S * SECOND_US,
        controllers=controllers,
    )
    return with_newer_things(with_transactions(plan))


def _cleaning(seed: int) -> list[tuple[str, str]]:
    """How often brokers look at old records. Small segments are for `__consumer_offsets`."""
    dice = Random(f"cleaning {seed}")
    configs = [
        ("log.cleaner.backoff.ms", str(dice.choice([500, 3_000, 15_000]))),
        ("log.initial.task.delay.ms", "3000"),
        ("log.retention.check.interval.ms", str(dice.choice([2_000, 10_000]))),
    ]
    return [*configs, ("internal.segment.bytes", "4000")] if dice.random() < 0.5 else configs


def _snapshots(seed: int) -> list[tuple[str, str]]:
    """How often the metadata is written as a snapshot: often, in every other history."""
    dice = Random(f"snapshots {seed}")
    size = dice.choice([500, 1_000, 3_000])
    return [("metadata.log.max.record.bytes.between.snapshots", str(size))] if dice.random() < 0.5 else []


def _rules(dice: Random, racks: tuple[str, ...]) -> list[tuple[str, str]]:
    """Leaders are given back while somebody watches. Where there are racks some consumers read from followers."""
    rules = [("leader.imbalance.check.interval.seconds", str(dice.choice([5, 10])))]
    return [*rules, ("replica.selector.class", RACK_AWARE)] if racks and dice.random() < 0.7 else rules


def _in_a_rack(consumer: ConsumerPlan, racks: tuple[str, ...]) -> ConsumerPlan:
    dice = Random(f"rack of {consumer}")
    return replace(consumer, rack=dice.choice([*racks, None])) if racks else consumer


def _more_topics(dice: Random, brokers: int) -> tuple[TopicPlan, ...]:
    found = []
    if dice.random() < 0.3:
        found.append(TopicPlan(FLEETING, dice.choice([1, 2]), min(2, brokers), 1, 20_000))
    if dice.random() < 0.3 and brokers > 1:
        careless = (("unclean.leader.election.enable", "true"),)
        found.append(TopicPlan(CARELESS, dice.choice([1, 2]), dice.choice([2, min(3, brokers)]), 1, 20_000, careless))
    return tuple(found)


def _producer_of(topic: TopicPlan) -> ProducerPlan:
    return ProducerPlan(f"producer-{topic.name}", topic.name, -1, True, 2, 5, 20, 0)


def _consumer_of(topic: TopicPlan) -> ConsumerPlan:
    return ConsumerPlan(f"consumer-{topic.name}", f"group-{topic.name}", (topic.name,), "range", "auto", 0)


def _old_records(dice: Random) -> dict[str, str]:
    """Of what becomes of a topic's old records: mostly they stay."""
    kind = dice.choice(["stay", "stay", "go", "compact", "compact"])
    if kind == "stay":
        return {}
    common = {
        "internal.segment.bytes": str(dice.choice([500, 2_000])),
        "segment.ms": str(dice.choice([2_000, 10_000])),
        "file.delete.delay.ms": str(dice.choice([0, 1_000, 60_000])),
    }
    if kind == "go":
        return common | dice.choice([{"retention.ms": "2000"}, {"retention.ms": "8000"}, {"retention.bytes": "3000"}])
    return common | {
        "cleanup.policy": "compact",
        "min.cleanable.dirty.ratio": dice.choice(["0.01", "0.5"]),
        "delete.retention.ms": str(dice.choice([0, 5_000, 60_000])),
        "min.compaction.lag.ms": str(dice.choice([0, 0, 3_000])),
    }


def _topic(dice: Random, seed: int, number: int, brokers: int) -> TopicPlan:
    replication_factor = dice.choice([1, min(2, brokers), min(3, brokers), min(3, brokers)])
    return TopicPlan(
        name=f"topic-{number}",
        partitions=dice.choice([1, 1, 2, 3, 6]),
        replication_factor=replication_factor,
        min_insync_replicas=dice.choice([1, min(2, replication_factor)]),
        segment_bytes=dice.choice([2_000, 20_000, 1_000_000]),
        configs=tuple(_old_records(Random(f"old records of {number} in {seed}")).items()),
    )


def _producer(dice: Random, number: int, topics: tuple[TopicPlan, ...]) -> ProducerPlan:
    idempotence = dice.random() < 0.6
    topic = dice.choice(topics)
    return ProducerPlan(
        name=f"producer-{number}",
        topic=topic.name,
        acks=-1 if idempotence else dice.choice([-1, 1, 1, 0]),
        idempotence=idempotence,
        rate_per_s=dice.choice([1, 3, 8]),
        linger_ms=dice.choice([0, 5, 200]),
        keys=8 if topic.is_compacted else 20,
        tombstone_every=3 + number if topic.is_compacted else 0,
    )


def _consumer(dice: Random, group: int, number: int, topics: tuple[TopicPlan, ...]) -> ConsumerPlan:
    # The members of a group agree on an assignor, or they could not be one group.
    shared = Random(f"group {group} of {topics}")
    assignor = shared.choice(["range", "roundrobin", "sticky", "cooperative-sticky"])
    return ConsumerPlan(
        name=f"consumer-{group}-{number}",
        group=f"group-{group}",
        topics=tuple(topic.name for topic in topics),
        assignor=assignor,
        commit=dice.choice(["auto", "manual"]),
        processing_ms=dice.choice([0, 0, 1, 10]),
    )


def _faults(dice: Random, brokers: int, consumers: list[str], chaos_us: int) -> tuple[Fault, ...]:
    nodes = [f"broker-{number + 1}" for number in range(brokers)]
    kinds = list(KINDS)
    found: list[Fault] = []
    at_us = 5 * SECOND_US
    while at_us < chaos_us:
        for _ in range(dice.choice([0, 1, 1, 1, 2])):
            kind = dice.choices(kinds, list(KINDS.values()))[0]
            until_us = min(chaos_us, at_us + dice.choice([200_000, 1_500_000, 4_000_000, 12_000_000, 25_000_000]))
            node, other = dice.choice(nodes), ""
            if kind in ("cut", "cut one way", "slow link", "lossy link", "reset"):
                other = dice.choice([name for name in [*nodes, "controller-3000", *consumers] if name != node])
            if kind == "controller restart":
                node = "controller-3000"
            if kind == "consumer crash":
                node = dice.choice(consumers)
            found.append(Fault(at_us, until_us, kind, node, other))
        at_us += dice.randint(2 * SECOND_US, 10 * SECOND_US)
    return tuple(found)


def _machine_faults(dice: Random, brokers: int, chaos_us: int) -> tuple[Fault, ...]:
    found: list[Fault] = []
    at_us = dice.randint(5 * SECOND_US, 40 * SECOND_US)
    while at_us < chaos_us:
        kind = dice.choices(list(MACHINE_KINDS), list(MACHINE_KINDS.values()))[0]
        until_us = min(chaos_us, at_us + dice.choice([1_500_000, 4_000_000, 12_000_000]))
        found.append(Fault(at_us, until_us, kind, f"broker-{dice.randint(1, brokers)}"))
        at_us += dice.randint(10 * SECOND_US, 50 * SECOND_US)
    return tuple(found)


def _controller_faults(dice: Random, controllers: int, brokers: int, chaos_us: int) -> tuple[Fault, ...]:
    found: list[Fault] = []
    nodes = [f"controller-{3000 + number}" for number in range(controllers)]
    at_us = dice.randint(5 * SECOND_US, 20 * SECOND_US)
    while controllers > 1 and at_us < chaos_us:
        kind = dice.choices(list(CONTROLLER_KINDS), list(CONTROLLER_KINDS.values()))[0]
        until_us = min(chaos_us, at_us + dice.choice([500_000, 2_500_000, 6_000_000, 15_000_000]))
        node = dice.choice(nodes)
        others = [name for name in nodes if name != node] * 2 + [f"broker-{dice.randint(1, brokers)}"]
        found.append(Fault(at_us, until_us, kind, node, dice.choice(others)))
        at_us += dice.randint(2 * SECOND_US, 15 * SECOND_US)
    return tuple(found)


def _mishaps(dice: Random, brokers: int, consumers: list[str], chaos_us: int) -> tuple[Fault, ...]:
    found: list[Fault] = []
    at_us = dice.randint(8 * SECOND_US, 30 * SECOND_US)
    while at_us < chaos_us:
        kind = dice.choices(list(MISHAP_KINDS), list(MISHAP_KINDS.values()))[0]
        until_us = min(chaos_us, at_us + dice.choice([200_000, 1_500_000, 4_000_000, 12_000_000]))
        node = f"broker-{dice.randint(1, brokers)}"
        if kind == "slow consumer":
            node, until_us = dice.choice(consumers), min(chaos_us, at_us + 18 * SECOND_US)
        if kind == "rolling restart":
            for number in range(brokers):
                begin_us = min(at_us + number * ROLLING_US, chaos_us)
                end_us = min(begin_us + 2 * ROLLING_US // 3, chaos_us)
                found.append(Fault(begin_us, end_us, kind, f"broker-{number + 1}"))
            at_us += brokers * ROLLING_US
        else:
            found.append(Fault(at_us, until_us, kind, node))
        at_us += dice.randint(5 * SECOND_US, 25 * SECOND_US)
    return tuple(found)


def _remakes(dice: Random, topics: tuple[TopicPlan, ...], chaos_us: int) -> tuple[Fault, ...]:
    found: list[Fault] = []
    at_us = dice.randint(15 * SECOND_US, 40 * SECOND_US)
    while at_us < chaos_us and any(topic.name == FLEETING for topic in topics):
        until_us = min(chaos_us, at_us + dice.choice([0, 500_000, 5_000_000]))
        found.append(Fault(at_us, until_us, REMAKE, FLEETING))
        at_us += dice.randint(20 * SECOND_US, 60 * SECOND_US)
    return tuple(found)
