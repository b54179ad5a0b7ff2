"""Topics that come into being because someone asks for them (kafka.server.AutoTopicCreationManager).

The broker asks the controller once; whoever asks again meanwhile is told to come back. Internal
topics are made in the same way, with settings of their own.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from kio.schema.create_topics.v7.request import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from kio.schema.types import TopicName
from kio.static.primitive import i16, i32, i32Timedelta

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller.topic_names import GROUP_METADATA_TOPIC, is_internal
from kafkalab.engine.coordinator_place import TRANSACTIONS_TOPIC
from kafkalab.engine.share.records import STATE_TOPIC
from kafkalab.wire.api import ApiKey

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

MOST_IN_FLIGHT = 20
"""Of topics that do not exist: one Metadata request can name thousands, and the controller serves all."""


@dataclass(frozen=True, slots=True)
class CreationAsked:
    topic: str

    def answered(self, broker: "Broker", body: Any) -> None:
        # Made, there already, or impossible: whoever wants it asks again and sees.
        broker.topic_creation.in_flight.pop(self.topic, None)

    def gave_up(self, broker: "Broker") -> None:
        broker.topic_creation.in_flight.pop(self.topic, None)


class TopicCreation:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.in_flight: dict[str, None] = {}
        """Topics that the controller has been asked for."""

    def create(self, topic: str) -> None:
        """Ask the controller for the topic, unless it has been asked already, or for many: then not yet."""
        if topic in self.in_flight or (len(self.in_flight) >= MOST_IN_FLIGHT and not is_internal(topic)):
            return
        self.in_flight[topic] = None
        body = CreateTopicsRequest(
            topics=(creatable(topic, self.broker.config),),
            timeout=i32Timedelta.parse(timedelta(milliseconds=self.broker.config.request_timeout_ms)),
        )
        self.broker.ask_controller(ApiKey.CREATE_TOPICS, body, CreationAsked(topic))


def creatable(topic: str, config: BrokerConfig) -> CreatableTopic:
    """With the number of partitions and replicas that this topic has when nobody says otherwise."""
    partitions, factor = config.num_partitions, config.default_replication_factor
    configs: dict[str, str] = {}
    if topic == GROUP_METADATA_TOPIC:
        partitions, factor = config.offsets_topic_num_partitions, config.offsets_topic_replication_factor
        configs = {
            "cleanup.policy": "compact",
            "compression.type": "producer",
            "segment.bytes": str(config.offsets_topic_segment_bytes),
        }
    elif topic == TRANSACTIONS_TOPIC:
        partitions = config.transaction_state_log_num_partitions
        factor = config.transaction_state_log_replication_factor
        configs = {
            "cleanup.policy": "compact",
            "compression.type": "uncompressed",
            "min.insync.replicas": str(config.transaction_state_log_min_isr),
            "segment.bytes": str(config.transaction_state_log_segment_bytes),
            "unclean.leader.election.enable": "false",
        }
    elif topic == STATE_TOPIC:
        partitions = config.share_coordinator_state_topic_num_partitions
        factor = config.share_coordinator_state_topic_replication_factor
        configs = {
            "cleanup.policy": "delete",
            "compression.type": "producer",
            "min.insync.replicas": str(config.share_coordinator_state_topic_min_isr),
            "retention.ms": "-1",
            "segment.bytes": str(config.share_coordinator_state_topic_segment_bytes),
        }
    return CreatableTopic(
        name=TopicName(topic),
        num_partitions=i32(partitions),
        replication_factor=i16(factor),
        assignments=(),
        configs=tuple(CreatableTopicConfig(name=name, value=value) for name, value in configs.items()),
    )
