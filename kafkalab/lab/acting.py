"""How each command is carried out: by a request to the cluster, by a node of the lab, by a fault.

What Kafka has a request for goes through an admin client on the lab's network, so it succeeds,
waits and fails exactly as Kafka would. A command is answered once its effect is known.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kafkalab.archive.archiver import Archiver
from kafkalab.archive.bucket import BUCKET
from kafkalab.engine.broker.cleaner import CompactTopic
from kafkalab.engine.broker.replicas import RetainTopic, RollTopic
from kafkalab.engine.clients.client import Close
from kafkalab.engine.clients.consumer import ChangeConsumer, Consumer
from kafkalab.engine.clients.consumer_settings import ConsumerSettings
from kafkalab.engine.clients.fate import FateState
from kafkalab.engine.clients.producer import (
    BeginTransaction,
    ChangeProducer,
    EndTransaction,
    Pause,
    Producer,
    Resume,
    SendOne,
)
from kafkalab.engine.clients.workload import ProducerSettings
from kafkalab.lab import client_commands, controller_commands, fault_commands, share_commands
from kafkalab.lab import commands as order
from kafkalab.lab import tempo_commands as tempo
from kafkalab.lab import terminal_commands as terminal
from kafkalab.lab import transaction_commands as transactions
from kafkalab.lab.admin_orders import ADMIN, AdminOrders
from kafkalab.lab.archive_commands import ArchiveCommand, StartArchive
from kafkalab.lab.branch_commands import BranchCommand, WhatIf
from kafkalab.lab.broker_acting import do_to_broker
from kafkalab.lab.controller_acting import do_to_controller
from kafkalab.lab.faults import NoSuchThing
from kafkalab.lab.not_possible import NotPossible
from kafkalab.lab.share_acting import add_share_consumer, update_share_consumer
from kafkalab.lab.shell import shell
from kafkalab.lab.stand_in_commands import StandInCommand
from kafkalab.lab.store import StoreRefused
from kafkalab.lab.tempo_acting import change_tempo
from kafkalab.lab.terminal_commands import TERMINAL
from kafkalab.lab.twins import ask_what_if

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

HANDS = {"all": "you", "1": "you-acks-1", "0": "you-acks-0"}
"""The producers that send single records, by acks."""
RESERVED = (*HANDS.values(), ADMIN, TERMINAL, BUCKET)
RESERVED_BEGINNINGS = ("client-", "broker-", "controller-", "stand-in-")
"""Names of nodes that are no person's to give."""
MOST_PATIENCE_MS = 10_000
"""max.block.ms of a record sent by hand: a person waits for it."""
ACKS = {"all": -1, "1": 1, "0": 0}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    ok: bool
    shell: str
    detail: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    """Why not: one sentence, with Kafka's own error name where there is one."""
    fields: dict[str, str] = field(default_factory=dict)
    """The reason beside each field that was wrong."""


OnDone = Callable[[Outcome], None]


