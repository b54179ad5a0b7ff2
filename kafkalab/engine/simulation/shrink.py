"""Makes a failing history small: fewer faults, fewer clients, topics, partitions and brokers, sooner.

A smaller schedule is taken if the same invariant breaks in it; what breaks it may be another way to
the same end. Lists are thinned by delta debugging (Zeller and Hildebrandt, 2002: first halves, then
finer parts). A history costs a second or so, so the caller says how long to go on.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from kafkalab.engine.simulation.history import EPOCH_US, SETTLE_US, History
from kafkalab.engine.simulation.plans import SECOND_US, Fault, Schedule, TopicPlan
from kafkalab.engine.simulation.sight import Broken
from kafkalab.engine.simulation.taped import problem

FIRST_FAULT_US = SETTLE_US + 2 * SECOND_US


@dataclass(frozen=True, slots=True)
class Break:
    invariant: str
    at_us: int
    """Since the beginning."""


def played(plan: Schedule) -> Break | None:
    """What breaks in it, if anything does."""
    history = History(plan.seed, plan)
    try:
        history.run()
    except Broken as broken:
        return Break(broken.invariant, history.world.now_us - EPOCH_US)
    return None


def shrink(plan: Schedule, invariant: str, may_go_on: Callable[[], bool]) -> Schedule:
    """The smallest schedule that was found in which the invariant breaks; the plan itself if none is smaller."""
    shrinker = _Shrinker(plan, invariant, may_go_on)
    before = None
    while before != shrinker.plan and may_go_on():
        before = shrinker.plan
        if not shrinker.end_sooner():
            return plan
        shrinker.thin_faults()
        shrinker.thin_clients()
        shrinker.simplify_topics()
        shrinker.drop_brokers()
        shrinker.come_sooner()
    return shrinker.plan


class _Shrinker:
    def __init__(self, plan: Schedule, invariant: str, may_go_on: Callable[[], bool]) -> None:
        self.plan = plan
        self._invariant = invariant
        self._may_go_on = may_go_on
        self._tried: dict[Schedule, None] = {}

    def end_sooner(self) -> bool:
        """What would come after the break is of no interest, and after the last mend nothing needs to.

        False if nothing breaks."""
        found = played(self.plan)
        if found is None or found.invariant != self._invariant:
            return False
        plan = self.plan
        self._try(replace(plan, faults=tuple(fault for fault in plan.faults if fault.at_us <= found.at_us)))
        healing_us = plan.end_us - plan.chaos_us
        last_us = max((fault.until_us for fault in self.plan.faults), default=FIRST_FAULT_US)
        for chaos_us in (found.at_us, last_us):
            if chaos_us < self.plan.chaos_us:
                self._try(replace(self.plan, chaos_us=chaos_us, end_us=chaos_us + healing_us))
        return True

    def thin_faults(self) -> None:
        self._thin(self.plan.faults, lambda faults: replace(self.plan, faults=faults))

    def thin_clients(self) -> None:
        self._thin(self.plan.consumers, lambda consumers: self._consistent(replace(self.plan, consumers=consumers)))
        self._thin(self.plan.movers, lambda movers: self._consistent(replace(self.plan, movers=movers)))
        self._thin(self.plan.producers, lambda producers: self._consistent(replace(self.plan, producers=producers)))
        self._thin(self.plan.topics, lambda topics: self._consistent(replace(self.plan, topics=topics)))

    def simplify_topics(self) -> None:
        for number in range(len(self.plan.topics)):
            topic = self.plan.topics[number]
            for partitions in (1, 2, 3):
                if partitions < topic.partitions and self._try(
                    self._with_topic(number, replace(topic, partitions=partitions))
                ):
                    break
            topic = self.plan.topics[number]
            if topic.configs:
                self._try(self._with_topic(number, replace(topic, configs=())))

    def drop_brokers(self) -> None:
        """The last one goes, and what befalls it."""
        while self.plan.brokers > 1:
            fewer = self.plan.brokers - 1
            topics = tuple(
                replace(
                    topic,
                    replication_factor=min(topic.replication_factor, fewer),
                    min_insync_replicas=min(topic.min_insync_replicas, fewer),
                )
                for topic in self.plan.topics
            )
            configs = tuple(
                (name, str(min(int(value), fewer)) if name == "offsets.topic.replication.factor" else value)
                for name, value in self.plan.broker_configs
            )
            if not self._try(
                self._consistent(replace(self.plan, brokers=fewer, topics=topics, broker_configs=configs))
            ):
                return

    def come_sooner(self) -> None:
        """The faults move towards the beginning, and last less long, by half as often as it goes."""
        while self._try(self._hastened(until_only=False)):
            pass
        while self._try(self._hastened(until_only=True)):
            pass

    # -- each try ------------------------------------------------------------------------------

    def _try(self, plan: Schedule) -> bool:
        """Take it if the same invariant breaks in it."""
        if plan == self.plan or plan in self._tried or not self._may_go_on():
            return False
        self._tried[plan] = None
        found = played(plan)
        if found is None or found.invariant != self._invariant:
            return False
        self.plan = plan
        return True

    def _thin(self, parts: tuple[Any, ...], with_parts: Callable[[tuple[Any, ...]], Schedule]) -> None:
        """Delta debugging: leave out halves, quarters, eighths ... as long as it breaks without them."""
        size = (len(parts) + 1) // 2
        while parts and size:
            at, thinned = 0, False
            while at < len(parts):
                rest = parts[:at] + parts[at + size :]
                if self._try(with_parts(rest)):
                    parts, thinned = rest, True
                else:
                    at += size
            if not thinned or size > len(parts):
                size //= 2

    def _consistent(self, plan: Schedule) -> Schedule:
        """Without what makes no sense any more: clients of topics, and faults of nodes, that are gone."""
        topics = {topic.name: None for topic in plan.topics}
        consumers = tuple(
            replace(consumer, topics=tuple(topic for topic in consumer.topics if topic in topics))
            for consumer in plan.consumers
        )
        plan = replace(
            plan,
            producers=tuple(producer for producer in plan.producers if producer.topic in topics),
            consumers=tuple(consumer for consumer in consumers if consumer.topics),
            movers=tuple(mover for mover in plan.movers if mover.source in topics and mover.sink in topics),
        )
        return replace(plan, faults=tuple(fault for fault in plan.faults if not problem(plan, fault)))

    def _with_topic(self, number: int, topic: TopicPlan) -> Schedule:
        topics = self.plan.topics
        return replace(self.plan, topics=(*topics[:number], topic, *topics[number + 1 :]))

    def _hastened(self, until_only: bool) -> Schedule:
        faults = tuple(_hastened(fault, until_only) for fault in self.plan.faults)
        last_us = max((fault.until_us for fault in faults), default=FIRST_FAULT_US)
        healing_us = self.plan.end_us - self.plan.chaos_us
        chaos_us = min(self.plan.chaos_us, last_us + SECOND_US)
        return replace(self.plan, faults=faults, chaos_us=chaos_us, end_us=chaos_us + healing_us)


def _hastened(fault: Fault, until_only: bool) -> Fault:
    at_us = max(fault.at_us, FIRST_FAULT_US)
    lasts_us = fault.until_us - at_us
    if until_only:
        return replace(fault, at_us=at_us, until_us=at_us + max(SECOND_US // 10, lasts_us // 2))
    at_us = FIRST_FAULT_US + (at_us - FIRST_FAULT_US) // 2 // 1000 * 1000
    return replace(fault, at_us=at_us, until_us=at_us + max(0, lasts_us))
