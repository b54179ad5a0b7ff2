"""What members subscribe, seen in the metadata: topics that exist, what a regular expression stands for.

Regular expressions are RE2's, as in Kafka 4: they take linear time whatever a client thinks of, and
match a whole name. A hash over the subscribed topics tells when their partitions or racks changed;
Kafka's is XXH3, ours BLAKE2, which no client ever sees (KIP-1101).
"""

from collections.abc import Iterable
from hashlib import blake2b
from uuid import UUID

from kafkalab.engine import patterns
from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.modern.group import ConsumerGroup
from kafkalab.engine.coordinators.modern.records import ResolvedRegex
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode


def check_regex(regex: str) -> None:
    """Refused if it is none."""
    try:
        patterns.check(regex)
    except patterns.BadPattern as why:
        raise Refused(
            ErrorCode.invalid_regular_expression,
            f"SubscribedTopicRegex `{regex}` is not a valid regular expression: {why}.",
        ) from why


def resolve(regex: str, image: MetadataImage, now_ms: int) -> ResolvedRegex:
    topics = tuple(sorted(name for name in image.topics if patterns.matches(regex, name)))
    return ResolvedRegex(topics, image.offset, now_ms)


def topic_ids(topics: Iterable[str], image: MetadataImage) -> tuple[UUID, ...]:
    """Of those that exist."""
    return tuple(image.topics[topic].topic_id for topic in topics if topic in image.topics)


def partition_counts(group: ConsumerGroup, image: MetadataImage) -> dict[UUID, int]:
    return {
        image.topics[topic].topic_id: len(image.topics[topic].partitions)
        for topic in group.subscribed_topics
        if topic in image.topics
    }


def metadata_hash(topics: Iterable[str], image: MetadataImage) -> int:
    """0 if none of them exists. Changes with a topic's id, its partitions, and the racks of their replicas."""
    hasher = blake2b(digest_size=8)
    found = False
    for name in sorted(topics):
        topic = image.topics.get(name)
        if topic is None:
            continue
        found = True
        hasher.update(topic.topic_id.bytes + len(topic.partitions).to_bytes(4, "big"))
        for number, partition in sorted(topic.partitions.items()):
            racks = sorted(
                broker.rack or "" for broker in map(image.brokers.get, partition.replicas) if broker is not None
            )
            hasher.update(number.to_bytes(4, "big") + "\0".join(racks).encode())
    return int.from_bytes(hasher.digest(), "big", signed=True) if found else 0
