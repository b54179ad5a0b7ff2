"""The world as plain entities under string ids: all that the browser is given to draw.

Only what can be seen from outside goes in. Entities are made from the nodes as they are at the
moment of looking; the view itself remembers nothing but what saves work.
"""

from typing import TYPE_CHECKING, Any

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.broker.lifecycle import BrokerState
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.events import Event
from kafkalab.engine.spec import BrokerSpec
from kafkalab.lab import view_clients, view_controllers, view_groups, view_quotas, view_share
from kafkalab.lab.view_logs import LogsView
from kafkalab.lab.view_security import security
from kafkalab.lab.view_transactions import TransactionsView

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

Entity = dict[str, Any]

SECOND_US = 1_000_000
Sample = tuple[int, tuple[int, ...]]
"""(second, counters at its beginning)"""
STATES = {
    BrokerState.NOT_RUNNING: "starting",
    BrokerState.STARTING: "starting",
    BrokerState.RECOVERY: "starting",
    BrokerState.RUNNING: "running",
    BrokerState.PENDING_CONTROLLED_SHUTDOWN: "shutting_down",
    BrokerState.SHUTTING_DOWN: "shutting_down",
}


class Rates:
    """How much counters grew in the last whole second.

    They are read at the first fact after each second's beginning, whether anybody looks or not: what is
    executed again shows the same rates."""

    def __init__(self) -> None:
        self.next_us = 0
        """From when on they are to be read again."""
        self._before: Sample = (-2, ())
        self._last: Sample = (-1, ())

    def go_on_from(self, other: "Rates") -> None:
        self.next_us, self._before, self._last = other.next_us, other._before, other._last

    def note(self, now_us: int, counters: tuple[int, ...]) -> None:
        """The counters as they are before what happens now."""
        second = now_us // SECOND_US
        self._before, self._last = self._last, (second, counters)
        self.next_us = (second + 1) * SECOND_US

    def per_s(self, now_us: int, counters: tuple[int, ...]) -> tuple[int, ...]:
        """Where no fact has come since a second began, nothing has grown since."""
        end, begin = (self._at(now_us // SECOND_US - back, counters) for back in (0, 1))
        return tuple(now - then for now, then in zip(end, begin, strict=True))

    def _at(self, second: int, counters: tuple[int, ...]) -> tuple[int, ...]:
        if second > self._last[0]:
            return counters
        return self._last[1] if second > self._before[0] or not self._before[1] else self._before[1]


class View:
    def __init__(self, lab: "Lab") -> None:
        self.lab = lab
        self.logs = LogsView(self._replica_of)
        self._rates = Rates()
        self._brokers: dict[int, Broker] = {}
        """Those that run, as of this look."""
        self._ends: dict[tuple[str, int], int] = {}
        self._groups: dict[str, Entity] = {}
        """As they were seen last: a group whose coordinator is down is still somebody's group."""
        self._transactions = TransactionsView()

    def go_on_from(self, other: "View") -> None:
        """In a fork: a group is remembered there too."""
        self._groups = dict(other._groups)
        self._rates.go_on_from(other._rates)
        self._brokers = self.lab.cluster.brokers
        self.logs.go_on_from(other.logs, self.lab.image)
        self._transactions.go_on_from(other._transactions)

    def on_event(self, event: Event) -> None:
        self.logs.on_event(event)
        self._transactions.on_event(event)

    def measure(self, now_us: int) -> None:
        """Before each fact."""
        if now_us >= self._rates.next_us:
            self._rates.note(now_us, self._counters())

    def _counters(self) -> tuple[int, ...]:
        ledger = self.lab.ledger
        return ledger.produce_errors, ledger.records_in, ledger.bytes_in

    def look(self, most_new: int | None = None) -> dict[str, Entity]:
        """Every entity, by id; with `most_new`, of partitions that were not shown before at most so many."""
        lab = self.lab
        self._brokers = lab.cluster.brokers
        image = lab.image
        entities = {"lab": self._lab(), **lab.family.entities(), **view_controllers.controllers(lab)}
        logs = self.logs.look(image, most_new)
        for spec in lab.cluster.spec.brokers:
            entities[f"broker:{spec.id}"] = self._broker(spec)
        entities |= logs
        self._ends = {}
        for entity in logs.values():
            if entity["kind"] == "partition":
                self._ends[entity["topic"], entity["partition"]] = entity["high_watermark"]
        consumers = lab.consumers
        self._groups = view_groups.without_coordinator(self._groups, self._brokers.values())
        for broker in self._brokers.values():
            self._groups |= view_groups.groups_of(broker, self._end_of, consumers)
        shared = view_share.share_partitions(list(self._brokers.values()), self._end_of)
        for broker in self._brokers.values():
            self._groups |= view_share.groups_of(broker, shared, lab.share_consumers)
        entities |= shared
        entities |= self._groups
        entities |= self._transactions.look(self._brokers.values())
        entities |= {f"consumer:{name}": view_share.consumer(client) for name, client in lab.share_consumers.items()}
        entities |= {f"producer:{name}": view_clients.producer(client) for name, client in lab.producers.items()}
        entities |= {f"consumer:{name}": view_clients.consumer(client) for name, client in consumers.items()}
        entities |= lab.visitors.entities() | lab.stand_ins.entities() | lab.terminal.entities()
        view_quotas.mark(lab, entities)
        entities |= lab.faults.entities() | lab.archives.entities()
        entities["security"] = security(image)
        lags = [entity["lag"] for entity in entities.values() if entity["kind"] == "group"]
        entities["ledger"] = lab.ledger.entity()
        entities["signs"] = self._signs(max(lags, default=0))
        return entities

    # -- parts -------------------------------------------------------------------------------

    def _lab(self) -> Entity:
        lab = self.lab
        return {
            "kind": "lab",
            "name": lab.settings.name,
            "branch": lab.branch,
            "trunk": lab.family.trunk.settings.name,
            "mode": "lab" if lab.time else "wall",
            "rate": lab.time.rate if lab.time else 1,
            "paused": lab.time is not None and lab.time.paused,
            "stands_at_us": lab.world.now_us if lab.time is not None and lab.time.paused else None,
            "clocks_ahead_ms": round(lab.world.clock_ahead_us / 1_000) if lab.time is None else 0,
            "real_connections": len(lab.world.edges),
            "listens": lab.listens,
            "bootstrap_servers": lab.bootstrap_servers,
            "cluster_id": lab.cluster.spec.cluster_id,
            "controller": lab.controller.name if lab.controller is not None else "",
            "seed": lab.settings.seed,
            "auto_create": lab.cluster.config.auto_create_topics_enable,
            "limits": self._limits(),
        }

    def _limits(self) -> list[Entity]:
        """What the lab uses of its share of the machine, and how much that is at most."""
        lab = self.lab
        used = {
            "stored_bytes": sum(
                replica.log.size for broker in self._brokers.values() for replica in broker.partitions.values()
            ),
            "topics": len(lab.image.topics),
            "partitions": sum(len(topic.partitions) for topic in lab.image.topics.values()),
            "connections": sum(len(visitor.connections) for visitor in lab.visitors.everyone()),
            "records_per_s": sum(producer.settings.rate_per_s for producer in lab.producers.values()),
        }
        return [
            {"of": name, "used": size, "most": getattr(lab.cluster.spec.limits, name)} for name, size in used.items()
        ]

    def _broker(self, spec: BrokerSpec) -> Entity:
        lab = self.lab
        known = lab.image.brokers.get(spec.id)
        node = self._brokers.get(spec.id)
        return {
            "kind": "broker",
            "broker": spec.id,
            "node": spec.node,
            "rack": spec.rack,
            "host": spec.host,
            "port": spec.port,
            "advertised": f"{known.host}:{known.port}" if known else None,
            "state": self._state(spec, node),
            "fenced": known is None or known.fenced,
            "epoch": known.epoch if known else -1,
            "leaders": self.logs.leaders.get(spec.id, 0),
            "replicas": len(node.partitions) if node else 0,
            "log_bytes": sum(replica.log.size for replica in node.partitions.values()) if node else 0,
            "metadata_offset": node.metadata.offset if node else -1,
            "connections": lab.connections_of(spec.id),
        }

    def _state(self, spec: BrokerSpec, node: Broker | None) -> str:
        world = self.lab.world
        if node is None:
            return self.lab.down.get(spec.id, "stopped")
        if spec.node in world.frozen:
            return "frozen"
        if view_controllers.is_cut_off(self.lab, spec.node):
            return "isolated"
        return STATES[node.state]

    def _signs(self, largest_lag: int) -> Entity:
        errors, records, size = self._rates.per_s(self.lab.world.now_us, self._counters())
        return {
            "kind": "signs",
            "offline_partitions": self.logs.offline,
            "under_replicated": self.logs.under_replicated,
            "under_min_isr": self.logs.under_min_isr,
            "produce_errors_per_s": errors,
            "largest_lag": largest_lag,
            "active_controller": self.lab.controller.controller_id if self.lab.controller is not None else None,
            "records_in_per_s": records,
            "bytes_in_per_s": size,
        }

    # -- looking up --------------------------------------------------------------------------

    def _replica_of(self, broker: int, key: tuple[str, int]) -> Partition | None:
        node = self._brokers.get(broker)
        return node.partitions.get(key) if node else None

    def _end_of(self, topic: str, partition: int) -> int:
        return self._ends.get((topic, partition), 0)
