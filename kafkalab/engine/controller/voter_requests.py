"""What an administrator asks of the quorum: who votes, and how far each copy has come (KIP-595, KIP-836); and that
one voter more, or one less, shall vote (KIP-853).

The rules and words are those of org.apache.kafka.raft.internals.AddVoterHandler and RemoveVoterHandler: one change
at a time, only when what was before is committed, and nobody votes who has not caught up first.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from kio.schema.add_raft_voter.v1.request import AddRaftVoterRequest
from kio.schema.add_raft_voter.v1.response import AddRaftVoterResponse
from kio.schema.describe_quorum.v2 import response as describe_response
from kio.schema.remove_raft_voter.v0.request import RemoveRaftVoterRequest
from kio.schema.remove_raft_voter.v0.response import RemoveRaftVoterResponse
from kio.schema.types import BrokerId
from kio.static.primitive import i32, i32Timedelta, i64

from kafkalab.engine.controller.metadata import METADATA_TOPIC, MetadataImage
from kafkalab.engine.controller.quorum import Quorum
from kafkalab.engine.controller.quorum_state import Leader, Progress
from kafkalab.engine.controller.voters import Voter, VoterSet, directory_id
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

OBSERVER_SESSION_US = 300_000_000
"""An observer that has not fetched for so long is no longer listed (LeaderState.OBSERVER_SESSION_TIMEOUT_MS)."""
LISTENER = "CONTROLLER"
"""controller.listener.names of a cluster that says nothing else."""
CAUGHT_UP_WITHIN_US = 3_600_000_000
ZERO = i32Timedelta.parse(timedelta(0))

# -- DescribeQuorum (55) ---------------------------------------------------------------------------


def describe(quorum: Quorum, image: MetadataImage, body: Any, now_us: int) -> describe_response.DescribeQuorumResponse:
    """Of the active controller. There is one partition to be asked for; who asks for others learns of none."""
    asked = [(topic.topic_name, each.partition_index) for topic in body.topics for each in topic.partitions]
    is_known = asked == [(METADATA_TOPIC, 0)]
    topics = tuple(
        describe_response.TopicData(
            topic_name=topic.topic_name,
            partitions=tuple(
                _described(quorum, image, now_us) if is_known else _unknown(each.partition_index)
                for each in topic.partitions
            ),
        )
        for topic in body.topics
    )
    # Controllers listen to nobody from outside.
    nodes = tuple(describe_response.Node(node_id=BrokerId(voter.id), listeners=()) for voter in quorum.voters.voters)
    return describe_response.DescribeQuorumResponse(
        error_code=ErrorCode.none, error_message="", topics=topics, nodes=nodes if is_known else ()
    )


def quorum_description_refused(refused: Refused) -> describe_response.DescribeQuorumResponse:
    return describe_response.DescribeQuorumResponse(
        error_code=refused.error_code, error_message=refused.message, topics=(), nodes=()
    )


def _unknown(partition: int) -> describe_response.PartitionData:
    return describe_response.PartitionData(
        partition_index=i32(partition),
        error_code=ErrorCode.unknown_topic_or_partition,
        error_message="This server does not host this topic-partition.",
        leader_id=BrokerId(0),
        leader_epoch=i32(0),
        high_watermark=i64(0),
        current_voters=(),
        observers=(),
    )


def _described(quorum: Quorum, image: MetadataImage, now_us: int) -> describe_response.PartitionData:
    leader = _leading(quorum)
    known = {**leader.progress, quorum.me.id: Progress(quorum.replica.end_offset, now_us, now_us)}
    observers = [
        Voter(each, directory_id(image.cluster_id, each))
        for each, progress in sorted(leader.progress.items())
        if each not in quorum.voters and now_us - progress.last_fetch_us < OBSERVER_SESSION_US
    ]
    return describe_response.PartitionData(
        partition_index=i32(0),
        error_code=ErrorCode.none,
        error_message="",
        leader_id=BrokerId(quorum.me.id),
        leader_epoch=i32(quorum.epoch),
        high_watermark=i64(quorum.replica.high_watermark),
        current_voters=tuple(_state(voter, known.get(voter.id, Progress())) for voter in quorum.voters.voters),
        observers=tuple(_state(observer, known[observer.id]) for observer in observers),
    )


def _state(voter: Voter, progress: Progress) -> describe_response.ReplicaState:
    return describe_response.ReplicaState(
        replica_id=BrokerId(voter.id),
        replica_directory_id=voter.directory_id if voter.directory_id.int else None,
        log_end_offset=i64(progress.end_offset),
        last_fetch_timestamp=i64(_ms(progress.last_fetch_us)),
        last_caught_up_timestamp=i64(_ms(progress.last_caught_up_us)),
    )


def _ms(at_us: int) -> int:
    return at_us // 1000 if at_us >= 0 else -1


def _leading(quorum: Quorum) -> Leader:
    leader = quorum.leader
    assert leader is not None
    return leader


# -- AddRaftVoter (80), RemoveRaftVoter (81) -------------------------------------------------------


def changed_voters(quorum: Quorum, cluster_id: str, body: Any, now_us: int) -> VoterSet:
    """Who votes afterwards. Refused in Kafka's words."""
    if body.cluster_id not in (None, cluster_id):
        raise Refused(
            ErrorCode.inconsistent_cluster_id,
            f'The given id "{body.cluster_id}" doesn\'t match the cluster id "{cluster_id}"',
        )
    voter = Voter(body.voter_id, body.voter_directory_id or UUID(int=0))
    verb, past = ("adding", "Add") if isinstance(body, AddRaftVoterRequest) else ("removing", "Remove")
    if voter.id < 0:
        raise Refused(ErrorCode.invalid_request, f"{past} voter request didn't include a valid voter")
    if isinstance(body, AddRaftVoterRequest) and all(each.name != LISTENER for each in body.listeners):
        endpoints = ", ".join(f"ListenerName({each.name})={each.host}:{each.port}" for each in body.listeners)
        raise Refused(
            ErrorCode.invalid_request,
            f"Add voter request didn't include the endpoint (Endpoints(endpoints={{{endpoints}}})) for the default "
            f"listener ListenerName({LISTENER})",
        )
    history = quorum.replica.voter_history
    if history.kraft_version == 0:
        raise Refused(
            ErrorCode.unsupported_version,
            f"Cluster doesn't support {verb} voter because the kraft.version feature is {history.kraft_version}",
        )
    if history.latest_offset >= quorum.replica.high_watermark:
        raise Refused(
            ErrorCode.request_timed_out,
            "Request timed out waiting for voters to commit the latest voter change at "
            f"{list(history.latest.ids)} with offset {history.latest_offset}",
        )
    return _added(quorum, voter, now_us) if isinstance(body, AddRaftVoterRequest) else _removed(quorum, voter)


