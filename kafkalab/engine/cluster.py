"""A cluster in a world: its controller, its brokers, their disks, and what may befall them.

A node dies and comes back as a new one with the old disk. Everything that a fault does is done
here or to the world's network; nodes never know that they are being tried.
"""

from collections.abc import Callable
from copy import deepcopy

from kafkalab.engine.broker.broker import Broker, LookAtDisk
from kafkalab.engine.broker.lifecycle import BrokerState, Shutdown
from kafkalab.engine.broker.tampering import Tampering
from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller.controller import Controller
from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.controller.wakes import Shutdown as ShutDownController
from kafkalab.engine.disk import Disk
from kafkalab.engine.events import Event, NodeCrashed, NodeExited
from kafkalab.engine.faulty_disk import FaultyDisk
from kafkalab.engine.spec import CONTROLLER_ID, BrokerSpec, ClusterSpec, broker_node, controller_node
from kafkalab.engine.world import World


class Cluster:
    def __init__(self, spec: ClusterSpec, world: World, new_disk: Callable[[str], Disk]) -> None:
        """`new_disk` is called once with each node's name."""
        self.spec = spec
        self.world = world
        self.config = BrokerConfig.parse(spec.broker_configs)
        controllers = [controller_node(controller) for controller in spec.controllers]
        nodes = [*controllers, *(broker.node for broker in spec.brokers)]
        self.disks = {node: FaultyDisk(new_disk(node)) for node in nodes}
        """By node; they outlive it."""
        self.tampering: dict[int, Tampering] = {}
        """By broker: what it is made to say wrongly, in this life and the next."""
        self.clock_skew_us: dict[int, int] = {}
        """By broker: how far its machine's clock is off."""
        self.advertised: dict[int, tuple[str, int]] = {}
        """By broker: the host and port that its server.properties say it has, where they are wrong. They count
        from its next start on: with KRaft, `advertised.listeners` of a running broker cannot be altered."""
        self._last_image = MetadataImage(spec.cluster_id, spec.controllers[0])
        world.on_life.append(self._on_life)

    def fork(self, copied: dict[int, object] | None = None) -> "Cluster":
        """Another cluster, in a world of its own, with disks of its own, that goes on from here by itself.

        See `World.fork`. Disks in memory share their bytes with it. A disk of real files is read through to
        those files, and what the fork writes stays in memory: the fork needs them as long as it lives."""
        copy = deepcopy(self, copied)
        copy.world.hang_up_edges()
        copy.world.on_life.append(copy._on_life)
        return copy

    def start(self) -> None:
        for controller_id in self.spec.controllers:
            self.start_controller(controller_id)
        for broker in self.spec.brokers:
            self.start_broker(broker.id)

    # -- who is there --------------------------------------------------------------------------

    @property
    def controllers(self) -> dict[int, Controller]:
        """Those whose process runs, by id."""
        running = {each: self.world.nodes.get(controller_node(each)) for each in self.spec.controllers}
        return {controller_id: node for controller_id, node in running.items() if isinstance(node, Controller)}

    @property
    def controller(self) -> Controller:
        """The active controller. KeyError while there is none."""
        found = self.active_controller
        if found is None:
            raise KeyError("no controller is active")
        return found

    @property
    def active_controller(self) -> Controller | None:
        """One that was cut off or stands still may believe that it is active too, in an older epoch."""
        active = [node for node in self.controllers.values() if node.active]
        return max(active, key=lambda node: node.epoch, default=None)

    @property
    def image(self) -> MetadataImage:
        """What the cluster knows of itself: as the active controller has it, or, while there is none, whoever
        knows most."""
        active = self.active_controller
        if active is not None:
            self._last_image = active.image
            return active.image
        images = [controller.image for controller in self.controllers.values()]
        images += [broker.metadata for broker in self.brokers.values()]
        newest = max(images, key=lambda image: image.offset, default=self._last_image)
        if newest.offset > self._last_image.offset:
            self._last_image = newest
        return self._last_image

    @property
    def brokers(self) -> dict[int, Broker]:
        """Those whose process runs, by id: starting, running, stopping or frozen."""
        running = {spec.id: self.world.nodes.get(spec.node) for spec in self.spec.brokers}
        return {broker_id: node for broker_id, node in running.items() if isinstance(node, Broker)}

    def is_stopping(self, broker_id: int) -> bool:
        broker = self.brokers.get(broker_id)
        return broker is not None and broker.state in (
            BrokerState.PENDING_CONTROLLED_SHUTDOWN,
            BrokerState.SHUTTING_DOWN,
        )

    # -- what a person or a fault does ---------------------------------------------------------

    def start_controller(self, controller_id: int = CONTROLLER_ID) -> None:
        disk = self.disks[controller_node(controller_id)]
        self.world.start(Controller(self.spec, controller_id, self.config, disk))

    def crash_controller(self, controller_id: int) -> None:
        """kill -9."""
        self.world.crash(controller_node(controller_id))

    def stop_controller(self, controller_id: int) -> None:
        """SIGTERM: an active controller hands over and ends when another one is active."""
        self.world.tell_node(controller_node(controller_id), ShutDownController())

    def freeze_controller(self, controller_id: int) -> None:
        self.world.freeze(controller_node(controller_id))

    def thaw_controller(self, controller_id: int) -> None:
        self.world.thaw(controller_node(controller_id))

    def isolate_controller(self, controller_id: int) -> None:
        self.isolate_all(controller_node(controller_id), (controller_node(controller_id),))

    def add_controller(self, controller_id: int, disk: Disk) -> None:
        """One that the cluster was not formatted with, with nothing on its disk: it does not vote yet."""
        self.spec = self.spec.with_controller(controller_id)
        self.disks[controller_node(controller_id)] = FaultyDisk(disk)
        self.start_controller(controller_id)

    def start_broker(self, broker_id: int) -> None:
        """With the controller on its machine, if there is one and it does not run."""
        for controller_id in self._controllers_beside(broker_id):
            if controller_id not in self.controllers:
                self.start_controller(controller_id)
        disk = self.disks[broker_node(broker_id)]
        wrong = self.advertised.get(broker_id)
        spec = self.spec if wrong is None else self.spec.advertising(broker_id, *wrong)
        broker = Broker(spec, broker_id, self.config, disk, self.tampering.setdefault(broker_id, Tampering()))
        broker.clock_skew_us = self.clock_skew_us.get(broker_id, 0)
        self.world.start(broker)

    def add_broker(self, broker: BrokerSpec, disk: Disk) -> None:
        """A broker that was not planned for, with nothing on its disk."""
        self.spec = self.spec.with_broker(broker)
        self.disks[broker.node] = FaultyDisk(disk)
        self.start_broker(broker.id)

    # In combined mode broker and controller are one process: what befalls the broker befalls both.

    def crash(self, broker_id: int) -> None:
        """kill -9."""
        for node in self.spec.machine(broker_id):
            if node in self.world.nodes:
                self.world.crash(node)

    def stop(self, broker_id: int) -> None:
        """SIGTERM: the broker hands its leaderships over and ends when the controller lets it; a controller
        on its machine stops after it."""
        self.world.tell_node(broker_node(broker_id), Shutdown())

    def freeze(self, broker_id: int) -> None:
        for node in self.spec.machine(broker_id):
            if node in self.world.nodes:
                self.world.freeze(node)

    def thaw(self, broker_id: int) -> None:
        for node in self.spec.machine(broker_id):
            if node in self.world.frozen:
                self.world.thaw(node)

    def isolate(self, broker_id: int) -> None:
        """Cut every way to and from the broker's machine."""
        self.isolate_all(broker_node(broker_id), self.spec.machine(broker_id))

    def _controllers_beside(self, broker_id: int) -> tuple[int, ...]:
        return tuple(int(node.rpartition("-")[2]) for node in self.spec.machine(broker_id)[1:])

    def isolate_all(self, name: str, nodes: tuple[str, ...]) -> None:
        """Cut these off, together, from everyone else there is and will be."""
        self.world.network.islands[name] = nodes

    def heal(self) -> None:
        """Every way is open again."""
        self.world.network.cut.clear()
        self.world.network.islands.clear()

    def fail_disk(self, broker_id: int) -> None:
        """Nothing on it can be read or written. A broker notices at once: it is never long without I/O."""
        node = broker_node(broker_id)
        self.disks[node].failed = True
        if node in self.world.nodes and node not in self.world.frozen:
            self.world.tell_node(node, LookAtDisk())

    def skew_clock(self, broker_id: int, by_us: int) -> None:
        """Let the clock of the broker's machine be wrong, from now on and over restarts; 0 sets it right."""
        self.clock_skew_us[broker_id] = by_us
        if broker_id in self.brokers:
            self.brokers[broker_id].clock_skew_us = by_us

    def close(self) -> None:
        """Let go of the files. The cluster is at an end."""
        for disk in self.disks.values():
            disk.close()

    def _on_life(self, _now_us: int, node: str, event: Event) -> None:
        if not isinstance(event, (NodeCrashed, NodeExited)):
            return
        if node in self.disks:
            # A process that ends leaves no file open. The next life opens them again.
            self.disks[node].close()
        if isinstance(event, NodeExited) and node.startswith("broker-"):
            for controller_id in self._controllers_beside(int(node.rpartition("-")[2])):
                if controller_id in self.controllers:
                    self.stop_controller(controller_id)
