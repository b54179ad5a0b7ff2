"""What a cluster knows of itself: the image that replaying `__cluster_metadata` yields.

Controllers and brokers hold one each. Only `replay` changes an image, so all images are prefixes
of one history (org.apache.kafka.image.MetadataImage, metadata records of KIP-631).
"""

from dataclasses import dataclass, field, replace
from uuid import UUID

from kafkalab.engine.security.acls import AccessControlEntryRecord, RemoveAccessControlEntryRecord
from kafkalab.engine.security.scram import (
    Credentials,
    RemoveUserScramCredentialRecord,
    UserScramCredentialRecord,
)
from kafkalab.engine.spec import Endpoint

METADATA_TOPIC = "__cluster_metadata"
METADATA_TOPIC_ID = UUID(int=1)
"""Kafka's Uuid.METADATA_TOPIC_ID."""
NO_LEADER = -1

TOPIC, BROKER, CLIENT_METRICS, GROUP = 2, 4, 16, 32
"""ConfigResource.Type ids."""


# -- records: frozen, named as Kafka's metadata records --------------------------------------------


@dataclass(frozen=True, slots=True)
class RegisterBrokerRecord:
    broker_id: int
    broker_epoch: int
    """The offset of this very record."""
    incarnation_id: UUID
    host: str
    port: int
    rack: str | None = None
    fenced: bool = True
    more_endpoints: tuple[Endpoint, ...] = ()
    """The listeners after the first one, which is `host` and `port`."""


@dataclass(frozen=True, slots=True)
class BrokerRegistrationChangeRecord:
    broker_id: int
    broker_epoch: int
    fenced: bool | None = None
    """None: unchanged."""
    in_controlled_shutdown: bool | None = None


@dataclass(frozen=True, slots=True)
class UnregisterBrokerRecord:
    broker_id: int
    broker_epoch: int


@dataclass(frozen=True, slots=True)
class TopicRecord:
    name: str
    topic_id: UUID


@dataclass(frozen=True, slots=True)
class RemoveTopicRecord:
    topic_id: UUID


@dataclass(frozen=True, slots=True)
class PartitionRecord:
    topic_id: UUID
    partition: int
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    leader: int
    leader_epoch: int
    partition_epoch: int
    adding_replicas: tuple[int, ...] = ()
    removing_replicas: tuple[int, ...] = ()
    eligible_leader_replicas: tuple[int, ...] = ()
    last_known_elr: tuple[int, ...] = ()
    leader_recovery_state: int = 0


@dataclass(frozen=True, slots=True)
class PartitionChangeRecord:
    """None: unchanged. Each change raises the partition epoch by one; a `leader` that is not None,
    even the same one, raises the leader epoch by one."""

    topic_id: UUID
    partition: int
    isr: tuple[int, ...] | None = None
    leader: int | None = None
    replicas: tuple[int, ...] | None = None
    adding_replicas: tuple[int, ...] | None = None
    removing_replicas: tuple[int, ...] | None = None
    eligible_leader_replicas: tuple[int, ...] | None = None
    last_known_elr: tuple[int, ...] | None = None
    leader_recovery_state: int | None = None


@dataclass(frozen=True, slots=True)
class ConfigRecord:
    resource_type: int
    resource_name: str
    """"" is the cluster-wide default of that type."""
    name: str
    value: str | None
    """None removes it."""


@dataclass(frozen=True, slots=True)
class ProducerIdsRecord:
    broker_id: int
    broker_epoch: int
    next_producer_id: int


@dataclass(frozen=True, slots=True)
class FeatureLevelRecord:
    name: str
    feature_level: int


@dataclass(frozen=True, slots=True)
class ClearElrRecord:
    """`min.insync.replicas` changes, so that who was eligible under the old one is so no more."""

    topic_name: str | None = None
    """None: of every topic."""


