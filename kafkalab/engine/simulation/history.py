"""One history: a schedule played on a world, judged after every step and counted at the end."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from kafkalab.engine.clients.admin import Admin, create_topic
from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.clients.consumer_settings import ConsumerSettings
from kafkalab.engine.clients.producer import Pause, Producer
from kafkalab.engine.clients.workload import ProducerSettings
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.network import Link, Network
from kafkalab.engine.simulation.faults import Faults
from kafkalab.engine.simulation.final_count import final_count
from kafkalab.engine.simulation.mover import Mover
from kafkalab.engine.simulation.movers import Movers
from kafkalab.engine.simulation.plans import SECOND_US, ConsumerPlan, MoverPlan, ProducerPlan, Schedule
from kafkalab.engine.simulation.progress import everybody_is_back
from kafkalab.engine.simulation.referee import Referee
from kafkalab.engine.simulation.schedule import schedule
from kafkalab.engine.simulation.sight import Broken
from kafkalab.engine.simulation.transactions_counted import transactions_end_in_time
from kafkalab.engine.simulation.zombies import Zombies
from kafkalab.engine.spec import ClusterSpec
from kafkalab.engine.world import World

EPOCH_US = 1_767_225_600 * SECOND_US
"""1 January 2026, when every history begins."""
SETTLE_US = 5 * SECOND_US
STEPS_IN_ONE_MOMENT = 20_000
REMADE_BY_S = (3, 8, 13)
HEALED_BY_S = 30
"""So long after everything was mended the cluster must be whole again, by itself."""
QUIET_S = 25
"""Producers stop so long before the final count."""
MOVED_BY_S = 600
"""After the end: until then every record must have its copy. A mover that waits at a partition where nothing comes,
between transactions of one record each, moves two in a second."""
REST_S = 2
"""For the last markers to be replicated, and known to be."""


@dataclass
class Outcome:
    seed: int
    simulated_s: float = 0
    steps: int = 0
    checks: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    acked: int = 0
    lost_with_acks_1: int = 0
    """Acked by a leader alone, and gone with it: allowed, and counted."""
    lost_unclean: int = 0
    """Acked, and lost by an unclean election: allowed where the topic allows that, and counted."""
    unclean_elections: int = 0
    gone_with_topic: int = 0
    """Acked, and deleted with their topic."""
    delivered: int = 0
    compactions: int = 0
    segments_deleted: int = 0
    transactions_committed: int = 0
    transactions_aborted: int = 0


class History:
    def __init__(self, seed: int, plan: Schedule | None = None, controllers: int | None = None) -> None:
        """Of the schedule that the seed yields, or of another."""
        self.plan: Schedule = plan or schedule(seed, controllers)
        network = Network(Link(self.plan.latency_us, self.plan.latency_us // 4))
        self.world = World(seed, EPOCH_US, network)
        spec = ClusterSpec.local(
            self.plan.brokers,
            racks=self.plan.racks,
            seed=seed,
            broker_configs=dict(self.plan.broker_configs),
            controllers=self.plan.controllers,
        )
        self.cluster = Cluster(spec, self.world, lambda _: MemoryDisk())
        self.bootstrap = tuple(broker.node for broker in spec.brokers)
        self.referee = Referee(self.cluster)
        transactional = {plan.name: plan for plan in self.plan.producers if plan.transactional_id is not None}
        movers = {plan.name: plan for plan in self.plan.movers}
        if transactional or movers:
            self.world.on_event.append(self.referee.transactions.hear)
        self.zombies = Zombies(self.cluster, transactional, self._start_producer)
        self.movers = Movers(self.cluster, movers, self._start_mover)
        dice = Random(f"faults {seed}")
        self.faults = Faults(self.cluster, dice, self.referee, self.plan.topics, self.zombies, self.movers)

    def __deepcopy__(self, memo: dict[int, Any]) -> "History":
        copy = object.__new__(History)
        memo[id(self)] = copy
        copy.__dict__.update(deepcopy(self.__dict__, memo))
        copy.referee.listen()
        if copy.zombies.plans or copy.movers.plans:
            copy.world.on_event.append(copy.referee.transactions.hear)
        return copy

    def run(self) -> Outcome:
        """Play it to the end. Raises Broken with the invariant that did not hold."""
        self.play()
        lost = final_count(self)
        referee = self.referee
        return Outcome(
            seed=self.plan.seed,
            simulated_s=self.plan.end_us / SECOND_US,
            steps=self.world.steps,
            checks=referee.checks,
            faults=self.faults.done,
            acked=len(referee.acked),
            lost_with_acks_1=lost.acks_1,
            lost_unclean=lost.unclean,
            unclean_elections=sum(referee.metadata.gambled.values()),
            gone_with_topic=lost.deleted,
            compactions=referee.compacted.runs,
            segments_deleted=referee.segments_deleted,
            transactions_committed=referee.transactions.ended(committed=True),
            transactions_aborted=referee.transactions.ended(committed=False),
            delivered=sum(last - first + 1 for ranges in referee.delivered.values() for first, last in ranges),
        )

    def play(self, until_us: int | None = None) -> None:
        """All but the final count, or so far. Raises Broken."""
        for act_us in self.acts():
            if until_us is not None and act_us > until_us:
                self._advance(until_us)
                return
            self._advance(act_us)

    def acts(self) -> Iterator[int]:
        """Do one thing after the other, and yield until when the world shall run before the next one."""
        self.cluster.start()
        yield SETTLE_US
        yield from self._make_topics()
        self._make_clients()
        yield from self._chaos()
        self.faults.mend_everything()
        self._bring_back_clients()
        for after_s in REMADE_BY_S:
            yield self.plan.chaos_us + after_s * SECOND_US
            self._bring_back_topics()
            self.faults.meddling.mend_everything()
            self.faults.start_the_forgotten()
            self.zombies.replace_the_fenced()
            self.movers.replace_the_fenced()
        yield self.plan.chaos_us + HEALED_BY_S * SECOND_US
        everybody_is_back(self.cluster)
        transactions_end_in_time(list(self.cluster.brokers.values()))
        yield self.plan.end_us - QUIET_S * SECOND_US
        self.zombies.forget_ghosts()
        for node in self.world.nodes.values():
            if isinstance(node, Producer):
                self.world.tell_node(node.name, Pause())
        yield self.plan.end_us - REST_S * SECOND_US
        at_rest = self.movers.are_level()
        yield self.plan.end_us
        yield from self._until_moved(at_rest)

    def _until_moved(self, at_rest: bool) -> Iterator[int]:
        """A mover whose transactions hold one record each has more to do than the others. `at_rest`: they had done
        all of it a while ago."""
        end_us, latest_us = self.plan.end_us, self.plan.end_us + MOVED_BY_S * SECOND_US
        while not self.movers.are_level() and end_us < latest_us:
            self.movers.replace_the_fenced()
            end_us += SECOND_US
            yield end_us
        if not at_rest:
            yield end_us + REST_S * SECOND_US

    def _advance(self, until_us: int) -> None:
        """Step by step up to this many microseconds after the beginning, judging after each."""
        world, look, until_us = self.world, self.referee.look, EPOCH_US + until_us
        moment_us, steps = world.now_us, world.steps
        while (due_us := world.next_due_us()) is not None and due_us <= until_us:
            world.step()
            look()
            if world.now_us > moment_us:
                moment_us, steps = world.now_us, world.steps
            elif world.steps - steps > STEPS_IN_ONE_MOMENT:
                raise Broken("X4", f"{STEPS_IN_ONE_MOMENT} steps and time stands still: {world.last_node} goes round")
        world.run_until(until_us)

    def _make_topics(self) -> Iterator[int]:
        admin = Admin("admin", self.bootstrap)
        self.world.start(admin)
        for token, topic in enumerate(self.plan.topics):
            self.world.tell_node(
                "admin", create_topic(token, topic.name, topic.partitions, topic.replication_factor, topic.settings)
            )
        yield SETTLE_US + 2 * SECOND_US
        assert all(outcome.ok for outcome in admin.outcomes.values()), admin.outcomes

    def _make_clients(self) -> None:
        for plan in self.plan.producers:
            if plan.transactional_id is None:
                self._start_producer(plan.name, plan)
            else:
                self.zombies.newcomer(plan)
        for consumer in self.plan.consumers:
            self._start_consumer(consumer)
        for mover in self.plan.movers:
            self.movers.newcomer(mover)

    def _start_mover(self, node: str, plan: MoverPlan) -> None:
        self.world.start(Mover(node, self.bootstrap, plan))

    def _start_producer(self, node: str, plan: ProducerPlan) -> None:
        settings = ProducerSettings(
            topic=plan.topic,
            rate_per_s=plan.rate_per_s,
            key_pattern=f"random:{plan.keys}",
            tombstone_every=plan.tombstone_every,
            acks=plan.acks,
            idempotence=plan.idempotence,
            linger_ms=plan.linger_ms,
            delivery_timeout_ms=20_000,
            request_timeout_ms=5_000,
        )
        if plan.transactional_id is not None:
            settings = replace(
                settings,
                transactional_id=plan.transactional_id,
                transaction_timeout_ms=plan.transaction_timeout_ms,
                records_per_transaction=plan.records_per_transaction,
                abort_every=plan.abort_every,
            )
        self.world.start(Producer(node, self.bootstrap, settings))

    def _start_consumer(self, plan: ConsumerPlan) -> None:
        settings = ConsumerSettings(
            group=plan.group,
            topics=plan.topics,
            commit=plan.commit,
            auto_commit_interval_ms=1_000,
            processing_ms=plan.processing_ms,
            auto_offset_reset="earliest",
            max_poll_interval_ms=15_000,
            request_timeout_ms=5_000,
            rack=plan.rack,
            group_protocol=plan.group_protocol,
            isolation_level=plan.isolation_level,
        )
        if plan.group_protocol == "classic":
            settings = replace(settings, assignor=plan.assignor, session_timeout_ms=10_000)
        self.world.start(Consumer(plan.name, self.bootstrap, settings))

    def _chaos(self) -> Iterator[int]:
        moments = [(fault.at_us, 0, number) for number, fault in enumerate(self.plan.faults)]
        moments += [(fault.until_us, 1, number) for number, fault in enumerate(self.plan.faults)]
        for at_us, is_end, number in sorted(moments):
            yield max(at_us, SETTLE_US + 2 * SECOND_US)
            fault = self.plan.faults[number]
            if not is_end:
                self.faults.begin(fault)
            else:
                self.faults.mend(fault)
                self._bring_back_clients(fault.node)
        yield self.plan.chaos_us

    def _bring_back_topics(self) -> None:
        """A topic may have been deleted only after it was to be made again."""
        for topic in self.plan.topics:
            if not self.faults.mishaps.exists(topic.name):
                self.faults.mishaps.make(topic.name)

    def _bring_back_clients(self, name: str | None = None) -> None:
        for plan in self.plan.consumers:
            if plan.name not in self.world.nodes and name in (None, plan.name):
                self._start_consumer(plan)
