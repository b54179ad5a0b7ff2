"""Every broker follows the metadata log: an observer that fetches, stores and replays it.

It asks whoever leads the quorum of controllers, and whoever may know when that is not known. It replays
only what the controllers say is committed: what is not may be cut off again. And it acts on it only from its own
registration on: what it led in an earlier life may have been given to others since
(org.apache.kafka.image.loader.MetadataLoader; kafka.server.metadata.BrokerMetadataPublisher).
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kafkalab.engine.controller.following import metadata_fetch
from kafkalab.engine.controller.metadata import (
    BROKER,
    TOPIC,
    ClearElrRecord,
    ConfigRecord,
    MetadataImage,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    RemoveTopicRecord,
)
from kafkalab.engine.controller.replica import MetadataReplica
from kafkalab.engine.controller.snapshot_fetch import Receiving
from kafkalab.engine.controller.voters import voter_set
from kafkalab.engine.events import MetadataSnapshotReceived, MetadataSnapshotTaken
from kafkalab.engine.log.log import Log
from kafkalab.engine.node import Request, Response
from kafkalab.engine.spec import ClusterSpec, controller_node
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

RETRY_BACKOFF_MS = 100


@dataclass
class Changes:
    """What a stretch of the metadata log has touched, in the order in which it did."""

    partitions: dict["PartitionKey", None] = field(default_factory=dict)
    topic_configs: dict[str, None] = field(default_factory=dict)
    deleted_topics: dict[str, None] = field(default_factory=dict)
    broker_configs: bool = False
    """Whether a setting of this broker, or of all, has changed."""


def changes_between(before: MetadataImage, after: MetadataImage) -> Changes:
    """Of two images that no stretch of log lies between: everything that is in either."""
    topics = {**before.topics, **after.topics}
    keys = [(topic.name, partition) for topic in topics.values() for partition in topic.partitions]
    keys += [(topic.name, partition) for topic in before.topics.values() for partition in topic.partitions]
    gone = [name for topic_id, name in before.topic_names.items() if topic_id not in after.topic_names]
    return Changes(dict.fromkeys(keys), dict.fromkeys(after.topics), dict.fromkeys(gone), broker_configs=True)


@dataclass(frozen=True, slots=True)
class FetchMetadata:
    def fire(self, broker: "Broker") -> None:
        broker.metadata_follower.fetch()


@dataclass(frozen=True, slots=True)
class FetchOverdue:
    correlation_id: int

    def fire(self, broker: "Broker") -> None:
        broker.metadata_follower.overdue(self.correlation_id)


class MetadataFollower:
    def __init__(self, broker: "Broker", cluster: ClusterSpec) -> None:
        self.broker = broker
        self._bootstrap = cluster.controllers
        self.image = MetadataImage(broker.cluster_id, controller_id=cluster.controllers[0])
        self.replica: MetadataReplica | None = None
        self.epoch = -1
        """Of the quorum, as far as it is known here."""
        # Where there is one controller nobody has to ask which one is active.
        self.controller: str | None = self.controllers[0] if len(self.controllers) == 1 else None
        """The active controller's node; None while it is not known."""
        self.acting = False
        """Whether the image is acted upon: from the own registration on."""
        self._static_voters = voter_set(cluster.cluster_id, cluster.voters)
        self._in_flight: int | None = None
        self._target = ""
        self._asked_us = 0
        self._asked_around = broker.broker_id
        self._receiving: Receiving | None = None
        self._unheeded = Changes()

    @property
    def controllers(self) -> tuple[str, ...]:
        """Who may know which controller is active, and may be it: those it was told of, and those that vote."""
        voters = self.replica.voters.ids if self.replica is not None else ()
        return tuple(controller_node(each) for each in dict.fromkeys((*self._bootstrap, *voters)))

    @property
    def log(self) -> Log | None:
        return self.replica.log if self.replica is not None else None

    @property
    def kraft_version(self) -> int:
        """1 where the voters may change."""
        return self.replica.voter_history.kraft_version if self.replica is not None else 0

    @property
    def committed(self) -> int:
        """Where the committed part ends, as the controllers said last."""
        return self.replica.high_watermark if self.replica is not None else 0

    def start(self) -> None:
        self.replica = MetadataReplica(self.broker.disk, self._static_voters, self.broker.now_ms)
        # Whoever leads an older epoch than it has records of has been deposed, and may not know it.
        self.epoch = self.replica.end_epoch
        self.replica.load_snapshot(self.image)
        self.fetch()

    def close(self) -> None:
        if self.replica is not None:
            self.replica.close()

    # -- fetching ------------------------------------------------------------------------------

    def fetch(self) -> None:
        if self._in_flight is not None or self.replica is None:
            return
        if self.controller is not None:
            self._target = self.controller
        else:
            self._target = self.controllers[self._asked_around % len(self.controllers)]
            self._asked_around += 1
        body: Any
        if self._receiving is not None:
            api_key = ApiKey.FETCH_SNAPSHOT
            body = self._receiving.request(self.broker.cluster_id, self.broker.broker_id, self.epoch)
        else:
            api_key = ApiKey.FETCH
            body = metadata_fetch(self.replica, self.broker.broker_id, self.epoch)
        name = self.broker.name
        self._in_flight = self.broker.next_correlation_id()
        self._asked_us = self.broker.now_us
        self.broker.send(self._target, Request(name, "metadata", self._in_flight, api_key, -1, name, body))
        if len(self.controllers) > 1:
            timeout_us = self.broker.config.controller_quorum_fetch_timeout_ms * 1000
            self.broker.wake_in(timeout_us, FetchOverdue(self._in_flight))

    def answered(self, response: Response) -> None:
        if response.correlation_id != self._in_flight or self.replica is None:
            return
        self._in_flight = None
        part = response.body.topics[0].partitions[0] if response.body.topics else None
        if part is None or part.error_code is not ErrorCode.none:
            self._receiving = None
            if part is not None and self._learn(part.current_leader):
                self.fetch()
            else:
                self._ask_around()
            return
        self._learn(part.current_leader)
        if response.api_key == ApiKey.FETCH_SNAPSHOT:
            self._take_part(part)
        elif part.diverging_epoch.epoch >= 0:
            self.replica.truncate(part.diverging_epoch)
        elif part.snapshot_id.epoch >= 0:
            self._receiving = Receiving(self.replica, part.snapshot_id)
        else:
            if part.records:
                self.replica.append_fetched(part.records)
            if self.replica.commit(part.high_watermark):
                self._replay()
        self.fetch()

    def _learn(self, hint: Any) -> bool:
        """Whether that is a controller of which was not known that it is active."""
        if hint.leader_epoch < self.epoch or (hint.leader_id < 0 and hint.leader_epoch == self.epoch):
            return False
        controller = controller_node(hint.leader_id) if hint.leader_id >= 0 else None
        is_news = controller is not None and (controller, hint.leader_epoch) != (self.controller, self.epoch)
        self.epoch = hint.leader_epoch
        if controller is None and len(self.controllers) == 1:
            return False
        changed = controller is not None and controller != self.controller
        self.controller = controller
        if changed:
            self.broker.controller.controller_changed()
        return is_news

    def _ask_around(self) -> None:
        """Whoever was asked does not lead, or is not there: another one may know who does."""
        if len(self.controllers) > 1:
            self.controller = None
        self.broker.wake_in(RETRY_BACKOFF_MS * 1000, FetchMetadata())

    def lost(self, peer: str) -> None:
        if peer == self._target and self._in_flight is not None:
            self._in_flight = None
            self._ask_around()

    def overdue(self, correlation_id: int) -> None:
        """The active controller stands still, or nothing passes between it and this broker."""
        if correlation_id == self._in_flight:
            self._in_flight = None
            self._ask_around()

    def silent(self, asked_before_us: int) -> list[str]:
        """The controller that has owed an answer since before then, if one does."""
        return [self._target] if self._in_flight is not None and self._asked_us <= asked_before_us else []

    def _take_part(self, part: Any) -> None:
        assert self._receiving is not None
        assert self.replica is not None
        if not self._receiving.take(part):
            return
        self._receiving = None
        before = self.image
        self.image = MetadataImage(before.cluster_id, before.controller_id)
        self.replica.load_snapshot(self.image)
        self.broker.tell(MetadataSnapshotReceived(self.broker.name, self.image.offset + 1))
        # Whatever differs, and whatever does not, is looked at anew.
        self._unheeded = changes_between(before, self.image)
        self._act()

    # -- replaying -----------------------------------------------------------------------------

    def registered(self) -> None:
        """The registration has an offset now, and may have been replayed before its answer came."""
        self._act()

    def _replay(self) -> None:
        assert self.replica is not None
        for batch, records in self.replica.decisions(self.image.offset + 1, self.committed):
            for offset, record in records:
                self._note(record)
                self.image.replay(record, offset)
            self.image.offset = batch.last_offset
        self._act()
        most_bytes = self.broker.static_config.metadata_log_max_record_bytes_between_snapshots
        if self.replica.bytes_since_snapshot > most_bytes:
            taken = self.replica.take_snapshot(self.image, self.broker.now_ms)
            self.broker.tell(MetadataSnapshotTaken(self.broker.name, taken.end_offset))

    def _act(self) -> None:
        epoch = self.broker.epoch
        if self.acting:
            unheeded, self._unheeded = self._unheeded, Changes()
            if unheeded != Changes():
                self.broker.replicas.apply(unheeded)
            if unheeded.deleted_topics:
                self.broker.groups.on_topics_deleted(tuple(unheeded.deleted_topics))
                self.broker.share_coordinator.on_topics_deleted()
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
