"""Who may commit and fetch offsets of a consumer group: a member, in its epoch.

A commit under an older epoch is taken too, for partitions that the member has had since that epoch or
longer: it lost nothing in between (KIP-1251; ConsumerGroup.validateOffsetCommit, validateOffsetFetch).
"""

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.modern.group import ConsumerGroup
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import OffsetCommitRequest, OffsetFetchGroup
from kafkalab.wire.errors import ErrorCode

KNOWS_MEMBER_EPOCHS = 9
"""The first OffsetCommit version that a member speaking KIP-848 may use."""


def check_commit(group: ConsumerGroup, body: OffsetCommitRequest, api_version: int, image: MetadataImage) -> None:
    epoch = body.generation_id_or_member_epoch
    if epoch < 0 and not group.members:
        return
    member = group.member(body.member_id)
    if not member.speaks_classic and api_version < KNOWS_MEMBER_EPOCHS:
        raise Refused(ErrorCode.unsupported_version)
    if epoch == member.has.epoch:
        return
    stale = ErrorCode.illegal_generation if member.speaks_classic else ErrorCode.stale_member_epoch
    if epoch > member.has.epoch:
        raise Refused(stale)
    for topic in body.topics:
        known = image.topics.get(topic.name)
        topic_id = topic.topic_id or (known.topic_id if known else None)
        for it in topic.partitions:
            where = (topic_id, it.partition)
            assigned_in = member.has.assigned.get(where, member.has.revoking.get(where))  # type: ignore[arg-type]
            if assigned_in is None or epoch < assigned_in:
                raise Refused(stale)


def check_fetch(group: ConsumerGroup, asked: OffsetFetchGroup) -> None:
    if not asked.member_id and asked.member_epoch < 0:
        return
    member = group.member(asked.member_id or "")
    if asked.member_epoch != member.has.epoch:
        raise Refused(ErrorCode.illegal_generation if member.speaks_classic else ErrorCode.stale_member_epoch)