class Acting:
    def __init__(self, lab: "Lab") -> None:
        self.lab = lab
        self._admin = AdminOrders(lab)
        self._tokens = 0
        self._sending: dict[int, tuple[str, OnDone, str]] = {}
        """Records on their way: the producer, whom to tell, and the command line."""

    def do(self, command: order.Command, on_done: OnDone) -> None:
        line = shell(command, self.lab.bootstrap_servers)
        try:
            detail = self._do(command, on_done, line)
        except NoSuchThing as wrong:
            reasons = NotPossible(**wrong.reasons)
            on_done(Outcome(False, line, error=f"Not possible: {reasons}.", fields=reasons.fields))
            return
        except NotPossible as wrong:
            on_done(Outcome(False, line, error=f"Not possible: {wrong}.", fields=wrong.fields))
            return
        except StoreRefused as refused:
            # Its directory is gone or full: what cannot be remembered is not begun.
            on_done(Outcome(False, line, error=str(refused)))
            return
        if detail is not None:
            on_done(Outcome(True, line, detail))

    def go_on_from(self, other: "Acting") -> None:
        """In a fork. What the other still waits for is answered there alone."""
        self._tokens = other._tokens
        self._admin.go_on_from(other._admin)

    def settle(self) -> None:
        """Tell whoever waits for something that has happened by now."""
        for token, (name, on_done, line) in list(self._sending.items()):
            producer = self.lab.producers.get(name)
            fate = producer.fates.get(token) if producer else None
            if fate is not None and fate.state is FateState.WAITING:
                continue
            del self._sending[token]
            if fate is None or fate.state is FateState.FAILED:
                reason = fate.error.name.upper() if fate else "the producer is gone"
                on_done(Outcome(False, line, error=f"The record was not stored: {reason}."))
                continue
            detail = {
                "topic": fate.topic,
                "partition": fate.partition,
                "offset": fate.offset,
                "timestamp_ms": fate.timestamp_ms,
                "how": fate.how,
                "state": fate.state.value,
            }
            on_done(Outcome(True, line, detail))
        self._admin.settle()

    @property
    def asking(self) -> bool:
        """Whether a request to the cluster has no answer yet."""
        return self._admin.waiting

    @property
    def waiting(self) -> bool:
        return bool(self._sending) or self._admin.waiting

    def _do(self, command: order.Command, on_done: OnDone, line: str) -> dict[str, Any] | None:
        """What to answer now, or None: the answer comes later."""
        match command:
            case order.SendRecord():
                self._send_record(command, on_done, line)
                return None
            case terminal.RunLine() | terminal.TypeLine() | terminal.StopLine():
                self.lab.terminal.do(command, lambda detail: on_done(Outcome(True, line, detail)))
                return None
            case order.RollSegment(topic):
                return self._do_to_logs(topic, RollTopic(topic))
            case order.RunRetention(topic):
                return self._do_to_logs(topic, RetainTopic(topic))
            case order.CompactNow(topic):
                return self._do_to_logs(topic, CompactTopic(topic))
            case order.CreateProducer():
                return self._create_producer(command)
            case order.UpdateProducer():
                return self._update_producer(command)
            case transactions.BeginTransaction(name):
                return self._tell(self._transactional(name).name, BeginTransaction())
            case transactions.EndTransaction(name, result):
                return self._tell(self._transactional(name).name, EndTransaction(result == "commit"))
            case order.PauseProducer(name):
                return self._tell(self._producer(name).name, Pause())
            case order.ResumeProducer(name):
                return self._tell(self._producer(name).name, Resume())
            case order.RemoveProducer(name):
                return self._remove(self._producer(name).name)
            case order.AddConsumer():
                return self._add_consumer(command)
            case share_commands.AddShareConsumer():
                return add_share_consumer(self.lab, command, self._free_name("share-consumer", command.name))
            case command if isinstance(command, ArchiveCommand):
                wanted = command.name if isinstance(command, StartArchive) else None
                return self.lab.archives.do(command, self._free_name("archive", wanted))
            case share_commands.UpdateShareConsumer():
                return update_share_consumer(self.lab, command)
            case order.UpdateConsumer():
                return self._update_consumer(command)
            case order.RemoveConsumer(name):
                return self._remove(self._reader(name))
            case client_commands.CrashProducer(name):
                self.lab.world.crash(self._producer(name).name)
                return {}
            case order.CrashConsumer(name):
                self.lab.world.crash(self._reader(name))
                return {}
            case (
                order.CrashBroker(broker)
                | order.StopBroker(broker)
                | order.StartBroker(broker)
                | order.FreezeBroker(broker)
                | order.ThawBroker(broker)
                | order.IsolateBroker(broker)
            ):
                return do_to_broker(self.lab, command, broker)
            case command if isinstance(command, StandInCommand):
                return self.lab.stand_ins.do(command)
            case order.HealNetwork():
                self.lab.faults.heal_network()
                return {}
            case fault_commands.UndoFault(number):
                self.lab.faults.undo(number)
                return {}
            case WhatIf():
                ask_what_if(self.lab, command, lambda told, error: on_done(Outcome(not error, line, told, error)))
                return None
            case command if isinstance(command, BranchCommand):
                return self.lab.family.do(self.lab, command)
            case command if isinstance(command, tempo.TempoCommand):
                return change_tempo(self.lab, command)
            case command if isinstance(command, controller_commands.ControllerCommand):
                return do_to_controller(self.lab, command)
            case command if isinstance(command, fault_commands.FaultCommand):
                return {"fault": self.lab.faults.begin(command)}
            case _:
                self._admin.ask(command, lambda ok, error, detail: on_done(Outcome(ok, line, detail, error)))
                return None

    # -- brokers -----------------------------------------------------------------------------

    def _do_to_logs(self, topic: str, message: RollTopic | RetainTopic | CompactTopic) -> dict[str, Any]:
        """Kafka has no request for it: each broker that can hear is told. What came of it, its facts say."""
        world, brokers = self.lab.world, self.lab.cluster.brokers
        told = [
            broker_id
            for broker_id, broker in brokers.items()
            if broker.name not in world.frozen and broker.replicas.of_topic(topic)
        ]
        if not told:
            raise NotPossible(topic=f"{topic} is on no running broker")
        if isinstance(message, CompactTopic) and not any(
            partition.log.config.is_compacted for partition in brokers[told[0]].replicas.of_topic(topic)
        ):
            raise NotPossible(topic=f"{topic} has no cleanup.policy=compact")
        for broker_id in told:
            world.tell_node(brokers[broker_id].name, message)
        return {"brokers": told}

    # -- producers ---------------------------------------------------------------------------

    def _send_record(self, command: order.SendRecord, on_done: OnDone, line: str) -> None:
        name = HANDS[command.acks]
        if name not in self.lab.producers:
            settings = ProducerSettings(
                acks=ACKS[command.acks],
                idempotence=command.acks == "all",
                linger_ms=0,
                max_block_ms=MOST_PATIENCE_MS,
            )
            self.lab.start_client(Producer(name, self.lab.bootstrap_nodes, settings))
        self._tokens += 1
        self._sending[self._tokens] = (name, on_done, line)
        self.lab.world.tell_node(
            name,
            SendOne(
                self._tokens,
                command.topic,
                _bytes(command.key),
                _bytes(command.value),
                tuple((header, _bytes(value)) for header, value in command.headers),
                command.partition,
            ),
        )

    def _create_producer(self, command: order.CreateProducer) -> dict[str, Any]:
        settings = ProducerSettings(
            topic=command.topic,
            rate_per_s=command.rate,
            key_pattern=command.key_pattern,
            value_size=command.value_size,
            acks=ACKS[command.acks],
            idempotence=command.idempotence,
            linger_ms=command.linger_ms,
            batch_size=command.batch_size,
            partitioner=command.partitioner,
            key_ranges=command.key_ranges,
            synchronous=command.synchronous,
            compression=command.compression,
            max_in_flight=command.max_in_flight,
            transactional_id=command.transactional_id or None,
            transaction_timeout_ms=command.transaction_timeout_ms,
            records_per_transaction=command.records_per_transaction,
            abort_every=command.abort_every,
            retries=command.retries,
            buffer_memory=command.buffer_memory,
            limit=command.limit,
        )
        _check(settings)
        self._check_rate(command.rate)
        name = self._free_name("producer", command.name)
        self.lab.kept_clients.keep(replace(command, name=name))
        self.lab.start_client(Producer(name, self.lab.bootstrap_nodes, settings), command.user)
        return {"name": name}

    def _update_producer(self, command: order.UpdateProducer) -> dict[str, Any]:
        producer = self._producer(command.name)
        wanted = {name: value for name, value in asdict(command).items() if name != "name" and value is not None}
        known = self.lab.kept_clients.by_name.get(command.name)
        changes = dict(wanted)
        if "rate" in changes:
            changes["rate_per_s"] = changes.pop("rate")
        if "acks" in changes:
            changes["acks"] = ACKS[changes["acks"]]
        settings = replace(producer.settings, **changes)
        _check(settings)
        self._check_rate(settings.rate_per_s - producer.settings.rate_per_s)
        if known is not None:
            self.lab.kept_clients.keep(replace(known, **wanted))
        return self._tell(producer.name, ChangeProducer(settings))

    def _check_rate(self, more: float) -> None:
        """The lab's own producers share the machine with everybody."""
        most = self.lab.cluster.spec.limits.records_per_s
        wanted = more + sum(producer.settings.rate_per_s for producer in self.lab.producers.values())
        if more > 0 and wanted > most:
            raise NotPossible(rate=f"would make {wanted:g} records a second of all producers, where {most} are allowed")

    # -- consumers ---------------------------------------------------------------------------

    def _add_consumer(self, command: order.AddConsumer) -> dict[str, Any]:
        of_the_lab = ("name", "user")
        wanted = {name: getattr(command, name) for name in command.__dataclass_fields__ if name not in of_the_lab}
        wanted["isolation_level"] = order.ISOLATION_LEVELS[command.isolation_level]
        settings = ConsumerSettings(**wanted)
        _check(settings)
        name = self._free_name("consumer", command.name)
        self.lab.kept_clients.keep(replace(command, name=name))
        self.lab.start_client(Consumer(name, self.lab.bootstrap_nodes, settings), command.user)
        return {"name": name}

    def _update_consumer(self, command: order.UpdateConsumer) -> dict[str, Any]:
        consumer = self._consumer(command.name)
        if isinstance(consumer, Archiver):
            raise NotPossible(name=f"{command.name} is the sink of an archive: stop it, and start another")
        wanted = {name: value for name, value in asdict(command).items() if name != "name" and value is not None}
        settings = replace(consumer.settings, **wanted)
        _check(settings)
        if known := self.lab.kept_clients.by_name.get(command.name):
            # One that was typed in the terminal is not kept.
            self.lab.kept_clients.keep(replace(known, **wanted))
        return self._tell(consumer.name, ChangeConsumer(settings))

    # -- names -------------------------------------------------------------------------------

    def _producer(self, name: str) -> Producer:
        if name not in self.lab.producers:
            raise NotPossible(name=f"{name} is no producer of this lab")
        return self.lab.producers[name]

    def _transactional(self, name: str) -> Producer:
        producer = self._producer(name)
        if producer.transactions is None:
            raise NotPossible(name=f"{name} has no transactional id")
        return producer

    def _consumer(self, name: str) -> Consumer:
        if name not in self.lab.consumers:
            raise NotPossible(name=f"{name} is no consumer of this lab")
        return self.lab.consumers[name]

    def _reader(self, name: str) -> str:
        """Of whatever kind of group."""
        return name if name in self.lab.share_consumers else self._consumer(name).name

    def _free_name(self, kind: str, wanted: str | None) -> str:
        nodes = self.lab.world.nodes
        if wanted is None:
            number = 1
            while f"{kind}-{number}" in nodes:
                number += 1
            return f"{kind}-{number}"
        if wanted in RESERVED or wanted.startswith(RESERVED_BEGINNINGS):
            raise NotPossible(name=f"{wanted} is a name that the lab keeps for itself")
        if wanted in nodes:
            raise NotPossible(name=f"{wanted} is taken")
        return wanted

    def _tell(self, name: str, message: Any) -> dict[str, Any]:
        self.lab.world.tell_node(name, message)
        return {}

    def _remove(self, name: str) -> dict[str, Any]:
        self.lab.kept_clients.forget(name)
        return self._tell(name, Close())


def _check(settings: ProducerSettings | ConsumerSettings) -> None:
    problems = settings.problems()
    if problems:
        raise NotPossible(**{{"rate_per_s": "rate"}.get(name, name): why for name, why in problems.items()})


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
