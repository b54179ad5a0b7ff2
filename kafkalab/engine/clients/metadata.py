"""What a client believes of the cluster: brokers, topics, and who leads which partition.

It is always a little old. A client asks anew when a broker tells it that it is wrong, when a
connection breaks, and every five minutes; it never believes a leader of an older epoch than one
it has seen of the same topic (org.apache.kafka.clients.Metadata, KIP-320, KIP-951).
"""

from dataclasses import dataclass, field, replace
from random import Random
from uuid import UUID

from kio.schema.metadata.v13.response import MetadataResponse, MetadataResponseTopic

from kafkalab.wire.dialect import LeaderHint
from kafkalab.wire.errors import ErrorCode

MAX_AGE_US = 300_000_000
"""metadata.max.age.ms."""
RETRY_BACKOFF_US = 100_000
RETRY_BACKOFF_MAX_US = 1_000_000
"""retry.backoff.ms and retry.backoff.max.ms, of every client."""
NO_LEADER = -1

STALE = frozenset(
    {
        ErrorCode.unknown_topic_or_partition,
        ErrorCode.leader_not_available,
        ErrorCode.not_leader_or_follower,
        ErrorCode.network_exception,
        ErrorCode.kafka_storage_error,
        ErrorCode.listener_not_found,
        ErrorCode.fenced_leader_epoch,
        ErrorCode.unknown_leader_epoch,
        ErrorCode.unknown_topic_id,
        ErrorCode.inconsistent_topic_id,
        ErrorCode.replica_not_available,
        ErrorCode.offset_not_available,
    }
)
"""Errors that mean: ask for metadata (org.apache.kafka.common.errors.InvalidMetadataException and kin)."""


def backoff_us(
    failures: int, random: Random, base_us: int = RETRY_BACKOFF_US, most_us: int = RETRY_BACKOFF_MAX_US
) -> int:
    """How long to wait after so many failures (1 or more) in a row: doubled each time, give or take
    a fifth (org.apache.kafka.common.utils.ExponentialBackoff, KIP-580)."""
    delay_us = min(base_us << min(failures - 1, 20), most_us)
    return min(int(delay_us * random.uniform(0.8, 1.2)), most_us)


@dataclass(frozen=True, slots=True)
class KnownPartition:
    leader: int
    leader_epoch: int


@dataclass(frozen=True, slots=True)
class KnownTopic:
    topic_id: UUID | None
    partitions: dict[int, KnownPartition]


@dataclass
class ClientMetadata:
    brokers: tuple[int, ...] = ()
    addresses: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Host and port of each of them, as it is said to have."""
    controller_id: int = -1
    cluster_id: str | None = None
    topics: dict[str, KnownTopic] = field(default_factory=dict)
    errors: dict[str, ErrorCode] = field(default_factory=dict)
    """Wanted topics that the last answer knew nothing of, and why."""
    wanted: dict[str, None] = field(default_factory=dict)
    unheard_of: dict[str, KnownTopic] = field(default_factory=dict)
    """Wanted topics that a broker denied. One that has just started may not know them yet, and what it
    says next may be older than the leader epochs seen before."""
    needed: bool = True
    updates: int = 0
    """How often an answer has been taken in."""
    changes: int = 0
    """How often anything may have become different."""
    _asked_us: int | None = None
    _updated_us: int = 0
    _failures: int = 0
    _backoff_us: int = 0

    # -- questions ---------------------------------------------------------------------------

    def partition(self, topic: str, partition: int) -> KnownPartition | None:
        known = self.topics.get(topic)
        return known.partitions.get(partition) if known else None

    def leader(self, topic: str, partition: int) -> KnownPartition | None:
        """None also when the partition is known to have no leader now."""
        among = self.topics.get(topic)
        known = among.partitions.get(partition) if among is not None else None
        return known if known is not None and known.leader != NO_LEADER else None

    def count(self, topic: str) -> int:
        known = self.topics.get(topic)
        return len(known.partitions) if known else 0

    def name(self, topic_id: UUID | None) -> str | None:
        for name, topic in self.topics.items():
            # Identity first: UUIDs are compared in Python.
            if topic.topic_id is topic_id or topic.topic_id == topic_id:
                return name
        return None

    def due_us(self) -> int:
        """When the next request for metadata shall go out."""
        if self._asked_us is None:
            return 0
        return self._asked_us + self._backoff_us if self.needed else self._updated_us + MAX_AGE_US

    # -- changes -----------------------------------------------------------------------------

    def want(self, topic: str) -> None:
        if topic not in self.wanted:
            self.wanted[topic] = None
            self.needed = True
            self._asked_us = None

    def forget(self, topic: str) -> None:
        self.changes += 1
        self.wanted.pop(topic, None)
        self.topics.pop(topic, None)
        self.unheard_of.pop(topic, None)
        self.errors.pop(topic, None)

    def request_update(self) -> None:
        if not self.needed:
            self.needed = True
            self._backoff_us = RETRY_BACKOFF_US

    def asking(self, now_us: int) -> None:
        self._asked_us = now_us

    def failed(self, random: Random) -> None:
        self.needed = True
        self._failures += 1
        self._backoff_us = backoff_us(self._failures, random)

    def update(self, answer: MetadataResponse, now_us: int, random: Random) -> None:
        self.brokers = tuple(broker.node_id for broker in answer.brokers)
        self.addresses = {broker.node_id: (broker.host, broker.port) for broker in answer.brokers}
        self.controller_id = answer.controller_id
        self.cluster_id = answer.cluster_id
        self.updates += 1
        self.changes += 1
        self._updated_us = now_us
        again = False
        for topic in answer.topics:
            if topic.name is not None and topic.name in self.wanted:
                again |= self._take(topic.name, topic)
        if again or any(topic not in self.topics and topic not in self.errors for topic in self.wanted):
            self.failed(random)
        else:
            self.needed = False
            self._failures = 0

    def follow(self, topic: str, partition: int, hint: LeaderHint) -> bool:
        """Believe a broker that says who leads now. True if that was news."""
        known = self.partition(topic, partition)
        if known is None or hint.leader_id == NO_LEADER or hint.leader_epoch <= known.leader_epoch:
            return False
        self.topics[topic].partitions[partition] = KnownPartition(hint.leader_id, hint.leader_epoch)
        self.changes += 1
        return True

    def _take(self, name: str, topic: MetadataResponseTopic) -> bool:
        """Believe the answer about one topic. True if it has to be asked for again."""
        if topic.error_code != ErrorCode.none:
            self.errors[name] = topic.error_code
            denied = topic.error_code in (ErrorCode.unknown_topic_or_partition, ErrorCode.invalid_topic_exception)
            if denied and name in self.topics:
                self.unheard_of[name] = self.topics.pop(name)
            return topic.error_code.retriable
        self.errors.pop(name, None)
        old = self.topics.get(name) or self.unheard_of.pop(name, None)
        same = old is not None and old.topic_id == topic.topic_id
        partitions: dict[int, KnownPartition] = {}
        leaderless = False
        for told in sorted(topic.partitions, key=lambda told: told.partition_index):
            news = KnownPartition(told.leader_id, told.leader_epoch)
            before = old.partitions.get(told.partition_index) if old and same else None
            if before and before.leader_epoch > news.leader_epoch:
                news = before
            elif told.error_code == ErrorCode.leader_not_available:
                news = replace(news, leader=NO_LEADER)
            partitions[told.partition_index] = news
            leaderless |= news.leader == NO_LEADER
        self.topics[name] = KnownTopic(topic.topic_id, partitions)
        return leaderless