@dataclass(frozen=True, slots=True)
class ClientQuotaRecord:
    entity: tuple[tuple[str, str | None], ...]
    """(type, name) pairs; None is the default of that type."""
    key: str
    value: float = 0.0
    remove: bool = False


MetadataRecord = (
    RegisterBrokerRecord
    | BrokerRegistrationChangeRecord
    | UnregisterBrokerRecord
    | TopicRecord
    | RemoveTopicRecord
    | PartitionRecord
    | PartitionChangeRecord
    | ConfigRecord
    | ProducerIdsRecord
    | FeatureLevelRecord
    | ClearElrRecord
    | ClientQuotaRecord
    | AccessControlEntryRecord
    | RemoveAccessControlEntryRecord
    | UserScramCredentialRecord
    | RemoveUserScramCredentialRecord
)


# -- the image -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BrokerImage:
    broker_id: int
    epoch: int
    incarnation_id: UUID
    host: str
    port: int
    rack: str | None
    fenced: bool
    in_controlled_shutdown: bool = False
    more_endpoints: tuple[Endpoint, ...] = ()

    def reached_by(self, listener: str) -> tuple[str, int]:
        """Host and port, for a client that came in by that listener: it is sent to the same one elsewhere."""
        for endpoint in self.more_endpoints:
            if endpoint.name == listener:
                return endpoint.host, endpoint.port
        return self.host, self.port

    @property
    def active(self) -> bool:
        """May be in an ISR and lead (BrokerHeartbeatManager's "active")."""
        return not self.fenced and not self.in_controlled_shutdown


PartitionImage = PartitionRecord
"""A partition's image is its record with all changes applied."""


@dataclass
class TopicImage:
    name: str
    topic_id: UUID
    partitions: dict[int, PartitionImage] = field(default_factory=dict)


