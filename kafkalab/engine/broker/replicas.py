"""The replicas on this broker: made, led, followed and deleted as the metadata says.

Each lies in a directory `<topic>-<partition>` with a `partition.metadata` that names its topic's
id, so that a topic deleted and made again under its name is not taken for the old one. How far
each replica was committed goes to `replication-offset-checkpoint` every five seconds
(kafka.server.ReplicaManager, org.apache.kafka.storage.internals.log.LogManager).
"""

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from kafkalab.engine.broker import checkpoints
from kafkalab.engine.broker.cleaner import Cleaner
from kafkalab.engine.broker.metadata_follower import Changes
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.controller.metadata import PartitionImage
from kafkalab.engine.events import LogRecovered, ReplicaDeleted, SegmentRolled
from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.log import Log

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey


FILES_AT_ONCE, FILES_EVERY_US = 20, 10_000
"""How many new replicas get their files in one go, and how long it is to the next."""
NEW_AT_ONCE = 30
"""How many new replicas are made in one go; others on the machine have their turn before the next."""


@dataclass(frozen=True, slots=True)
class ShrinkDue:
    def fire(self, broker: "Broker") -> None:
        broker.replicas.shrink_isrs()


@dataclass(frozen=True, slots=True)
class CheckpointDue:
    def fire(self, broker: "Broker") -> None:
        broker.replicas.checkpoint_due()


@dataclass(frozen=True, slots=True)
class RetentionDue:
    def fire(self, broker: "Broker") -> None:
        broker.replicas.apply_retention_due()


@dataclass(frozen=True, slots=True)
class RetainTopic:
    """A person asks for it: without waiting for the next check."""

    topic: str

    def fire(self, broker: "Broker") -> None:
        for partition in broker.replicas.of_topic(self.topic):
            partition.apply_retention()


@dataclass(frozen=True, slots=True)
class RollTopic:
    """A person asks for it: whatever room the active segments still have."""

    topic: str

    def fire(self, broker: "Broker") -> None:
        for partition in broker.replicas.of_topic(self.topic):
            if partition.log.active.size:
                broker.tell(SegmentRolled(*partition.key, broker.broker_id, partition.log.roll()))


@dataclass(frozen=True, slots=True)
class MakeMore:
    def fire(self, broker: "Broker") -> None:
        broker.replicas.make_more()


@dataclass(frozen=True, slots=True)
class FilesOfNew:
    def fire(self, broker: "Broker") -> None:
        broker.replicas.make_files()