def _added(quorum: Quorum, voter: Voter, now_us: int) -> VoterSet:
    if voter.id in quorum.voters:
        raise Refused(
            ErrorCode.duplicate_voter,
            f"The voter id for {voter} is already part of the set of voters {quorum.voters}.",
        )
    known = _leading(quorum).progress.get(voter.id, Progress())
    is_there = voter.directory_id == directory_id(quorum.controller.cluster_id, voter.id)
    if not is_there or known.last_caught_up_us < 0 or known.last_fetch_us < now_us - CAUGHT_UP_WITHIN_US:
        raise Refused(
            ErrorCode.request_timed_out, f"Aborted add voter operation for {voter} since it is lagging behind"
        )
    return quorum.voters.with_voter(voter)


def _removed(quorum: Quorum, voter: Voter) -> VoterSet:
    if voter not in quorum.voters.voters:
        raise Refused(
            ErrorCode.voter_not_found,
            f"Cannot remove voter {voter} from the set of voters {quorum.voters}",
        )
    if len(quorum.voters.ids) == 1:
        raise Refused(ErrorCode.invalid_request, f"Cannot remove voter {voter.id}: nobody else votes")
    return quorum.voters.without(voter.id)


def voters_answered(body: Any, refused: Refused | None = None) -> AddRaftVoterResponse | RemoveRaftVoterResponse:
    """The answer to either request."""
    is_removal = isinstance(body, RemoveRaftVoterRequest)
    response = RemoveRaftVoterResponse if is_removal else AddRaftVoterResponse
    error = refused.error_code if refused is not None else ErrorCode.none
    return response(throttle_time=ZERO, error_code=error, error_message=refused.message if refused else None)
