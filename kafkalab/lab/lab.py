"""A lab: one world with one cluster in it, played against the clock, shown, and kept on disk.

`do` carries out commands, `watch` and `snapshot` show what there is, `logs` opens what lies in them.
Nothing here waits: answers come by callback once the engine has them.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.clients.client import Client
from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.clients.producer import Producer
from kafkalab.engine.clients.share_consumer import ShareConsumer
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.controller.controller import Controller
from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.events import Event
from kafkalab.engine.security.scram import UserScramCredentialRecord
from kafkalab.engine.spec import BrokerSpec
from kafkalab.engine.world import World
from kafkalab.lab import closing, opening
from kafkalab.lab import commands as order
from kafkalab.lab.acting import Acting, OnDone, Outcome
from kafkalab.lab.archives import Archives
from kafkalab.lab.branch_commands import BranchCommand
from kafkalab.lab.branches import Family
from kafkalab.lab.causes import Causes
from kafkalab.lab.conductor import FRAME_S, Conductor
from kafkalab.lab.doors import Ports
from kafkalab.lab.faults import Faults
from kafkalab.lab.forking import take_over
from kafkalab.lab.frames import Entities, Frame, Frames, Watcher
from kafkalab.lab.hearing import hear
from kafkalab.lab.kept_clients import KeptClients
from kafkalab.lab.lab_time import LabTime
from kafkalab.lab.ledger import Ledger
from kafkalab.lab.logs import Logs
from kafkalab.lab.metrics.keeping import Metrics
from kafkalab.lab.overheard import Overheard
from kafkalab.lab.past import Past
from kafkalab.lab.recording import Recording
from kafkalab.lab.shell import line_for_all
from kafkalab.lab.stand_ins import StandIns
from kafkalab.lab.store import LabSettings, Store
from kafkalab.lab.tape import Tape
from kafkalab.lab.tempo_commands import TempoCommand
from kafkalab.lab.terminal import Terminal
from kafkalab.lab.view import SECOND_US, View
from kafkalab.lab.visitors import Visitors
from kafkalab.lab.why import Why
from kafkalab.lab.witness import Witness

READY_POLL_S = 0.02
NOT_TAPED = TempoCommand | BranchCommand
"""What does nothing to the cluster itself."""
MOST_NEW = 200
"""How many partitions one frame shows that none before it has shown: a topic of a thousand comes bit by bit."""


class Lab:
    def __init__(
        self,
        settings: LabSettings,
        cluster: Cluster,
        store: Store | None = None,
        *,
        clock: LabTime | None = None,
    ) -> None:
        """Around a cluster that may be running already. With a clock it begins in lab time, else in wall time."""
        self.settings = settings
        self.world = cluster.world
        self.cluster = cluster
        self.time = clock
        """None in wall time. See `tempo_acting`."""
        self.listens = False
        """Whether real clients may come in; not to what was forked or is played from a tape."""
        self.tape: Tape | None = None
        """Every command so far, as long as they make the same history again."""
        self.past: Past | None = None
        """What can be executed again, from when it is played."""
        self.family = Family(self)
        self.branch = ""
        """Its name among them; "" for the lab itself."""
        self.facts_told = 0
        self.faults = Faults(self)
        self._acted = False
        """Since the last frame somebody gave an order."""
        self.recording = Recording(cluster.spec.limits.recorded_bytes)
        self.frames = Frames(self._freshen, self.recording.add)
        self.down: dict[int, str] = {}
        """Brokers that do not run: "crashed" or "stopped"."""
        self.controllers_down: dict[int, str] = {}
        """The same of controllers."""
        self.accepting: dict[int, None] = {}
        """Brokers that have been let into the cluster since they started: clients may come."""
        self.kept_clients = KeptClients(store)
        self.logs = Logs(self)
        self.archives = Archives(self, store.directory / "archive" if store is not None else None)
        self.on_broker_up: Callable[[int], None] | None = None
        self.on_broker_down: Callable[[int, bool], None] | None = None
        """Called with the broker and whether it crashed."""
        self.on_throttled: Callable[[str, float], None] | None = None
        """Called with the connection that a broker does not listen to, and for how many seconds."""
        self.ledger = Ledger(cluster)
        self.visitors = Visitors(self.topic_name, self.ledger.on_delivered)
        self.stand_ins = StandIns(self)
        self.overheard = Overheard()
        self.causes = Causes(self.world)
        self.witness = Witness(self.visitors.name_of, self.topic_name, self.causes)
        self.metrics = Metrics(self)
        self.conductor = Conductor(
            self.world,
            self._show,
            lambda: bool(self.frames.watchers),
            self._settle,
            clock,
            lambda: self._acting.waiting or self.terminal.asking,
        )
        self._store = store
        self.why = Why(self)
        self._view = View(self)
        self._acting = Acting(self)
        self.terminal = Terminal(self, self._acting.do)
        self._clients: dict[str, Client] = {}
        self._listen()

    def _listen(self) -> None:
        self.on_order: list[Callable[[str], None]] = []
        """Called with each order that somebody gave, as a command line."""
        self.gate: Callable[[order.Command], str] = lambda command: ""
        """Why a person's command is not carried out just now, in a sentence; "" where it is."""
        self.also_taped: list[Tape] = []
        """Of somebody who wants what is done from some moment on."""
        self.ledger.fates.sending.name_of = self.visitors.name_of
        self.world.on_event.append(self._on_event)
        self.world.on_leaving += [self._on_leaving, self.ledger.on_leaving]
        self.world.on_message += [self.ledger.on_message, self.metrics.counted.on_message]

    @staticmethod
    def open(
        directory: Path | None,
        settings: LabSettings,
        ports: Ports | None = None,
        *,
        start_us: int | None = None,
        before_start: Callable[["Lab"], None] = lambda lab: None,
        users: tuple[UserScramCredentialRecord, ...] = (),
    ) -> "Lab":
        """The lab in that directory, made if there is none, or one in memory. It stands still until played.

        `ports` are where the brokers are reached; without them, on ports in a row. `users` are whom a new cluster knows
        from the beginning. It begins in lab time, now or at `start_us`, after `before_start`, and is taped.
        Raises StoreRefused."""
        store = Store(directory) if directory is not None else None
        if store is not None:
            settings = store.settings(settings)
        spec = opening.cluster_spec(settings, ports or opening.ports_in_a_row(settings), users)
        now_us = time.time_ns() // 1000
        if start_us is None:
            start_us = now_us - opening.HEAD_START_US if settings.lives else now_us
        world = World(opening.world_seed(settings), start_us)
        lab = Lab(settings, Cluster(spec, world, opening.disks(store)), store, clock=LabTime(start_us))
        # What is on a disk already is on no tape.
        lab.tape = None if settings.lives else Tape(settings, start_us)
        lab.listens = True
        before_start(lab)
        opening.begin(lab, now_us)
        return lab

    def fork(self, copied: dict[int, object] | None = None) -> "Lab":
        """Another lab that goes on from here by itself, in lab time and in memory.

        Real clients stay with this one: there, their connections are gone. Nor are the fork's commands
        on tape, since its beginning is not. See `Cluster.fork`."""
        fork = Lab(self.settings, self.cluster.fork(copied), clock=LabTime(self.world.now_us))
        take_over(self, fork)
        if copied is None:
            # A checkpoint has no need of it: who goes back there finds it here.
            fork.causes.go_on_from(self.causes)
        return fork

    def stand_still(self) -> None:
        """In lab time: it is now and stays now, until somebody lets time go on."""
        assert self.time is not None
        self.time.change(paused=True)
        self.time.set(self.world.now_us)
        self.conductor.rearm()

    @property
    def orders_under_way(self) -> bool:
        """Whether the cluster has yet to answer one."""
        return self._acting.asking or self.terminal.asking

    def adopt(self, name: str) -> None:
        """Count a producer or consumer of the world as the lab's own that it has not started itself."""
        node = self.world.nodes.get(name)
        if isinstance(node, Producer | Consumer | ShareConsumer) and name not in self.stand_ins.software:
            self._clients[name] = node

    def disown(self, name: str) -> None:
        self._clients.pop(name, None)

    def play(self) -> None:
        """Begin to play, on the running asyncio loop."""
        if self.past is None:
            self.past = Past(self)
        self.conductor.start()

    def advance(self, passing_us: int) -> None:
        """Let so much virtual time pass at once, for a lab that is not played: tests, simulations."""
        self.world.run_until(self.world.now_us + passing_us)
        self._settle()

    def close(self) -> None:
        """Stop playing and shut the cluster down in good order, and let go of every branch."""
        closing.stop(self)
        closing.shut_down(self)
        closing.let_go(self)

    def abandon(self) -> None:
        """Let go of everything as it is: its engine broke and can be told nothing any more, or nobody will miss it."""
        closing.stop(self)
        closing.let_go(self)

    async def until_ready(self) -> None:
        """While it is played, on the same loop."""
        while not self.ready:
            await asyncio.sleep(READY_POLL_S)

    # -- what is there -----------------------------------------------------------------------

    @property
    def broker_ids(self) -> tuple[int, ...]:
        return tuple(spec.id for spec in self.cluster.spec.brokers)

    @property
    def bootstrap_servers(self) -> str:
        spec: BrokerSpec = self.cluster.spec.brokers[0]
        return f"{spec.host}:{spec.port}"

    @property
    def bootstrap_nodes(self) -> tuple[str, ...]:
        return tuple(spec.node for spec in self.cluster.spec.brokers)

    @property
    def listeners(self) -> dict[tuple[str, int], str]:
        """Which broker's node listens where, whatever it advertises."""
        return {(spec.host, spec.port): spec.node for spec in self.cluster.spec.brokers}

    @property
    def ready(self) -> bool:
        """Every broker that runs has been let into the cluster, and one at least does."""
        return bool(self.accepting) and len(self.accepting) + len(self.down) == len(self.broker_ids)

    @property
    def controller(self) -> Controller | None:
        """The active one; None while there is none."""
        return self.cluster.active_controller

    @property
    def image(self) -> MetadataImage:
        """What the cluster knows of itself."""
        return self.cluster.image

    @property
    def producers(self) -> dict[str, Producer]:
        return {name: client for name, client in self._clients.items() if isinstance(client, Producer)}

    @property
    def consumers(self) -> dict[str, Consumer]:
        return {name: client for name, client in self._clients.items() if isinstance(client, Consumer)}

    @property
    def share_consumers(self) -> dict[str, ShareConsumer]:
        return {name: client for name, client in self._clients.items() if isinstance(client, ShareConsumer)}

    def broker(self, broker: int) -> Broker | None:
        """None while it does not run."""
        return self.cluster.brokers.get(broker)

    def running_brokers(self) -> list[Broker]:
        return list(self.cluster.brokers.values())

    def connections_of(self, broker: int) -> int:
        """Of real clients."""
        return sum(held == broker for visitor in self.visitors.everyone() for held in visitor.connections.values())

    def topic_name(self, topic_id: UUID | None) -> str | None:
        return self.image.topic_names.get(topic_id) if topic_id is not None else None

    # -- acting ------------------------------------------------------------------------------

    def do(self, command: order.Command, on_done: OnDone, *, unseen: bool = False) -> None:
        """Carry out a command; `on_done` hears once how it ended, perhaps before this returns. `unseen`: nobody is told
        of it, nor of the fault that it begins; what it does is seen by all."""
        if not unseen and (why_not := self.gate(command)):
            return on_done(Outcome(False, line_for_all(command, self.bootstrap_servers), error=why_not))
        self.conductor.run()
        if not isinstance(command, NOT_TAPED) and self.terminal.leaves_a_trace(command):
            for record in (self.tape, self.past, *self.also_taped):
                if record is not None:
                    record.record(self.world.now_us, self.world.steps, command, unseen)
        if not unseen:
            line = line_for_all(command, self.bootstrap_servers)
            self.witness.on_command(self.world.now_us, line)
            for heard in self.on_order:
                heard(line)
        self.causes.act(command, unseen)
        with self.faults.begun_unseen(unseen and not isinstance(command, NOT_TAPED)):
            self._acting.do(command, on_done)
        self.causes.outside()
        self._acted = True
        self.conductor.run()
        self.conductor.press()
        self.conductor.stir()

    def start_client(self, client: Client, user: str | None = None) -> None:
        """`user` is whom the brokers shall take it for; None: nobody in particular."""
        if user is not None:
            client.principal = f"User:{user}"
        client.listeners = self.listeners
        self._clients[client.name] = client
        self.world.start(client)

    # -- showing -----------------------------------------------------------------------------

    def view(self) -> Entities:
        """Every entity as it is now."""
        return self._view.look()

    def watch(self, on_ready: Callable[[], None]) -> Watcher:
        """Frames from now on, a snapshot first. `on_ready` says that there is something to take."""
        return self.frames.watch(on_ready)

    def snapshot(self) -> Frame:
        """All there is to see, as a watcher's first message has it."""
        self._freshen()
        while self._view.logs.more:
            self._show()
        return self.frames.snapshot()

    def tell(self, node: str, event: Event) -> None:
        """A fact from outside the engine."""
        self.causes.outside()
        self._on_event(self.world.now_us, node, event)

    def _freshen(self) -> None:
        """The state of now, for somebody who asks. Two hundred that ask at once share one look."""
        since_us = self.world.now_us - self.frames.at_us
        if self.conductor.playing and not self._acted and since_us < FRAME_S * SECOND_US:
            self.conductor.stir()
            return
        self._show()

    def _show(self) -> None:
        self._acted = False
        observers = self.world.on_message
        if self.frames.watchers and self.witness.on_message not in observers:
            observers.append(self.witness.on_message)
        elif not self.frames.watchers and self.witness.on_message in observers:
            observers.remove(self.witness.on_message)
            self.witness.forget_packets()
        entities = self._view.look(MOST_NEW)
        self.frames.publish(self.world.now_us, self.time.pace if self.time else 1, entities, self.witness.take())
        if self._view.logs.more:
            self.conductor.stir()

    def _settle(self) -> None:
        if self._acting.waiting:
            self.causes.outside()
            self._acting.settle()
        if self.past is not None:
            self.past.look()

    # -- what happens ------------------------------------------------------------------------

    def real_clients_changed(self) -> None:
        """One came in or has gone."""
        if self.past is not None:
            self.past.real_clients(bool(self.world.edges))

    def forget_connection(self, name: str) -> None:
        gone = self.visitors.leave(name)
        if gone is not None:
            self.overheard.left(gone)
        self.ledger.forget_client(name)
        self.conductor.stir()

    def _on_leaving(self, node: str) -> None:
        self.stand_ins.on_leaving(node)
        if node.startswith("broker-"):
            # The page goes on showing what was last known of it: that must not hang on who looked, and when.
            self._view.look()

    def _on_event(self, now_us: int, node: str, event: Event) -> None:
        hear(self, now_us, node, event)
