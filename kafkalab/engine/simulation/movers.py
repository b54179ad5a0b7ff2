"""Those who move records exactly once: how they are started, what goes wrong with them, and what counts in the end.

T7 every record of the source has one copy in the sink for whoever reads what is committed, in the order of the
source: none is lost and none comes twice, whoever crashed, was fenced, or slept while another did its work.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.coordinator_place import partition_of
from kafkalab.engine.coordinators.records import OFFSETS_TOPIC
from kafkalab.engine.simulation.compacted import committed
from kafkalab.engine.simulation.mover import Mover, copied
from kafkalab.engine.simulation.plans import Fault, MoverPlan
from kafkalab.engine.simulation.sight import Broken
from kafkalab.engine.spec import broker_node
from kafkalab.wire import batches

LIFE = " life "
Place = tuple[str, int]


@dataclass
class Movers:
    cluster: Cluster
    plans: dict[str, MoverPlan]
    start: Callable[[str, MoverPlan], None]
    """Start a mover of that plan on a node of that name."""
    lives: dict[str, list[str]] = field(default_factory=dict)
    """Nodes by plan: the newest is the last."""
    undone: dict[Fault, str] = field(default_factory=dict)
    """The node that a fault hit."""

    def newcomer(self, plan: MoverPlan) -> None:
        lives = self.lives.setdefault(plan.name, [])
        node = f"{plan.name}{LIFE}{len(lives) + 1}" if lives else plan.name
        lives.append(node)
        self.start(node, plan)

    def replace_the_fenced(self) -> None:
        """Who was fenced has ended."""
        for name, lives in self.lives.items():
            if lives[-1] not in self.cluster.world.nodes:
                self.newcomer(self.plans[name])

    def begin(self, fault: Fault) -> bool:
        """Whether it was done."""
        world, plan = self.cluster.world, self.plans.get(fault.node)
        if plan is None or fault.node not in self.lives:
            return False
        self.replace_the_fenced()
        node, coordinator = self.lives[fault.node][-1], self._coordinator(plan)
        match fault.kind:
            case "mover crash":
                world.crash(node)
                self.newcomer(plan)
            case "mover frozen" if node not in world.frozen:
                world.freeze(node)
                self.undone[fault] = node
                self.newcomer(plan)
            case "group coordinator kill" if coordinator is not None and coordinator in world.nodes:
                self.cluster.crash(int(coordinator.removeprefix("broker-")))
                self.undone[fault] = coordinator
            case _:
                return False
        return True

    def mend(self, fault: Fault) -> str | None:
        """A broker that is to be started again, if the fault had killed one."""
        node = self.undone.pop(fault, None)
        if node is not None and fault.kind == "mover frozen":
            if node in self.cluster.world.frozen:
                self.cluster.world.thaw(node)
            return None
        return node

    def are_level(self) -> bool:
        """Whether all that there is to move was moved."""
        return all(self._is_level(plan) for plan in self.plans.values() if plan.name in self.lives)

    def _is_level(self, plan: MoverPlan) -> bool:
        mover = self.cluster.world.nodes.get(self.lives[plan.name][-1])
        if not isinstance(mover, Mover):
            return False
        ends = {
            number: partition.high_watermark
            for broker in self.cluster.brokers.values()
            for (topic, number), partition in broker.partitions.items()
            if topic == plan.source and partition.is_leader
        }
        return all(mover.moving.has_moved(number, end) for number, end in ends.items())

    def _coordinator(self, plan: MoverPlan) -> str | None:
        active = self.cluster.active_controller
        topic = active.image.topics.get(OFFSETS_TOPIC) if active is not None else None
        if topic is None:
            return None
        leader = topic.partitions[partition_of(plan.group, len(topic.partitions))].leader
        return broker_node(leader) if leader >= 0 else None


def moved_once(plans: tuple[MoverPlan, ...], leaders: dict[Place, Partition]) -> None:
    """T7. Raises Broken."""
    for plan in plans:
        for (topic, number), source in leaders.items():
            if topic != plan.source:
                continue
            sent = [record.offset for batch in committed(source.log) for record in batches.records(batch)]
            sink = leaders[plan.sink, number].log
            found = [copied(record.value or b"") for batch in committed(sink) for record in batches.records(batch)]
            if found != sent:
                lost = [offset for offset in sent if offset not in found]
                again = [offset for index, offset in enumerate(found) if offset in found[:index]]
                raise Broken("T7", f"{plan.source}-{number}: lost {lost}, twice {again}, of {len(sent)}: {found}")