class Replicas:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.partitions: dict[PartitionKey, Partition] = {}
        self.epoch_of_clean_shutdown = -1
        """The broker epoch under which the last life ended in good order; -1 if it did not."""
        self.cleaner = Cleaner(broker)
        self._log_configs: dict[str, LogConfig] = {}
        """Of the topics that have replicas here, as the metadata has them."""
        self._high_watermarks: dict[PartitionKey, int] = {}
        """As checkpointed last."""
        self._to_make: dict[PartitionKey, None] = {}
        """Replicas that the metadata tells of and that are not made yet: until then this broker has none of them."""
        self._without_files: deque[PartitionKey] = deque()
        """New replicas that are not on the disk yet."""

    def start(self) -> None:
        self.epoch_of_clean_shutdown = checkpoints.take_clean_shutdown(self.broker.disk)
        self._high_watermarks = checkpoints.read_offsets(self.broker.disk, checkpoints.HIGH_WATERMARKS)
        self.broker.wake_in(self.broker.config.replica_lag_time_max_ms * 1000 // 2, ShrinkDue())
        self.broker.wake_in(self.broker.config.replica_high_watermark_checkpoint_interval_ms * 1000, CheckpointDue())
        self.broker.wake_in(self.broker.config.log_initial_task_delay_ms * 1000, RetentionDue())
        self.cleaner.start()

    def close(self) -> None:
        """The process ends in good order."""
        self.broker.fetchers.stop_all()
        self._checkpoint()
        for partition in self.partitions.values():
            partition.log.close()
        checkpoints.write_clean_shutdown(self.broker.disk, self.broker.epoch)

    # -- acting on the metadata ----------------------------------------------------------------

    def apply_all(self) -> None:
        """The first time: take up all of the image, and remove what it does not know."""
        image = self.broker.metadata
        for key, topic_id in checkpoints.replicas_on(self.broker.disk).items():
            if not self._is_mine(key, topic_id):
                self.broker.disk.delete_tree(checkpoints.directory(key))
                self.broker.tell(ReplicaDeleted(*key, self.broker.broker_id))
                self.cleaner.forget(key)
        keys = [(topic.name, partition) for topic in image.topics.values() for partition in topic.partitions]
        self.apply(Changes(partitions=dict.fromkeys(keys), broker_configs=True), at_once=True)

    def apply(self, changes: Changes, *, at_once: bool = False) -> None:
        """Deletions first, then what is led here, then what is followed (applyDelta).

        Of many new replicas only the first are made `at_once`, unless told: a broker that is given a
        thousand partitions must not stand still over it."""
        me = self.broker.broker_id
        topics_to_configure = changes.topic_configs
        if changes.broker_configs:
            # First of all, so that what is led from now on is led under the new settings.
            self.broker.reconfigure()
            topics_to_configure = dict.fromkeys((*changes.topic_configs, *self.broker.metadata.topics))
        for topic in (*changes.deleted_topics, *topics_to_configure):
            self._configure(topic)
        led: list[tuple[PartitionKey, PartitionImage]] = []
        followed: list[tuple[PartitionKey, PartitionImage]] = []
        for key in changes.partitions:
            local = self.partitions.get(key)
            if local is not None and not self._is_mine(key, local.topic_id):
                self._delete(local)
            image = self.broker.metadata.partition(*key)
            if image is not None and me in image.replicas:
                (led if image.leader == me else followed).append((key, image))
        new = [key for key, _ in (*led, *followed) if key not in self.partitions]
        later = {} if at_once else dict.fromkeys(new[NEW_AT_ONCE:])
        for key, image in led:
            if key not in later:
                self._lead(key, image)
        for key, image in followed:
            if key not in later:
                self._follow(key, image)
        for topic in topics_to_configure:
            self._freed(topic)
        if later and not self._to_make:
            self.broker.wake_in(0, MakeMore())
        self._to_make |= later

    def make_more(self) -> None:
        """As the metadata is by now."""
        keys = list(self._to_make)[:NEW_AT_ONCE]
        for key in keys:
            del self._to_make[key]
        self.apply(Changes(partitions=dict.fromkeys(keys)))
        if self._to_make:
            self.broker.wake_in(0, MakeMore())

    def _is_mine(self, key: "PartitionKey", topic_id: UUID) -> bool:
        image = self.broker.metadata.partition(*key)
        return image is not None and image.topic_id == topic_id and self.broker.broker_id in image.replicas

    def _lead(self, key: "PartitionKey", image: PartitionImage) -> None:
        partition = self._hosted(key, image)
        self.broker.fetchers.stop(key)
        coordinator = self.broker.coordinator_for(key[0])
        if partition.become_leader(image):
            self.broker.share_partitions.leads_no_more(key)
            if coordinator is not None:
                coordinator.on_leader(key[1], image.leader_epoch)

    def _follow(self, key: "PartitionKey", image: PartitionImage) -> None:
        partition = self._hosted(key, image)
        was_leader = partition.is_leader
        if partition.become_follower(image):
            if image.leader >= 0:
                self.broker.fetchers.follow(partition)
            else:
                self.broker.fetchers.stop(key)
        if was_leader:
            self._resign(key)

    def _hosted(self, key: "PartitionKey", image: PartitionImage) -> Partition:
        partition = self.partitions.get(key)
        if partition is None:
            self.partitions[key] = self._create(key, image.topic_id)
            # As the table has it: a referee may have put one there that notes what is assigned to it.
            return self.partitions[key]
        return partition

    def _create(self, key: "PartitionKey", topic_id: UUID) -> Partition:
        """Make the replica, or open what an earlier life left."""
        log = Log(
            self.broker.disk,
            checkpoints.directory(key),
            self._log_config(key[0]),
            self.broker.now_ms,
            self.cleaner.cleaned_offset(key),
            topic_id,
        )
        if log.unmade:
            self._files_to_make(key)
        if log.recovered_bytes:
            self.broker.tell(LogRecovered(*key, self.broker.broker_id, log.end_offset, log.recovered_bytes))
        return Partition(self.broker, key, topic_id, log, self._high_watermarks.get(key, 0))

    def _files_to_make(self, key: "PartitionKey") -> None:
        """Soon, a few at a time: a broker that is given a thousand partitions must not stand still over it.
        Who writes to one before has its files made at once."""
        if not self._without_files:
            self.broker.wake_in(FILES_EVERY_US, FilesOfNew())
        self._without_files.append(key)

    def make_files(self) -> None:
        for _ in range(min(FILES_AT_ONCE, len(self._without_files))):
            partition = self.partitions.get(self._without_files.popleft())
            if partition is not None:
                partition.log.make_files()
        if self._without_files:
            self.broker.wake_in(FILES_EVERY_US, FilesOfNew())

    def _delete(self, partition: Partition) -> None:
        key = partition.key
        self.broker.fetchers.stop(key)
        was_leader = partition.is_leader
        del self.partitions[key]
        partition.log.delete()
        self.broker.tell(ReplicaDeleted(*key, self.broker.broker_id))
        self.cleaner.forget(key)
        self._high_watermarks.pop(key, None)
        # Who waits on it finds it gone.
        self.broker.purgatory.touch(key)
        if was_leader:
            self._resign(key)

    def _resign(self, key: "PartitionKey") -> None:
        self.broker.share_partitions.leads_no_more(key)
        coordinator = self.broker.coordinator_for(key[0])
        if coordinator is not None:
            coordinator.on_resign(key[1])

    def _configure(self, topic: str) -> None:
        # When the metadata log brings it, and no sooner: with a raised `min.insync.replicas` on its way a
        # leader goes on committing under the old one. So does Kafka's, and nobody was promised otherwise.
        for quota in (self.broker.leader_quota, self.broker.follower_quota):
            quota.mark(topic, self.broker.metadata.topic_config(topic))
        self._log_configs.pop(topic, None)
        for partition in self.of_topic(topic):
            partition.log.config = self._log_config(topic)

    def _freed(self, topic: str) -> None:
        """A smaller `min.insync.replicas` may let the high watermark go on."""
        for partition in self.of_topic(topic):
            partition.advance_high_watermark()

    def _log_config(self, topic: str) -> LogConfig:
        config = self._log_configs.get(topic)
        if config is None:
            config = self.broker.config.log_config(self.broker.metadata.topic_config(topic))
            self._log_configs[topic] = config
        return config

    def of_topic(self, topic: str) -> list[Partition]:
        return [partition for partition in self.partitions.values() if partition.topic == topic]

    # -- now and then --------------------------------------------------------------------------

    def shrink_isrs(self) -> None:
        for partition in self.partitions.values():
            partition.in_sync.maybe_shrink()
        self.broker.wake_in(self.broker.config.replica_lag_time_max_ms * 1000 // 2, ShrinkDue())

    def checkpoint_due(self) -> None:
        self._checkpoint()
        self.broker.wake_in(self.broker.config.replica_high_watermark_checkpoint_interval_ms * 1000, CheckpointDue())

    def _checkpoint(self) -> None:
        now = {key: partition.high_watermark for key, partition in self.partitions.items()}
        # Replicas that are not opened yet keep what an earlier life wrote.
        merged = {**self._high_watermarks, **now}
        if merged != self._high_watermarks:
            self._high_watermarks = merged
            checkpoints.write_offsets(self.broker.disk, checkpoints.HIGH_WATERMARKS, merged)

    def apply_retention_due(self) -> None:
        """Of logs that are compacted, the cleaner sees to it (LogManager.cleanupLogs)."""
        for partition in self.partitions.values():
            if not partition.log.config.is_compacted:
                partition.apply_retention()
        self.broker.wake_in(self.broker.config.log_retention_check_interval_ms * 1000, RetentionDue())
