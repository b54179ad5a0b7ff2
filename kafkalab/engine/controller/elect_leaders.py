"""A person asks for an election: ElectLeaders (43), preferred or unclean (KIP-183, KIP-460).

An unclean election by hand needs no `unclean.leader.election.enable`: that setting is about
elections that nobody asked for (ReplicationControlManager.electLeaders).
"""

from datetime import timedelta

from kio.schema.elect_leaders.v2.request import ElectLeadersRequest
from kio.schema.elect_leaders.v2.response import ElectLeadersResponse, PartitionResult, ReplicaElectionResult
from kio.schema.types import TopicName
from kio.static.primitive import i32, i32Timedelta

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller.decision import Decision
from kafkalab.engine.controller.elections import ballot_of
from kafkalab.engine.controller.metadata import NO_LEADER, MetadataImage, PartitionChangeRecord
from kafkalab.engine.controller.partition_change import Election, partition_change
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

ZERO = i32Timedelta.parse(timedelta(0))
ELECTIONS = {0: Election.PREFERRED, 1: Election.UNCLEAN}
"""org.apache.kafka.common.ElectionType."""


def elect_leaders(image: MetadataImage, config: BrokerConfig, body: ElectLeadersRequest) -> Decision:
    election = ELECTIONS.get(body.election_type)
    everything = body.topic_partitions is None
    asked = (
        [(topic.name, tuple(topic.partitions)) for topic in image.topics.values()]
        if body.topic_partitions is None
        else [(topic.topic, topic.partitions) for topic in body.topic_partitions]
    )
    results: list[ReplicaElectionResult] = []
    records: dict[tuple[str, int], PartitionChangeRecord] = {}
    for name, numbers in asked:
        answers: list[PartitionResult] = []
        for number in numbers:
            error, message = ErrorCode.none, None
            try:
                if election is None:
                    raise Refused(ErrorCode.invalid_request, f"Unknown election type {body.election_type}")
                # The same partition twice is one election.
                records[name, number] = _elect(image, config, name, number, election)
            except Refused as refused:
                error, message = refused.error_code, refused.message
            # Who asks for all is not told of those that are well already.
            if not (everything and error is ErrorCode.election_not_needed):
                answers.append(PartitionResult(partition_id=i32(number), error_code=error, error_message=message))
        results.append(ReplicaElectionResult(topic=TopicName(name), partition_result=tuple(answers)))
    answer = ElectLeadersResponse(
        throttle_time=ZERO,
        error_code=ErrorCode.none if election else ErrorCode.invalid_request,
        replica_election_results=tuple(results),
    )
    return Decision(answer, tuple(records.values()), f"a person asked for {_AN.get(election)} election")


_AN: dict[Election | None, str] = {Election.PREFERRED: "a preferred", Election.UNCLEAN: "an unclean"}


def election_refused(refused: Refused) -> ElectLeadersResponse:
    return ElectLeadersResponse(throttle_time=ZERO, error_code=refused.error_code, replica_election_results=())


def _elect(
    image: MetadataImage, config: BrokerConfig, name: str, number: int, election: Election
) -> PartitionChangeRecord:
    topic = image.topics.get(name)
    if topic is None:
        raise Refused(ErrorCode.unknown_topic_or_partition, f"No such topic as {name}")
    partition = topic.partitions.get(number)
    if partition is None:
        raise Refused(ErrorCode.unknown_topic_or_partition, f"No such partition as {name}-{number}")
    has_it = partition.leader == partition.replicas[0] if election is Election.PREFERRED else partition.leader >= 0
    if has_it:
        raise Refused(ErrorCode.election_not_needed, "Leader election not needed for topic partition.")
    change = partition_change(partition, ballot_of(image, topic, config.topic_defaults, election=election))
    if change is None or change.leader in (None, NO_LEADER):
        if election is Election.PREFERRED:
            raise Refused(ErrorCode.preferred_leader_not_available, "The preferred leader was not available.")
        raise Refused(ErrorCode.eligible_leaders_not_available, "Eligible topic partition leaders are not available.")
    return change
