"""Every broker follows the metadata log: an observer that fetches, stores and replays it.

It replays only what the controller says is committed, and acts on it only from its own
registration on: what it led in an earlier life may have been given to others since
(org.apache.kafka.image.loader.MetadataLoader; kafka.server.metadata.BrokerMetadataPublisher).
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from kafkalab.engine.controller.codec import records_in
from kafkalab.engine.controller.metadata import (
    BROKER,
    METADATA_TOPIC,
    METADATA_TOPIC_ID,
    TOPIC,
    ClearElrRecord,
    ConfigRecord,
    MetadataImage,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    RemoveTopicRecord,
)
from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.log import Log
from kafkalab.engine.node import Request, Response
from kafkalab.wire.api import ApiKey, newest
from kafkalab.wire.dialect import FetchPartition, FetchRequest, FetchTopic
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

RETRY_BACKOFF_MS = 100
MAX_WAIT_MS = 500
MAX_BYTES = 8 * 1024 * 1024


@dataclass
class Changes:
    """What a stretch of the metadata log has touched, in the order in which it did."""

    partitions: dict["PartitionKey", None] = field(default_factory=dict)
    topic_configs: dict[str, None] = field(default_factory=dict)
    deleted_topics: dict[str, None] = field(default_factory=dict)
    broker_configs: bool = False
    """Whether a setting of this broker, or of all, has changed."""


@dataclass(frozen=True, slots=True)
class FetchMetadata:
    def fire(self, broker: "Broker") -> None:
        broker.metadata_follower.fetch()


class MetadataFollower:
    def __init__(self, broker: "Broker", controller: str) -> None:
        self.broker = broker
        self.controller = controller
        self.image = MetadataImage(broker.cluster_id, controller_id=int(controller.rpartition("-")[2]))
        self.log: Log | None = None
        self.committed = 0
        """Where the committed part ends, as the controller said last."""
        self.acting = False
        """Whether the image is acted upon: from the own registration on."""
        self._next_offset = 0
        self._in_flight: int | None = None
        self._asked_us = 0
        self._unheeded = Changes()

    def start(self) -> None:
        self.log = Log(self.broker.disk, f"{METADATA_TOPIC}-0", LogConfig(), self.broker.now_ms)
        self.fetch()

    def close(self) -> None:
        if self.log is not None:
            self.log.close()

    # -- fetching ------------------------------------------------------------------------------

    def fetch(self) -> None:
        if self._in_flight is not None or self.log is None:
            return
        partition = FetchPartition(
            partition=0,
            fetch_offset=self.log.end_offset,
            partition_max_bytes=MAX_BYTES,
            last_fetched_epoch=self.log.epochs.latest,
            log_start_offset=self.log.start_offset,
        )
        body = FetchRequest(
            topics=(FetchTopic(METADATA_TOPIC, METADATA_TOPIC_ID, (partition,)),),
            max_wait_ms=MAX_WAIT_MS,
            min_bytes=1,
            max_bytes=MAX_BYTES,
            replica_id=self.broker.broker_id,
        )
        name = self.broker.name
        self._in_flight = self.broker.next_correlation_id()
        self._asked_us = self.broker.now_us
        request = Request(name, "metadata", self._in_flight, ApiKey.FETCH, newest(ApiKey.FETCH), name, body)
        self.broker.send(self.controller, request)

    def answered(self, response: Response) -> None:
        if response.correlation_id != self._in_flight or self.log is None:
            return
        self._in_flight = None
        result = response.body.topics[0].partitions[0] if response.body.topics else None
        if result is None or result.error_code is not ErrorCode.none:
            self.broker.wake_in(RETRY_BACKOFF_MS * 1000, FetchMetadata())
            return
        # One controller, whose log never loses what it has answered: nothing can diverge.
        assert result.diverging_epoch.epoch < 0, result
        if result.records:
            self.log.append_as_follower(result.records)
        self.committed = min(result.high_watermark, self.log.end_offset)
        self._replay()
        self.fetch()

    def lost(self, peer: str) -> None:
        if peer == self.controller and self._in_flight is not None:
            self._in_flight = None
            self.broker.wake_in(RETRY_BACKOFF_MS * 1000, FetchMetadata())

    def waits_since(self, at_us: int) -> bool:
        return self._in_flight is not None and self._asked_us <= at_us

    # -- replaying -----------------------------------------------------------------------------

    def registered(self) -> None:
        """The registration has an offset now, and may have been replayed before its answer came."""
        self._act()

    def _replay(self) -> None:
        assert self.log is not None
        while self._next_offset < self.committed:
            data = self.log.read(self._next_offset, MAX_BYTES, self.committed, True)
            for offset, record in records_in(data):
                if offset >= self._next_offset:
                    self._note(record)
                    self.image.replay(record, offset)
                    self._next_offset = offset + 1
        self._act()

    def _act(self) -> None:
        epoch = self.broker.epoch
        if self.acting:
            unheeded, self._unheeded = self._unheeded, Changes()
            if unheeded != Changes():
                self.broker.replicas.apply(unheeded)
            if unheeded.deleted_topics:
                self.broker.groups.on_topics_deleted(tuple(unheeded.deleted_topics))
        elif epoch >= 0 and self.image.offset >= epoch:
            self.acting = True
            self._unheeded = Changes()
            self.broker.replicas.apply_all()
            self.broker.lifecycle.caught_up()

    def _note(self, record: MetadataRecord) -> None:
        """Remember what the record is about to touch. Before it is replayed: it may remove a name."""
        match record:
            case PartitionRecord() | PartitionChangeRecord():
                self._unheeded.partitions[self._name(record.topic_id), record.partition] = None
            case RemoveTopicRecord(topic_id):
                name = self._name(topic_id)
                self._unheeded.deleted_topics[name] = None
                for partition in self.image.topics[name].partitions:
                    self._unheeded.partitions[name, partition] = None
            case ConfigRecord(resource_type, name) if resource_type == TOPIC:
                self._unheeded.topic_configs[name] = None
            case ConfigRecord(resource_type, name) if resource_type == BROKER:
                if name in ("", str(self.broker.broker_id)):
                    self._unheeded.broker_configs = True
            case ClearElrRecord(topic_name):
                for topic, image in self.image.with_elr(topic_name):
                    self._unheeded.partitions[topic.name, image.partition] = None

    def _name(self, topic_id: UUID) -> str:
        return self.image.topic_names[topic_id]
