"""What controllers say to each other about elections: bodies of Vote, BeginQuorumEpoch and EndQuorumEpoch.

Each is about one partition, that of `__cluster_metadata`. What a receiver needs of a request is in
`Asked`, of a response in `Told`.
"""

from dataclasses import dataclass
from typing import Any

from kio.schema.begin_quorum_epoch.v1 import request as begin_request
from kio.schema.begin_quorum_epoch.v1 import response as begin_response
from kio.schema.end_quorum_epoch.v1 import request as end_request
from kio.schema.end_quorum_epoch.v1 import response as end_response
from kio.schema.types import BrokerId, TopicName
from kio.schema.vote.v2 import request as vote_request
from kio.schema.vote.v2 import response as vote_response
from kio.static.primitive import i32, i64

from kafkalab.engine.controller.metadata import METADATA_TOPIC
from kafkalab.engine.controller.voters import Voter
from kafkalab.wire.errors import ErrorCode

TOPIC = TopicName(METADATA_TOPIC)
PARTITION = i32(0)


@dataclass(frozen=True, slots=True)
class Told:
    """Of any of the three responses."""

    error_code: ErrorCode
    leader_id: int
    epoch: int
    vote_granted: bool = False


def vote(
    cluster_id: str, voter: Voter, candidate: Voter, epoch: int, last_epoch: int, end_offset: int, *, pre_vote: bool
) -> vote_request.VoteRequest:
    partition = vote_request.PartitionData(
        partition_index=PARTITION,
        replica_epoch=i32(epoch),
        replica_id=BrokerId(candidate.id),
        replica_directory_id=candidate.directory_id,
        voter_directory_id=voter.directory_id,
        last_offset_epoch=i32(max(last_epoch, 0)),
        last_offset=i64(end_offset),
        pre_vote=pre_vote,
    )
    topic = vote_request.TopicData(topic_name=TOPIC, partitions=(partition,))
    return vote_request.VoteRequest(cluster_id=cluster_id, voter_id=BrokerId(voter.id), topics=(topic,))


def voted(error_code: ErrorCode, leader_id: int, epoch: int, granted: bool) -> vote_response.VoteResponse:
    partition = vote_response.PartitionData(
        partition_index=PARTITION,
        error_code=error_code,
        leader_id=BrokerId(leader_id),
        leader_epoch=i32(epoch),
        vote_granted=granted,
    )
    topic = vote_response.TopicData(topic_name=TOPIC, partitions=(partition,))
    return vote_response.VoteResponse(error_code=ErrorCode.none, topics=(topic,))


def begin_epoch(cluster_id: str, voter: Voter, leader_id: int, epoch: int) -> begin_request.BeginQuorumEpochRequest:
    partition = begin_request.PartitionData(
        partition_index=PARTITION,
        voter_directory_id=voter.directory_id,
        leader_id=BrokerId(leader_id),
        leader_epoch=i32(epoch),
    )
    topic = begin_request.TopicData(topic_name=TOPIC, partitions=(partition,))
    return begin_request.BeginQuorumEpochRequest(
        cluster_id=cluster_id, voter_id=BrokerId(voter.id), topics=(topic,), leader_endpoints=()
    )


def begun(error_code: ErrorCode, leader_id: int, epoch: int) -> begin_response.BeginQuorumEpochResponse:
    partition = begin_response.PartitionData(
        partition_index=PARTITION, error_code=error_code, leader_id=BrokerId(leader_id), leader_epoch=i32(epoch)
    )
    topic = begin_response.TopicData(topic_name=TOPIC, partitions=(partition,))
    return begin_response.BeginQuorumEpochResponse(error_code=ErrorCode.none, topics=(topic,))


def end_epoch(
    cluster_id: str, leader_id: int, epoch: int, successors: tuple[Voter, ...]
) -> end_request.EndQuorumEpochRequest:
    partition = end_request.PartitionData(
        partition_index=PARTITION,
        leader_id=BrokerId(leader_id),
        leader_epoch=i32(epoch),
        preferred_candidates=tuple(
            end_request.ReplicaInfo(candidate_id=BrokerId(each.id), candidate_directory_id=each.directory_id)
            for each in successors
        ),
    )
    topic = end_request.TopicData(topic_name=TOPIC, partitions=(partition,))
    return end_request.EndQuorumEpochRequest(cluster_id=cluster_id, topics=(topic,), leader_endpoints=())


def ended(error_code: ErrorCode, leader_id: int, epoch: int) -> end_response.EndQuorumEpochResponse:
    partition = end_response.PartitionData(
        partition_index=PARTITION, error_code=error_code, leader_id=BrokerId(leader_id), leader_epoch=i32(epoch)
    )
    topic = end_response.TopicData(topic_name=TOPIC, partitions=(partition,))
    return end_response.EndQuorumEpochResponse(error_code=ErrorCode.none, topics=(topic,))


def asked(body: Any) -> Any:
    """The one partition of a request."""
    return body.topics[0].partitions[0]


def told(body: Any) -> Told:
    partition = body.topics[0].partitions[0]
    granted = getattr(partition, "vote_granted", False)
    return Told(partition.error_code, partition.leader_id, partition.leader_epoch, granted)
