"""How a lab comes to life: what its cluster is made of, and how one that lived before takes up again.

A cluster of which every process ended at once finds, when it starts again, that its controller believes
the brokers of the earlier life to be alive until their sessions are over: nine seconds in which nobody is
let in. Nobody is made to wait for that: such a lab's clock begins a little before now, and what the cluster
does in that time happens at once.
"""

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from kafkalab.engine.config import STANDARD_AUTHORIZER
from kafkalab.engine.disk import Disk, MemoryDisk
from kafkalab.engine.security.scram import UserScramCredentialRecord
from kafkalab.engine.spec import ClusterSpec, Endpoint, HostLimits, SecurityProtocol
from kafkalab.lab.commands import ElectLeader
from kafkalab.lab.doors import Ports
from kafkalab.lab.store import LabSettings, Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafkalab.lab.lab import Lab

OWNER = "User:admin"
"""Whose the orders are that are given on the page: no list can lock them out."""
RACKS = ("rack-a", "rack-b", "rack-c")
HEAD_START_US = 20_000_000
"""A session (9 s), the longest wait between two attempts to register, and the time to catch up."""


def world_seed(settings: LabSettings) -> int:
    """Another one in each life: whoever draws the ids of an earlier life again takes two topics for one."""
    if not settings.lives:
        return settings.seed
    return Random(f"life {settings.lives} of seed {settings.seed}").getrandbits(63)


def ports_in_a_row(settings: LabSettings) -> Ports:
    first = settings.kafka_port
    return {SecurityProtocol.PLAINTEXT: tuple(range(first, first + settings.brokers))}


def cluster_spec(
    settings: LabSettings,
    ports: Ports,
    users: tuple[UserScramCredentialRecord, ...],
) -> ClusterSpec:
    spec = ClusterSpec.local(
        settings.brokers,
        host=settings.host,
        racks=RACKS,
        seed=settings.seed,
        broker_configs=_sized_for(settings.brokers) | settings.broker_configs,
        controllers=settings.controllers or 1,
    )
    (protocol, first_ports), *more_ports = ports.items()
    brokers = tuple(
        replace(
            broker,
            port=port,
            security_protocol=protocol,
            more_endpoints=tuple(
                Endpoint(other.name, settings.host, others[number], other) for other, others in more_ports
            ),
        )
        for number, (broker, port) in enumerate(zip(spec.brokers, first_ports, strict=True))
    )
    return replace(
        spec,
        brokers=brokers,
        cluster_id=settings.cluster_id or spec.cluster_id,
        users=users,
        limits=HostLimits(**settings.limits),
    )


def _sized_for(brokers: int) -> dict[str, str]:
    """Where Kafka's defaults are made for a production cluster, what suits one that a person looks at."""
    factor = str(min(3, brokers))
    sized = {
        "offsets.topic.num.partitions": "3",
        "offsets.topic.replication.factor": factor,
        # Whoever writes no access control lists is not asked about any; whoever does sees them work.
        "authorizer.class.name": STANDARD_AUTHORIZER,
        "allow.everyone.if.no.acl.found": "true",
        "super.users": OWNER,
        "share.coordinator.state.topic.num.partitions": "3",
        "share.coordinator.state.topic.replication.factor": factor,
        "transaction.state.log.num.partitions": "3",
        "transaction.state.log.replication.factor": factor,
    }
    # Kafka's default is 2, which one broker alone can never have.
    return sized if brokers > 1 else sized | {"transaction.state.log.min.isr": "1"}


def disks(store: Store | None) -> "Callable[[str], Disk]":
    """Who gives each node its disk."""
    return store.disk if store is not None else lambda node: MemoryDisk()


def begin(lab: "Lab", now_us: int) -> None:
    """Everything of it starts, and what was there in an earlier life is there again."""
    lab.cluster.start()
    if lab.settings.lives:
        catch_up(lab, now_us)
        lab.world.set_clocks(now_us)
    for command in lab.kept_clients.stored():
        lab._acting.do(command, lambda outcome: None)


def catch_up(lab: "Lab", now_us: int) -> None:
    """Until every broker is let in and in sync, or it is now; then whoever was meant to lead leads.

    The controller lets the brokers in one by one, and gives everything to the first."""
    _play(lab, now_us, lambda: lab.ready and not _out_of_sync(lab))
    for topic in lab.image.topics.values():
        for partition, image in topic.partitions.items():
            if image.leader != image.replicas[0] and image.replicas[0] in image.isr:
                lab._acting.do(ElectLeader(topic.name, partition), lambda outcome: None)


def _out_of_sync(lab: "Lab") -> bool:
    partitions = (each for topic in lab.image.topics.values() for each in topic.partitions.values())
    return any(len(each.isr) < len(each.replicas) for each in partitions)


def _play(lab: "Lab", until_us: int, is_done: "Callable[[], bool]") -> None:
    world = lab.world
    while (due_us := world.next_due_us()) is not None and due_us <= until_us and not is_done():
        world.step()
