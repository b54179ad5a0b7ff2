"""The requests of share consumers, filled in."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from kio.schema.share_acknowledge.v2 import request as acknowledging
from kio.schema.share_fetch.v2 import request as fetching
from kio.schema.share_group_heartbeat.v1.request import ShareGroupHeartbeatRequest
from kio.schema.types import GroupId, TopicName
from kio.static.primitive import i8, i32, i64

from kafkalab.engine.clients.requests import duration

Place = tuple[UUID, int]
"""A topic's id and a partition's number."""
Said = tuple[int, int]
"""An offset, and what is said of it (org.apache.kafka.clients.consumer.AcknowledgeType)."""
Batch = tuple[int, int, tuple[int, ...]]
"""First and last offset, and what is said: once for all of them, or of each."""


def share_group_heartbeat(
    group: str, member_id: str, epoch: int, rack: str | None, topics: tuple[str, ...] | None
) -> ShareGroupHeartbeatRequest:
    """`topics`: None when they have not changed."""
    return ShareGroupHeartbeatRequest(
        group_id=GroupId(group),
        member_id=member_id,
        member_epoch=i32(epoch),
        rack_id=rack,
        subscribed_topic_names=None if topics is None else tuple(map(TopicName, topics)),
    )


def share_fetch(
    group: str,
    member_id: str,
    session_epoch: int,
    partitions: Mapping[Place, list[Said]],
    forgotten: Iterable[Place],
    *,
    max_wait_ms: int,
    max_records: int,
) -> fetching.ShareFetchRequest:
    """`partitions`: those to be added to the session, and those of which something is said."""
    topics: dict[UUID, list[fetching.FetchPartition]] = {}
    for (topic_id, number), said in partitions.items():
        topics.setdefault(topic_id, []).append(
            fetching.FetchPartition(
                partition_index=i32(number),
                acknowledgement_batches=tuple(
                    fetching.AcknowledgementBatch(
                        first_offset=i64(first), last_offset=i64(last), acknowledge_types=tuple(map(i8, types))
                    )
                    for first, last, types in runs(said)
                ),
            )
        )
    return fetching.ShareFetchRequest(
        group_id=GroupId(group),
        member_id=member_id,
        share_session_epoch=i32(session_epoch),
        max_wait=duration(max_wait_ms),
        min_bytes=i32(1),
        max_bytes=i32(52_428_800),
        max_records=i32(max_records),
        batch_size=i32(max_records),
        topics=tuple(
            fetching.FetchTopic(topic_id=topic_id, partitions=tuple(each)) for topic_id, each in topics.items()
        ),
        forgotten_topics_data=tuple(
            fetching.ForgottenTopic(topic_id=topic_id, partitions=(i32(number),)) for topic_id, number in forgotten
        ),
    )


def share_acknowledge(
    group: str, member_id: str, session_epoch: int, partitions: Mapping[Place, list[Said]]
) -> acknowledging.ShareAcknowledgeRequest:
    topics: dict[UUID, list[acknowledging.AcknowledgePartition]] = {}
    for (topic_id, number), said in partitions.items():
        topics.setdefault(topic_id, []).append(
            acknowledging.AcknowledgePartition(
                partition_index=i32(number),
                acknowledgement_batches=tuple(
                    acknowledging.AcknowledgementBatch(
                        first_offset=i64(first), last_offset=i64(last), acknowledge_types=tuple(map(i8, types))
                    )
                    for first, last, types in runs(said)
                ),
            )
        )
    return acknowledging.ShareAcknowledgeRequest(
        group_id=GroupId(group),
        member_id=member_id,
        share_session_epoch=i32(session_epoch),
        topics=tuple(
            acknowledging.AcknowledgeTopic(topic_id=topic_id, partitions=tuple(each))
            for topic_id, each in topics.items()
        ),
    )


def runs(said: list[Said]) -> list[Batch]:
    """Offsets one after the other in one batch; where all are said the same of, that is said once."""
    found: list[list[Said]] = []
    for offset, kind in sorted(said):
        if found and found[-1][-1][0] + 1 == offset:
            found[-1].append((offset, kind))
        else:
            found.append([(offset, kind)])
    batches: list[Batch] = []
    for run in found:
        types = tuple(kind for _, kind in run)
        batches.append((run[0][0], run[-1][0], types[:1] if len(dict.fromkeys(types)) == 1 else types))
    return batches
