"""What must come back by itself once everything is mended, and what must not stay behind."""

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.clients.client import Client
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.simulation.sight import Broken
from kafkalab.engine.world import World

LONGEST_WAIT_US = 5_000_000
"""When all is quiet the longest wait by design is that of a fetch, half a second."""


def everybody_is_back(cluster: Cluster) -> None:
    """L9: brokers are unfenced, partitions are led, every replica is in sync."""
    image = cluster.controller.image
    for spec in cluster.spec.brokers:
        broker = image.brokers.get(spec.id)
        if broker is None or not broker.active:
            raise Broken("L9", f"broker {spec.id} is not back: {broker}")
    for topic in image.topics.values():
        for number, partition in topic.partitions.items():
            if partition.leader < 0 or sorted(partition.isr) != sorted(partition.replicas):
                raise Broken("L9", f"{topic.name}-{number} is not in sync: {partition}")


def nothing_is_left_over(world: World, brokers: list[Broker]) -> None:
    """X1 nothing waits for whom there is not, or twice; X3 nobody waits for an answer for long."""
    asked_before_us = world.now_us - LONGEST_WAIT_US
    for broker in brokers:
        _no_wait_is_left_over(world, broker)
        if broker.controller.silent(asked_before_us) or broker.metadata_follower.silent(asked_before_us):
            raise Broken("X3", f"{broker.name} had no answer from the controller")
        for fetcher in broker.fetchers.by_leader.values():
            if fetcher.states and fetcher.waits_since(asked_before_us):
                raise Broken("X3", f"{broker.name} had no answer from leader {fetcher.leader_id}")
    for client in world.nodes.values():
        if isinstance(client, Client):
            for asked in client.in_flight.values():
                if asked.sent_us < asked_before_us:
                    raise Broken("X3", f"{client.name} had no answer: {asked}")


def _no_wait_is_left_over(world: World, broker: Broker) -> None:
    waiting: dict[str, int] = {}
    for wait in broker.purgatory.waits.values():
        if wait.source not in world.nodes:
            raise Broken("X1", f"{broker.name} keeps {wait} for nobody")
        waiting[wait.source] = waiting.get(wait.source, 0) + 1
    for source, count in waiting.items():
        if count > 1:
            raise Broken("X1", f"{broker.name} keeps {count} waits for {source}")
    for source, lines in broker.router.lines.items():
        if source not in world.nodes:
            raise Broken("X1", f"{broker.name} keeps a connection with {source}, which is gone")
        for channel, line in lines.items():
            if line.waiting:
                raise Broken("X1", f"{broker.name} lets {len(line.waiting)} requests of {source} wait on {channel}")
    if broker.isr_proposals.unsent or broker.isr_proposals.in_flight:
        raise Broken("X1", f"{broker.name} still proposes in-sync sets: {broker.isr_proposals.unsent}")
