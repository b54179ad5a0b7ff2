"""What a learner sees of the controller's decisions: each record it wrote, as a fact."""

from collections.abc import Iterator

from kafkalab.engine.controller.metadata import (
    BROKER,
    CLIENT_METRICS,
    GROUP,
    NO_LEADER,
    TOPIC,
    BrokerRegistrationChangeRecord,
    ClientQuotaRecord,
    ConfigRecord,
    MetadataImage,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionImage,
    PartitionRecord,
    RegisterBrokerRecord,
    RemoveTopicRecord,
    TopicRecord,
    changed,
)
from kafkalab.engine.events import (
    AclCreated,
    AclDeleted,
    BrokerFenced,
    BrokerRegistered,
    BrokerUnfenced,
    ConfigChanged,
    ControlledShutdownStarted,
    EligibleLeadersChanged,
    Event,
    IsrExpanded,
    IsrShrunk,
    LeaderElected,
    PartitionsAdded,
    PartitionWentOffline,
    ReassignmentEnded,
    ReassignmentStarted,
    TopicCreated,
    TopicDeleted,
    UserGivenPassword,
    UserLostPassword,
)
from kafkalab.engine.security.acls import AccessControlEntryRecord, RemoveAccessControlEntryRecord
from kafkalab.engine.security.scram import (
    RemoveUserScramCredentialRecord,
    ScramMechanism,
    UserScramCredentialRecord,
)

KINDS = {TOPIC: "Topic", BROKER: "Broker", CLIENT_METRICS: "Subscription to metrics", GROUP: "Group"}
"""What a resource with settings is called."""


def facts(image: MetadataImage, records: tuple[MetadataRecord, ...], reason: str) -> Iterator[Event]:
    """The facts of one decision; `image` is as it was before."""
    new_topics = {record.topic_id: record.name for record in records if isinstance(record, TopicRecord)}
    for record in records:
        match record:
            case RegisterBrokerRecord(broker_id, broker_epoch):
                yield BrokerRegistered(broker_id, broker_epoch)
            case BrokerRegistrationChangeRecord(broker_id, _, fenced, shutting_down):
                if shutting_down:
                    yield ControlledShutdownStarted(broker_id)
                if fenced is not None:
                    yield BrokerFenced(broker_id, reason) if fenced else BrokerUnfenced(broker_id)
            case PartitionChangeRecord():
                yield from _partition_facts(image, record, reason)
            case RemoveTopicRecord(topic_id):
                yield TopicDeleted(image.topic_names[topic_id])
            case ConfigRecord(resource_type, name, setting, value) if name not in new_topics.values():
                kind = KINDS[resource_type]
                yield ConfigChanged(f"{kind} {name}" if name else "Every broker", setting, value)
            case ClientQuotaRecord(entity, key, quota, remove):
                of = " of ".join(f"{each} {name}" if name is not None else f"every {each}" for each, name in entity)
                yield ConfigChanged(of[0].upper() + of[1:], key, None if remove else f"{quota:g}")
            case AccessControlEntryRecord():
                yield AclCreated(record.sentence())
            case RemoveAccessControlEntryRecord(acl_id):
                yield AclDeleted(image.acls[acl_id].sentence())
            case UserScramCredentialRecord(user, mechanism):
                yield UserGivenPassword(user, ScramMechanism(mechanism).sasl_name)
            case RemoveUserScramCredentialRecord(user, mechanism):
                yield UserLostPassword(user, ScramMechanism(mechanism).sasl_name)
            case _:
                pass
    yield from _new_partition_facts(image, records)


def _reassignment_facts(topic: str, before: PartitionImage, after: PartitionImage) -> Iterator[Event]:
    was_moving = bool(before.adding_replicas or before.removing_replicas)
    is_moving = bool(after.adding_replicas or after.removing_replicas)
    if is_moving and (after.replicas, after.removing_replicas) != (before.replicas, before.removing_replicas):
        yield ReassignmentStarted(topic, before.partition, after.adding_replicas, after.removing_replicas)
    elif was_moving and not is_moving:
        yield ReassignmentEnded(topic, before.partition, after.replicas)


def _partition_facts(image: MetadataImage, record: PartitionChangeRecord, reason: str) -> Iterator[Event]:
    topic = image.topic_names[record.topic_id]
    before = image.topics[topic].partitions[record.partition]
    after = changed(before, record)
    if set(after.isr) < set(before.isr):
        yield IsrShrunk(topic, record.partition, before.isr, after.isr)
    elif set(after.isr) != set(before.isr):
        yield IsrExpanded(topic, record.partition, before.isr, after.isr)
    if after.eligible_leader_replicas != before.eligible_leader_replicas:
        yield EligibleLeadersChanged(topic, record.partition, after.eligible_leader_replicas)
    yield from _reassignment_facts(topic, before, after)
    if after.leader == before.leader:
        return
    if after.leader == NO_LEADER:
        yield PartitionWentOffline(topic, record.partition, after.leader_epoch)
        return
    if after.leader_recovery_state > before.leader_recovery_state:
        reason = f"an unclean election, as no replica that has everything is left; {reason}"
    yield LeaderElected(topic, record.partition, after.leader, before.leader, after.leader_epoch, reason)


def _new_partition_facts(image: MetadataImage, records: tuple[MetadataRecord, ...]) -> Iterator[Event]:
    added = [record for record in records if isinstance(record, PartitionRecord)]
    topics = {record.topic_id: record.name for record in records if isinstance(record, TopicRecord)}
    for topic_id in dict.fromkeys(record.topic_id for record in added):
        partitions = [record for record in added if record.topic_id == topic_id]
        if topic_id in topics:
            yield TopicCreated(topics[topic_id], len(partitions), len(partitions[0].replicas))
        else:
            topic = image.topics[image.topic_names[topic_id]]
            before = len(topic.partitions)
            yield PartitionsAdded(topic.name, before, before + len(partitions))
