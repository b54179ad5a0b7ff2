"""Orders of a person at the worst moments: partitions move, throttled or not, leaders change, settings change.

They go to the cluster as any administrator's would, through the admin client, and may fail: what
must hold, holds either way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from kio.schema.alter_partition_reassignments.v1.request import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
    ReassignableTopic,
)
from kio.schema.elect_leaders.v2.request import ElectLeadersRequest
from kio.schema.incremental_alter_configs.v1.request import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from kio.schema.types import BrokerId, TopicName
from kio.static.primitive import i8, i32

from kafkalab.engine.clients.admin import Order
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.controller.altering_configs import DELETE, SET
from kafkalab.engine.controller.elections import all_in_sync
from kafkalab.engine.controller.metadata import BROKER, TOPIC, MetadataImage, PartitionImage, TopicImage
from kafkalab.engine.node import Request
from kafkalab.wire.api import ApiKey, newest

ADMIN = "admin"
PATIENCE_MS = 2_000
THROTTLED = "replication.throttled"
SIDES = ("leader", "follower")
FIRST_TOKEN = 1_000
"""Beyond those of the topics that a history makes."""


@dataclass
class Meddling:
    cluster: Cluster
    dice: Random
    tokens: int = FIRST_TOKEN
    moving: list[tuple[str, int]] = field(default_factory=list)
    min_isr_before: dict[str, str] = field(default_factory=dict)
    throttled: dict[str, None] = field(default_factory=dict)
    """Topics whose copying is slow."""

    def begin(self, kind: str) -> bool:
        """Whether there was anything to be done."""
        image = self.image()
        if image is None or not image.topics:
            return False
        topic, partition = self._any_partition(image)
        match kind:
            case "reassign":
                # Dice of its own, so that the others fall as they would without it.
                dice = Random(f"throttle {topic.name} at {self.cluster.world.now_us}")
                if dice.random() < 0.3:
                    self._throttle(topic.name, dice.choice([100, 1_000, 10_000]))
                others = self.dice.sample(sorted(image.brokers), min(len(partition.replicas), len(image.brokers)))
                self._reassign(topic.name, partition.partition, tuple(others))
                self.moving.append((topic.name, partition.partition))
            case "move leader":
                shuffled = tuple(self.dice.sample(partition.replicas, len(partition.replicas)))
                if partition.adding_replicas or partition.removing_replicas or len(shuffled) == 1:
                    return False
                self._reassign(topic.name, partition.partition, shuffled)
                self._prefer_leaders()
            case "prefer leaders":
                self._prefer_leaders()
            case "change settings":
                return self._change_settings(image, topic, partition)
        return True

    def mend(self, kind: str) -> None:
        """Some moves are called off; settings go back to what they were."""
        image = self.image()
        if kind == "reassign" and self.moving:
            name, number = self.moving.pop(0)
            if self.dice.random() < 0.4:
                self._reassign(name, number, None)
            if name in self.throttled and not any(name == other for other, _ in self.moving):
                self._throttle(name, None)
        elif kind == "change settings" and self.min_isr_before and image is not None and all_in_sync(image):
            name, value = self.min_isr_before.popitem()
            self._set(name, "min.insync.replicas", value)

    def mend_everything(self) -> None:
        """What is held back now would be held back for ever: a person forgets, but not here.

        Where no controller is active, or it is deposed at this moment, it must be said again."""
        image = self.image()
        if image is None:
            return
        for name in image.topics:
            if any(THROTTLED in setting for setting in image.topic_config(name)):
                self._throttle(name, None)
        if any(THROTTLED in setting for setting in image.broker_config(None)):
            self.throttled.clear()
            self._alter(BROKER, "", {f"{side}.{THROTTLED}.rate": None for side in SIDES})

    def image(self) -> MetadataImage | None:
        active = self.cluster.active_controller
        return active.image if active is not None else None

    def _any_partition(self, image: MetadataImage) -> tuple[TopicImage, PartitionImage]:
        topic = image.topics[self.dice.choice(sorted(image.topics))]
        return topic, topic.partitions[self.dice.choice(sorted(topic.partitions))]

    def _change_settings(self, image: MetadataImage, topic: TopicImage, partition: PartitionImage) -> bool:
        if self.dice.random() < 0.5:
            self._set(topic.name, "internal.segment.bytes", str(self.dice.choice([2_000, 5_000, 1_000_000])))
            return True
        # Another minimum clears the ELR: where nobody is in sync that would leave nobody to lead.
        if len(partition.replicas) == 1 or not all_in_sync(image):
            return False
        before = image.topic_config(topic.name).get("min.insync.replicas", "1")
        self.min_isr_before.setdefault(topic.name, before)
        self._set(topic.name, "min.insync.replicas", "2" if before == "1" else "1")
        return True

    def _reassign(self, name: str, number: int, replicas: tuple[int, ...] | None) -> None:
        wanted = None if replicas is None else tuple(map(BrokerId, replicas))
        partition = ReassignablePartition(partition_index=i32(number), replicas=wanted)
        topic = ReassignableTopic(name=TopicName(name), partitions=(partition,))
        self.order(ApiKey.ALTER_PARTITION_REASSIGNMENTS, AlterPartitionReassignmentsRequest(topics=(topic,)))

    def _prefer_leaders(self) -> None:
        self.order(ApiKey.ELECT_LEADERS, ElectLeadersRequest(election_type=i8(0), topic_partitions=None))

    def _throttle(self, name: str, rate: int | None) -> None:
        """Of all of a topic's replicas; None takes it away. Another topic's may go on at the last rate."""
        self.throttled.pop(name, None)
        if rate is not None:
            self.throttled[name] = None
        replicas = None if rate is None else "*"
        self._alter(TOPIC, name, {f"{side}.{THROTTLED}.replicas": replicas for side in SIDES})
        if rate is not None or not self.throttled:
            bound = None if rate is None else str(rate)
            self._alter(BROKER, "", {f"{side}.{THROTTLED}.rate": bound for side in SIDES})

    def _set(self, name: str, setting: str, value: str) -> None:
        self._alter(TOPIC, name, {setting: value})

    def _alter(self, kind: int, name: str, settings: Mapping[str, str | None]) -> None:
        """None takes a setting away."""
        configs = tuple(
            AlterableConfig(name=each, config_operation=i8(DELETE if value is None else SET), value=value)
            for each, value in settings.items()
        )
        resource = AlterConfigsResource(resource_type=i8(kind), resource_name=name, configs=configs)
        body = IncrementalAlterConfigsRequest(resources=(resource,), validate_only=False)
        active = self.cluster.active_controller
        if active is not None:
            # Not by way of a broker, which may stand still and pass it on when nobody is in sync any more:
            # what a changed minimum does then (KIP-966 forgets who was eligible) is Kafka's way, but no
            # history could end well after it.
            api_key = ApiKey.INCREMENTAL_ALTER_CONFIGS
            self.tokens += 1
            request = Request(ADMIN, "settings", -self.tokens, api_key, newest(api_key), ADMIN, body)
            self.cluster.world.send(ADMIN, active.name, request)

    def order(self, api_key: int, body: Any) -> None:
        self.tokens += 1
        self.cluster.world.tell_node(ADMIN, Order(self.tokens, api_key, body, PATIENCE_MS))
