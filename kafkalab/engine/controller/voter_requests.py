"""What an administrator asks of the quorum: who votes, who leads, and how far each copy has come (KIP-595, KIP-836)."""

from typing import Any
from uuid import UUID

from kio.schema.describe_quorum.v2 import response as describe_response
from kio.schema.types import BrokerId
from kio.static.primitive import i32, i64

from kafkalab.engine.controller.metadata import METADATA_TOPIC
from kafkalab.engine.controller.quorum import Quorum
from kafkalab.engine.controller.quorum_state import Leader, Progress
from kafkalab.engine.controller.voters import Voter
from kafkalab.wire.errors import ErrorCode

NO_DIRECTORY = UUID(int=0)
OBSERVER_SESSION_US = 300_000_000
"""An observer that has not fetched for so long is no longer listed (LeaderState.OBSERVER_SESSION_TIMEOUT_MS)."""


def describe(quorum: Quorum, body: Any, now_us: int) -> describe_response.DescribeQuorumResponse:
    """DescribeQuorum (55), of the active controller."""
    leader = quorum.leader
    assert leader is not None
    topics = tuple(
        describe_response.TopicData(
            topic_name=topic.topic_name,
            partitions=tuple(
                _described(quorum, leader, now_us)
                if (topic.topic_name, each.partition_index) == (METADATA_TOPIC, 0)
                else _unknown(each.partition_index)
                for each in topic.partitions
            ),
        )
        for topic in body.topics
    )
    nodes = tuple(describe_response.Node(node_id=BrokerId(voter.id), listeners=()) for voter in quorum.voters.voters)
    return describe_response.DescribeQuorumResponse(
        error_code=ErrorCode.none, error_message=None, topics=topics, nodes=nodes
    )


def quorum_description_refused(error_code: ErrorCode, message: str | None) -> describe_response.DescribeQuorumResponse:
    return describe_response.DescribeQuorumResponse(error_code=error_code, error_message=message, topics=(), nodes=())


def _unknown(partition: int) -> describe_response.PartitionData:
    return describe_response.PartitionData(
        partition_index=i32(partition),
        error_code=ErrorCode.unknown_topic_or_partition,
        error_message=None,
        leader_id=BrokerId(-1),
        leader_epoch=i32(-1),
        high_watermark=i64(-1),
        current_voters=(),
        observers=(),
    )


def _described(quorum: Quorum, leader: Leader, now_us: int) -> describe_response.PartitionData:
    me = Progress(quorum.replica.end_offset, now_us, now_us)
    known = {**leader.progress, quorum.me.id: me}
    observers = [
        each
        for each, progress in leader.progress.items()
        if each not in quorum.voters and now_us - progress.last_fetch_us < OBSERVER_SESSION_US
    ]
    return describe_response.PartitionData(
        partition_index=i32(0),
        error_code=ErrorCode.none,
        error_message=None,
        leader_id=BrokerId(quorum.me.id),
        leader_epoch=i32(quorum.epoch),
        high_watermark=i64(quorum.replica.high_watermark if leader.high_watermark_known else -1),
        current_voters=tuple(_state(voter, known.get(voter.id, Progress())) for voter in quorum.voters.voters),
        observers=tuple(_state(Voter(each, NO_DIRECTORY), known[each]) for each in sorted(observers)),
    )


def _state(voter: Voter, progress: Progress) -> describe_response.ReplicaState:
    return describe_response.ReplicaState(
        replica_id=BrokerId(voter.id),
        replica_directory_id=voter.directory_id,
        log_end_offset=i64(progress.end_offset),
        last_fetch_timestamp=i64(_ms(progress.last_fetch_us)),
        last_caught_up_timestamp=i64(_ms(progress.last_caught_up_us)),
    )


def _ms(at_us: int) -> int:
    return at_us // 1000 if at_us >= 0 else -1
