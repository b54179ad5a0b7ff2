"""The one form of each message that the engine speaks.

For most APIs the dialect is kio's newest version of the message. For the four whose newest
versions know topics only by id while older ones know them only by name, the dialect is below: it
carries both, and whoever handles the message resolves what is missing, as Kafka's brokers do.
Arrays are tuples; times are integer milliseconds.
"""

from datetime import timedelta
from uuid import UUID

from kio.static.primitive import i32Timedelta

from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.frozen import dataclass

NO_TOPIC_ID: UUID | None = None
"""kio reads Kafka's zero UUID as None."""
NOT_THROTTLED = i32Timedelta.parse(timedelta(0))
"""The `throttle_time` of kio's responses."""


# -- Produce (0), KIP-98, KIP-467, KIP-951, KIP-516 -------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProducePartition:
    partition: int
    records: bytes | None


@dataclass(frozen=True, slots=True)
class ProduceTopic:
    name: str
    """"" when the client spoke by id (v13)."""
    topic_id: UUID | None
    partitions: tuple[ProducePartition, ...]


@dataclass(frozen=True, slots=True)
class ProduceRequest:
    acks: int
    timeout_ms: int
    topics: tuple[ProduceTopic, ...]
    transactional_id: str | None = None


@dataclass(frozen=True, slots=True)
class RecordError:
    batch_index: int
    message: str | None


@dataclass(frozen=True, slots=True)
class LeaderHint:
    """Who leads now, told with NOT_LEADER_OR_FOLLOWER (KIP-951)."""

    leader_id: int = -1
    leader_epoch: int = -1


@dataclass(frozen=True, slots=True)
class NodeEndpoint:
    node_id: int
    host: str
    port: int
    rack: str | None = None


@dataclass(frozen=True, slots=True)
class ProducePartitionResult:
    partition: int
    error_code: ErrorCode = ErrorCode.none
    base_offset: int = -1
    log_append_time_ms: int = -1
    log_start_offset: int = -1
    record_errors: tuple[RecordError, ...] = ()
    error_message: str | None = None
    current_leader: LeaderHint = LeaderHint()


@dataclass(frozen=True, slots=True)
class ProduceTopicResult:
    name: str
    topic_id: UUID | None
    partitions: tuple[ProducePartitionResult, ...]


@dataclass(frozen=True, slots=True)
class ProduceResponse:
    topics: tuple[ProduceTopicResult, ...]
    throttle_time_ms: int = 0
    node_endpoints: tuple[NodeEndpoint, ...] = ()


# -- Fetch (1), KIP-74, KIP-227, KIP-320, KIP-392, KIP-516, KIP-595, KIP-951 ------------------------


@dataclass(frozen=True, slots=True)
class FetchPartition:
    partition: int
    fetch_offset: int
    partition_max_bytes: int
    current_leader_epoch: int = -1
    last_fetched_epoch: int = -1
    log_start_offset: int = -1
    """The follower's own; -1 from consumers."""
    high_watermark: int = -1
    """v18: the follower's own high watermark (KIP-1166); -1 when not told."""


@dataclass(frozen=True, slots=True)
class FetchTopic:
    name: str
    topic_id: UUID | None
    partitions: tuple[FetchPartition, ...]


@dataclass(frozen=True, slots=True)
class ForgottenTopic:
    name: str
    topic_id: UUID | None
    partitions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FetchRequest:
    topics: tuple[FetchTopic, ...]
    max_wait_ms: int
    min_bytes: int
    max_bytes: int = 0x7FFFFFFF
    isolation_level: int = 0
    session_id: int = 0
    session_epoch: int = -1
    forgotten_topics: tuple[ForgottenTopic, ...] = ()
    rack_id: str = ""
    replica_id: int = -1
    """The fetching broker; -1 for a consumer."""
    replica_epoch: int = -1
    """Its broker epoch (KIP-903)."""
    cluster_id: str | None = None


