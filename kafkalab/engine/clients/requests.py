"""The requests that clients send, filled in: one function each, in kio's newest version."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from kio.schema.consumer_group_heartbeat.v1.request import ConsumerGroupHeartbeatRequest, TopicPartitions
from kio.schema.end_txn.v5.request import EndTxnRequest
from kio.schema.find_coordinator.v6.request import FindCoordinatorRequest
from kio.schema.heartbeat.v4.request import HeartbeatRequest
from kio.schema.init_producer_id.v5.request import InitProducerIdRequest
from kio.schema.join_group.v9.request import JoinGroupRequest, JoinGroupRequestProtocol
from kio.schema.leave_group.v5.request import LeaveGroupRequest, MemberIdentity
from kio.schema.list_offsets.v11.request import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from kio.schema.metadata.v13.request import MetadataRequest, MetadataRequestTopic
from kio.schema.offset_for_leader_epoch.v4.request import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from kio.schema.sync_group.v5.request import SyncGroupRequest, SyncGroupRequestAssignment
from kio.schema.txn_offset_commit.v5.request import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitRequestTopic,
)
from kio.schema.types import BrokerId, GroupId, ProducerId, TopicName, TransactionalId
from kio.static.primitive import i8, i16, i32, i32Timedelta, i64

from kafkalab.wire.api import ApiKey

Value = TypeVar("Value")

GROUP, TRANSACTION = i8(0), i8(1)
"""FindCoordinator's key types for groups and transactional ids
(org.apache.kafka.common.requests.FindCoordinatorRequest.CoordinatorType)."""

SPOKEN: dict[int, int] = {
    ApiKey.PRODUCE: 13,
    ApiKey.FETCH: 18,
    ApiKey.LIST_OFFSETS: 11,
    ApiKey.METADATA: 13,
    ApiKey.OFFSET_COMMIT: 9,
    ApiKey.OFFSET_FETCH: 9,
    ApiKey.FIND_COORDINATOR: 6,
    ApiKey.JOIN_GROUP: 9,
    ApiKey.HEARTBEAT: 4,
    ApiKey.LEAVE_GROUP: 5,
    ApiKey.SYNC_GROUP: 5,
    ApiKey.DESCRIBE_GROUPS: 6,
    ApiKey.LIST_GROUPS: 5,
    ApiKey.CREATE_TOPICS: 7,
    ApiKey.DELETE_TOPICS: 6,
    ApiKey.DELETE_RECORDS: 2,
    ApiKey.INIT_PRODUCER_ID: 5,
    ApiKey.OFFSET_FOR_LEADER_EPOCH: 4,
    ApiKey.DESCRIBE_ACLS: 3,
    ApiKey.CREATE_ACLS: 3,
    ApiKey.DELETE_ACLS: 3,
    ApiKey.END_TXN: 5,
    ApiKey.WRITE_TXN_MARKERS: 2,
    ApiKey.TXN_OFFSET_COMMIT: 5,
    ApiKey.DESCRIBE_CONFIGS: 4,
    ApiKey.CREATE_PARTITIONS: 3,
    ApiKey.ALTER_CONFIGS: 2,
    ApiKey.DELETE_GROUPS: 2,
    ApiKey.ELECT_LEADERS: 2,
    ApiKey.INCREMENTAL_ALTER_CONFIGS: 1,
    ApiKey.ALTER_PARTITION_REASSIGNMENTS: 1,
    ApiKey.LIST_PARTITION_REASSIGNMENTS: 0,
    ApiKey.DESCRIBE_CLIENT_QUOTAS: 1,
    ApiKey.ALTER_CLIENT_QUOTAS: 1,
    ApiKey.DESCRIBE_QUORUM: 2,
    ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS: 0,
    ApiKey.ALTER_USER_SCRAM_CREDENTIALS: 0,
    ApiKey.DESCRIBE_CLUSTER: 2,
    ApiKey.DESCRIBE_PRODUCERS: 0,
    ApiKey.UNREGISTER_BROKER: 0,
    ApiKey.DESCRIBE_TOPIC_PARTITIONS: 0,
    ApiKey.CONSUMER_GROUP_HEARTBEAT: 1,
    ApiKey.SHARE_GROUP_HEARTBEAT: 1,
    ApiKey.SHARE_FETCH: 2,
    ApiKey.SHARE_ACKNOWLEDGE: 2,
    ApiKey.ALTER_SHARE_GROUP_OFFSETS: 0,
    ApiKey.API_VERSIONS: 4,
    ApiKey.DESCRIBE_LOG_DIRS: 4,
    ApiKey.OFFSET_DELETE: 0,
    ApiKey.LIST_TRANSACTIONS: 2,
    ApiKey.DESCRIBE_TRANSACTIONS: 0,
    ApiKey.CONSUMER_GROUP_DESCRIBE: 1,
    ApiKey.SHARE_GROUP_DESCRIBE: 1,
    ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS: 1,
    ApiKey.DELETE_SHARE_GROUP_OFFSETS: 0,
    ApiKey.LIST_CONFIG_RESOURCES: 1,
    ApiKey.ADD_RAFT_VOTER: 1,
    ApiKey.REMOVE_RAFT_VOTER: 0,
}
"""The versions that the lab's clients speak. OffsetCommit and OffsetFetch 9: the newest that know
topics by name, so that a commit needs no metadata."""


def duration(ms: int) -> i32Timedelta:
    return i32Timedelta.parse(timedelta(milliseconds=ms))


def metadata(topics: tuple[str, ...], make: bool) -> MetadataRequest:
    """No topics: only the brokers. `make`: missing topics, if the brokers allow it (auto.create.topics.enable)."""
    return MetadataRequest(
        topics=tuple(MetadataRequestTopic(topic_id=None, name=TopicName(topic)) for topic in topics),
        allow_auto_topic_creation=make,
        include_topic_authorized_operations=False,
    )


def init_producer_id(
    transactional_id: str | None = None, transaction_timeout_ms: int = 2**31 - 1
) -> InitProducerIdRequest:
    """Without a transactional id it is for idempotence alone."""
    name = TransactionalId(transactional_id) if transactional_id is not None else None
    return InitProducerIdRequest(transactional_id=name, transaction_timeout=duration(transaction_timeout_ms))


def end_txn(transactional_id: str, producer_id: int, producer_epoch: int, committed: bool) -> EndTxnRequest:
    return EndTxnRequest(
        transactional_id=TransactionalId(transactional_id),
        producer_id=ProducerId(producer_id),
        producer_epoch=i16(producer_epoch),
        committed=committed,
    )


def txn_offset_commit(
    transactional_id: str, group: str, producer_id: int, producer_epoch: int, offsets: Mapping[tuple[str, int], int]
) -> TxnOffsetCommitRequest:
    """By somebody who is no member of the group."""
    return TxnOffsetCommitRequest(
        transactional_id=TransactionalId(transactional_id),
        group_id=GroupId(group),
        producer_id=ProducerId(producer_id),
        producer_epoch=i16(producer_epoch),
        topics=tuple(
            TxnOffsetCommitRequestTopic(
                name=TopicName(topic),
                partitions=tuple(
                    TxnOffsetCommitRequestPartition(
                        partition_index=i32(partition), committed_offset=i64(offset), committed_metadata=None
                    )
                    for partition, offset in partitions.items()
                ),
            )
            for topic, partitions in nested(offsets).items()
        ),
    )


def find_coordinator(name: str, key_type: i8 = GROUP) -> FindCoordinatorRequest:
    return FindCoordinatorRequest(key_type=key_type, coordinator_keys=(name,))


def join_group(
    group: str,
    member_id: str,
    instance_id: str | None,
    assignor: str,
    metadata: bytes,
    *,
    protocol_type: str,
    session_timeout_ms: int,
    rebalance_timeout_ms: int,
    reason: str,
) -> JoinGroupRequest:
    return JoinGroupRequest(
        group_id=GroupId(group),
        session_timeout=duration(session_timeout_ms),
        rebalance_timeout=duration(rebalance_timeout_ms),
        member_id=member_id,
        group_instance_id=instance_id,
        protocol_type=protocol_type,
        protocols=(JoinGroupRequestProtocol(name=assignor, metadata=metadata),),
        reason=reason,
    )


def sync_group(
    group: str,
    generation: int,
    member_id: str,
    instance_id: str | None,
    *,
    protocol_type: str,
    assignor: str,
    assignments: Mapping[str, bytes],
) -> SyncGroupRequest:
    return SyncGroupRequest(
        group_id=GroupId(group),
        generation_id=i32(generation),
        member_id=member_id,
        group_instance_id=instance_id,
        protocol_type=protocol_type,
        protocol_name=assignor,
        assignments=tuple(
            SyncGroupRequestAssignment(member_id=member, assignment=assignment)
            for member, assignment in assignments.items()
        ),
    )


def heartbeat(group: str, generation: int, member_id: str, instance_id: str | None) -> HeartbeatRequest:
    return HeartbeatRequest(
        group_id=GroupId(group), generation_id=i32(generation), member_id=member_id, group_instance_id=instance_id
    )


def leave_group(group: str, member_id: str, instance_id: str | None, reason: str) -> LeaveGroupRequest:
    member = MemberIdentity(member_id=member_id, group_instance_id=instance_id, reason=reason)
    return LeaveGroupRequest(group_id=GroupId(group), members=(member,))


def consumer_group_heartbeat(
    group: str,
    member_id: str,
    member_epoch: int,
    instance_id: str | None,
    *,
    rack_id: str | None,
    rebalance_timeout_ms: int,
    topics: tuple[str, ...] | None,
    assignor: str | None,
    owned: Iterable[tuple[UUID, int]] | None,
) -> ConsumerGroupHeartbeatRequest:
    """None, and a timeout of -1: it has not changed since the last heartbeat."""
    partitions = None
    if owned is not None:
        by_topic: dict[UUID, list[i32]] = {}
        for topic_id, number in owned:
            by_topic.setdefault(topic_id, []).append(i32(number))
        partitions = tuple(TopicPartitions(topic_id=it, partitions=tuple(numbers)) for it, numbers in by_topic.items())
    return ConsumerGroupHeartbeatRequest(
        group_id=GroupId(group),
        member_id=member_id,
        member_epoch=i32(member_epoch),
        instance_id=instance_id,
        rack_id=rack_id,
        rebalance_timeout=duration(rebalance_timeout_ms),
        subscribed_topic_names=None if topics is None else tuple(map(TopicName, topics)),
        server_assignor=assignor,
        topic_partitions=partitions,
    )


def list_offsets(asked: Mapping[tuple[str, int], tuple[int, int]], isolation_level: int) -> ListOffsetsRequest:
    """`asked`: for each partition the leader epoch that the client knows, and the timestamp; -1 latest, -2 earliest."""
    return ListOffsetsRequest(
        replica_id=BrokerId(-1),
        isolation_level=i8(isolation_level),
        topics=tuple(
            ListOffsetsTopic(
                name=TopicName(topic),
                partitions=tuple(
                    ListOffsetsPartition(
                        partition_index=i32(partition), current_leader_epoch=i32(epoch), timestamp=i64(timestamp)
                    )
                    for partition, (epoch, timestamp) in partitions.items()
                ),
            )
            for topic, partitions in nested(asked).items()
        ),
        timeout=duration(30_000),
    )


def offset_for_leader_epoch(asked: Mapping[tuple[str, int], tuple[int, int]]) -> OffsetForLeaderEpochRequest:
    """`asked`: for each partition the leader epoch that the client knows and the epoch it asks about."""
    return OffsetForLeaderEpochRequest(
        replica_id=BrokerId(-1),
        topics=tuple(
            OffsetForLeaderTopic(
                topic=TopicName(topic),
                partitions=tuple(
                    OffsetForLeaderPartition(
                        partition=i32(partition), current_leader_epoch=i32(current), leader_epoch=i32(epoch)
                    )
                    for partition, (current, epoch) in partitions.items()
                ),
            )
            for topic, partitions in nested(asked).items()
        ),
    )


def nested(flat: Mapping[tuple[str, int], Value]) -> dict[str, dict[int, Value]]:
    """By topic, then by partition, as Kafka's messages have it."""
    topics: dict[str, dict[int, Value]] = {}
    for (topic, partition), value in flat.items():
        topics.setdefault(topic, {})[partition] = value
    return topics
