"""Faults of transactions: producers that are replaced and come back, coordinators that go, ends that come twice.

A producer has several lives: the node of the first is named after its plan, and each newcomer has
the same transactional id. Whoever starts a newcomer believes the one before to be dead, and may be wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from kafkalab.engine.clients.producer import Producer
from kafkalab.engine.clients.transactions import TransactionState
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.coordinator_place import TRANSACTIONS_TOPIC, partition_of
from kafkalab.engine.node import Request, Response
from kafkalab.engine.simulation.mishaps import replay
from kafkalab.engine.simulation.plans import Fault, ProducerPlan
from kafkalab.engine.spec import broker_node
from kafkalab.wire.api import ApiKey

COME_AGAIN = (ApiKey.END_TXN, ApiKey.WRITE_TXN_MARKERS, ApiKey.PRODUCE)
MOST_STALE = 2
"""Of each kind, from the beginning of the fault on."""
LIFE = " life "


def plan_name(node: str) -> str:
    """Of which plan a producer's node is one of the lives."""
    return node.partition(LIFE)[0]


@dataclass
class Zombies:
    cluster: Cluster
    plans: dict[str, ProducerPlan]
    """Of the transactional producers, by name."""
    start: Callable[[str, ProducerPlan], None]
    """Start a producer of that plan on a node of that name."""
    lives: dict[str, list[str]] = field(default_factory=dict)
    """Nodes by plan: the newest is the last."""
    undone: dict[Fault, str] = field(default_factory=dict)
    """The node that a fault hit."""
    heard: dict[Fault, "Eavesdropper"] = field(default_factory=dict)
    ghosts: list[str] = field(default_factory=list)
    came_again: int = 0
    """How often."""

    def begin(self, fault: Fault) -> bool:
        """Whether it was done."""
        world, plan = self.cluster.world, self.plans.get(fault.node)
        if plan is None or fault.node not in self.lives:
            return False
        self.replace_the_fenced()
        node = self.lives[fault.node][-1]
        coordinator = self._coordinator(plan)
        match fault.kind:
            case "producer crash" if node in world.nodes:
                world.crash(node)
                self.newcomer(plan)
            case "zombie frozen" if node in world.nodes and node not in world.frozen:
                world.freeze(node)
                self.undone[fault] = node
                self.newcomer(plan)
            case "zombie cut off" if node in world.nodes:
                self._cut_off(node)
                self.undone[fault] = node
                self.newcomer(plan)
            case "coordinator kill" if coordinator is not None and coordinator in world.nodes:
                self.cluster.crash(int(coordinator.removeprefix("broker-")))
                self.undone[fault] = coordinator
            case "coordinator freeze" if coordinator in world.nodes and coordinator not in world.frozen:
                assert coordinator is not None
                world.freeze(coordinator)
                self.undone[fault] = coordinator
            case "stale ends":
                self.heard[fault] = Eavesdropper()
                world.on_message.append(self.heard[fault].overhear)
            case _:
                return False
        return True

    def mend(self, fault: Fault) -> str | None:
        """A broker that is to be started again, if the fault had killed one."""
        world, node = self.cluster.world, self.undone.pop(fault, None)
        if fault in self.heard:
            self._come_again(self.heard.pop(fault))
        if node is None:
            return None
        match fault.kind:
            case "zombie frozen" | "coordinator freeze" if node in world.frozen:
                world.thaw(node)
            case "zombie cut off":
                for way in [way for way in world.network.cut if node in way]:
                    del world.network.cut[way]
            case "coordinator kill":
                return node
        return None

    def mend_everything(self) -> None:
        """Frozen nodes, cuts and killed brokers are mended by whoever mends those of other faults."""
        self.undone.clear()
        for eavesdropper in self.heard.values():
            self._come_again(eavesdropper)
        self.heard.clear()

    def replace_the_fenced(self) -> None:
        """Two lives may have fenced each other: somebody starts another one."""
        for plan in self.plans.values():
            newest = self.cluster.world.nodes[self.lives[plan.name][-1]]
            assert isinstance(newest, Producer)
            assert newest.transactions is not None
            if newest.transactions.state is TransactionState.FATAL:
                self.newcomer(plan)

    def forget_ghosts(self) -> None:
        for ghost in self.ghosts:
            self.cluster.world.close_edge(ghost)
        self.ghosts.clear()

    def newcomer(self, plan: ProducerPlan) -> None:
        lives = self.lives.setdefault(plan.name, [])
        node = f"{plan.name}{LIFE}{len(lives) + 1}" if lives else plan.name
        lives.append(node)
        self.start(node, plan)

    def _coordinator(self, plan: ProducerPlan) -> str | None:
        active = self.cluster.active_controller
        topic = active.image.topics.get(TRANSACTIONS_TOPIC) if active is not None else None
        if topic is None or plan.transactional_id is None:
            return None
        leader = topic.partitions[partition_of(plan.transactional_id, len(topic.partitions))].leader
        return broker_node(leader) if leader >= 0 else None

    def _cut_off(self, node: str) -> None:
        network = self.cluster.world.network
        for spec in self.cluster.spec.brokers:
            network.cut[node, spec.node] = network.cut[spec.node, node] = None

    def _come_again(self, eavesdropper: "Eavesdropper") -> None:
        self.cluster.world.on_message.remove(eavesdropper.overhear)
        self.forget_ghosts()
        self.came_again += 1
        self.ghosts += replay(self.cluster.world, eavesdropper.heard, self.came_again)


@dataclass
class Eavesdropper:
    """Writes down requests that end transactions, or come shortly before the end, with whom they go to."""

    heard: list[tuple[str, Request]] = field(default_factory=list)

    def overhear(self, _sent_us: int, _due_us: int, _source: str, target: str, message: Request | Response) -> None:
        if isinstance(message, Request) and message.api_key in COME_AGAIN and " on an old " not in message.source:
            of_kind = sum(request.api_key == message.api_key for _, request in self.heard)
            if of_kind < MOST_STALE:
                self.heard.append((target, replace(message)))