@dataclass(frozen=True, slots=True)
class EpochEndOffset:
    epoch: int = -1
    end_offset: int = -1


@dataclass(frozen=True, slots=True)
class AbortedTransaction:
    producer_id: int
    first_offset: int


@dataclass(frozen=True, slots=True)
class FetchPartitionResult:
    partition: int
    error_code: ErrorCode = ErrorCode.none
    high_watermark: int = -1
    last_stable_offset: int = -1
    log_start_offset: int = -1
    diverging_epoch: EpochEndOffset = EpochEndOffset()
    current_leader: LeaderHint = LeaderHint()
    snapshot_id: EpochEndOffset = EpochEndOffset()
    aborted_transactions: tuple[AbortedTransaction, ...] | None = None
    preferred_read_replica: int = -1
    records: bytes = b""
    """Whole batches; never null, which librdkafka refuses."""


@dataclass(frozen=True, slots=True)
class FetchTopicResult:
    name: str
    topic_id: UUID | None
    partitions: tuple[FetchPartitionResult, ...]


@dataclass(frozen=True, slots=True)
class FetchResponse:
    topics: tuple[FetchTopicResult, ...]
    error_code: ErrorCode = ErrorCode.none
    session_id: int = 0
    throttle_time_ms: int = 0
    node_endpoints: tuple[NodeEndpoint, ...] = ()


# -- OffsetCommit (8), KIP-320, KIP-345, KIP-848 -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class OffsetCommitPartition:
    partition: int
    offset: int
    leader_epoch: int = -1
    metadata: str | None = ""


@dataclass(frozen=True, slots=True)
class OffsetCommitTopic:
    name: str
    topic_id: UUID | None
    partitions: tuple[OffsetCommitPartition, ...]


@dataclass(frozen=True, slots=True)
class OffsetCommitRequest:
    group_id: str
    generation_id_or_member_epoch: int
    member_id: str
    topics: tuple[OffsetCommitTopic, ...]
    group_instance_id: str | None = None
    retention_time_ms: int = -1
    """v2-4 only; -1 means the broker's own."""


@dataclass(frozen=True, slots=True)
class OffsetCommitPartitionResult:
    partition: int
    error_code: ErrorCode = ErrorCode.none


@dataclass(frozen=True, slots=True)
class OffsetCommitTopicResult:
    name: str
    topic_id: UUID | None
    partitions: tuple[OffsetCommitPartitionResult, ...]


@dataclass(frozen=True, slots=True)
class OffsetCommitResponse:
    topics: tuple[OffsetCommitTopicResult, ...]
    throttle_time_ms: int = 0


# -- OffsetFetch (9), KIP-447, KIP-709, KIP-848 ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OffsetFetchTopic:
    name: str
    topic_id: UUID | None
    partitions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OffsetFetchGroup:
    group_id: str
    topics: tuple[OffsetFetchTopic, ...] | None
    """None asks for every partition the group has committed."""
    member_id: str | None = None
    member_epoch: int = -1


@dataclass(frozen=True, slots=True)
class OffsetFetchRequest:
    groups: tuple[OffsetFetchGroup, ...]
    require_stable: bool = False


@dataclass(frozen=True, slots=True)
class OffsetFetchPartitionResult:
    partition: int
    offset: int = -1
    leader_epoch: int = -1
    metadata: str | None = ""
    error_code: ErrorCode = ErrorCode.none


@dataclass(frozen=True, slots=True)
class OffsetFetchTopicResult:
    name: str
    topic_id: UUID | None
    partitions: tuple[OffsetFetchPartitionResult, ...]


@dataclass(frozen=True, slots=True)
class OffsetFetchGroupResult:
    group_id: str
    topics: tuple[OffsetFetchTopicResult, ...]
    error_code: ErrorCode = ErrorCode.none


@dataclass(frozen=True, slots=True)
class OffsetFetchResponse:
    groups: tuple[OffsetFetchGroupResult, ...]
    throttle_time_ms: int = 0