@dataclass
class MetadataImage:
    cluster_id: str
    controller_id: int
    offset: int = -1
    """The last record replayed."""
    brokers: dict[int, BrokerImage] = field(default_factory=dict)
    topics: dict[str, TopicImage] = field(default_factory=dict)
    topic_names: dict[UUID, str] = field(default_factory=dict)
    configs: dict[tuple[int, str], dict[str, str]] = field(default_factory=dict)
    features: dict[str, int] = field(default_factory=dict)
    next_producer_id: int = 0
    client_quotas: dict[tuple[tuple[str, str | None], ...], dict[str, float]] = field(default_factory=dict)
    acls: dict[UUID, AccessControlEntryRecord] = field(default_factory=dict)
    scram: Credentials = field(default_factory=dict)
    """By user and mechanism."""

    def partition(self, topic: str, partition: int) -> PartitionImage | None:
        image = self.topics.get(topic)
        return image.partitions.get(partition) if image else None

    def topic_config(self, topic: str) -> dict[str, str]:
        """What was set on the topic itself, no defaults."""
        return self.configs.get((TOPIC, topic), {})

    def broker_config(self, broker_id: int | None) -> dict[str, str]:
        """What was set while the cluster runs: for all brokers, and over it for this one."""
        everywhere = self.configs.get((BROKER, ""), {})
        return everywhere if broker_id is None else {**everywhere, **self.configs.get((BROKER, str(broker_id)), {})}

    def with_elr(self, topic_name: str | None) -> list[tuple[TopicImage, PartitionImage]]:
        """The partitions, of one topic or of all, that have an ELR or remember their last leader."""
        return [
            (topic, partition)
            for topic in self.topics.values()
            if topic_name in (None, topic.name)
            for partition in topic.partitions.values()
            if partition.eligible_leader_replicas or partition.last_known_elr
        ]

    def replay(self, record: MetadataRecord, offset: int) -> None:
        """Apply one committed record. The only way in which an image changes."""
        self.offset = offset
        match record:
            case RegisterBrokerRecord(broker_id, epoch, incarnation, host, port, rack, fenced, more):
                self.brokers[broker_id] = BrokerImage(
                    broker_id, epoch, incarnation, host, port, rack, fenced, more_endpoints=more
                )
                self.brokers = dict(sorted(self.brokers.items()))
            case BrokerRegistrationChangeRecord(broker_id, _, fenced, shutting_down):
                old = self.brokers[broker_id]
                self.brokers[broker_id] = replace(
                    old,
                    fenced=old.fenced if fenced is None else fenced,
                    in_controlled_shutdown=old.in_controlled_shutdown if shutting_down is None else shutting_down,
                )
            case UnregisterBrokerRecord(broker_id, _):
                del self.brokers[broker_id]
            case TopicRecord(name, topic_id):
                self.topics[name] = TopicImage(name, topic_id)
                self.topic_names[topic_id] = name
            case RemoveTopicRecord(topic_id):
                name = self.topic_names.pop(topic_id)
                del self.topics[name]
                self.configs.pop((TOPIC, name), None)
            case PartitionRecord():
                self.topics[self.topic_names[record.topic_id]].partitions[record.partition] = record
            case PartitionChangeRecord():
                partitions = self.topics[self.topic_names[record.topic_id]].partitions
                partitions[record.partition] = changed(partitions[record.partition], record)
            case ProducerIdsRecord(_, _, next_producer_id):
                self.next_producer_id = next_producer_id
            case FeatureLevelRecord(name, level):
                self.features[name] = level
            case ClearElrRecord(topic_name):
                for topic, partition in self.with_elr(topic_name):
                    change = PartitionChangeRecord(
                        topic.topic_id, partition.partition, eligible_leader_replicas=(), last_known_elr=()
                    )
                    topic.partitions[partition.partition] = changed(partition, change)
            case _:
                self._replay_settings(record)

    def _replay_settings(self, record: MetadataRecord) -> None:
        """What people have set: configs, quotas, who may do what and with which password."""
        match record:
            case ConfigRecord(resource_type, resource_name, name, value):
                settings = self.configs.setdefault((resource_type, resource_name), {})
                if value is None:
                    settings.pop(name, None)
                else:
                    settings[name] = value
            case ClientQuotaRecord(entity, key, quota, remove):
                quotas = self.client_quotas.setdefault(entity, {})
                quotas.pop(key, None)
                if not remove:
                    quotas[key] = quota
                elif not quotas:
                    del self.client_quotas[entity]
            case AccessControlEntryRecord(acl_id):
                self.acls[acl_id] = record
            case RemoveAccessControlEntryRecord(acl_id):
                del self.acls[acl_id]
            case UserScramCredentialRecord(user, mechanism):
                self.scram[user, mechanism] = record
            case RemoveUserScramCredentialRecord(user, mechanism):
                del self.scram[user, mechanism]


def changed(old: PartitionImage, change: PartitionChangeRecord) -> PartitionImage:
    """The partition after one change (org.apache.kafka.metadata.PartitionRegistration.merge)."""

    def new(name: str) -> object:
        value = getattr(change, name)
        return getattr(old, name) if value is None else value

    return PartitionRecord(
        topic_id=old.topic_id,
        partition=old.partition,
        replicas=new("replicas"),  # type: ignore[arg-type]
        isr=new("isr"),  # type: ignore[arg-type]
        leader=new("leader"),  # type: ignore[arg-type]
        leader_epoch=old.leader_epoch + (change.leader is not None),
        partition_epoch=old.partition_epoch + 1,
        adding_replicas=new("adding_replicas"),  # type: ignore[arg-type]
        removing_replicas=new("removing_replicas"),  # type: ignore[arg-type]
        eligible_leader_replicas=new("eligible_leader_replicas"),  # type: ignore[arg-type]
        last_known_elr=new("last_known_elr"),  # type: ignore[arg-type]
        leader_recovery_state=new("leader_recovery_state"),  # type: ignore[arg-type]
    )
