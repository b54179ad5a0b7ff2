"""Who votes changes one at a time, and only for a controller that has caught up (KIP-853); DescribeQuorum tells it."""

from datetime import timedelta
from typing import Any

from kio.schema.add_raft_voter.v1.request import AddRaftVoterRequest, Listener
from kio.schema.describe_quorum.v2.request import DescribeQuorumRequest, PartitionData, TopicData
from kio.schema.remove_raft_voter.v0.request import RemoveRaftVoterRequest

from kafkalab.engine.controller.voters import Voter, directory_id
from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.events import VotersChanged
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from tests.engine.controller.trio import Trio


def add(room: Trio, voter: int) -> tuple[ErrorCode, str | None]:
    body = AddRaftVoterRequest(
        cluster_id=None,
        timeout=timedelta(seconds=5),
        voter_id=voter,
        voter_directory_id=directory_id(room.cluster.spec.cluster_id, voter),
        listeners=(Listener(name="CONTROLLER", host="127.0.0.1", port=9093),),
    )
    answer = room.ask(1, ApiKey.ADD_RAFT_VOTER, body)
    return answer.error_code, answer.error_message


def key(room: Trio, voter: int) -> str:
    return str(Voter(voter, directory_id(room.cluster.spec.cluster_id, voter)))


def remove(room: Trio, voter: int) -> tuple[ErrorCode, str | None]:
    body = RemoveRaftVoterRequest(
        cluster_id=None, voter_id=voter, voter_directory_id=directory_id(room.cluster.spec.cluster_id, voter)
    )
    answer = room.ask(1, ApiKey.REMOVE_RAFT_VOTER, body)
    return answer.error_code, answer.error_message


def describe(room: Trio, topic: str = "__cluster_metadata") -> Any:
    asked = TopicData(topic_name=topic, partitions=(PartitionData(partition_index=0),))
    return room.ask(2, ApiKey.DESCRIBE_QUORUM, DescribeQuorumRequest(topics=(asked,))).topics[0].partitions[0]


def test_one_controller_becomes_three_and_the_first_one_leaves() -> None:
    room = Trio(controllers=1)
    lagging = f"Aborted add voter operation for {key(room, 3001)} since it is lagging behind"
    assert add(room, 3001) == (ErrorCode.request_timed_out, lagging)
    for controller_id in (3001, 3002):
        room.cluster.add_controller(controller_id, MemoryDisk())
        room.run(2)
        assert add(room, controller_id) == (ErrorCode.none, None)
    room.run(1)
    assert room.take_facts(VotersChanged) == [VotersChanged((3000, 3001)), VotersChanged((3000, 3001, 3002))]
    assert {each.quorum.voters.ids for each in room.cluster.controllers.values()} == {(3000, 3001, 3002)}
    # The active one removes itself: it leads until that is committed, and then resigns.
    assert remove(room, 3000) == (ErrorCode.none, None)
    room.run(5)
    assert room.active.controller_id in (3001, 3002)
    assert room.active.quorum.voters.ids == (3001, 3002)
    room.cluster.crash_controller(3000)
    room.create((1, 2, 3))
    room.cluster.crash_controller(room.active.controller_id)
    room.run(10)
    assert room.cluster.active_controller is None


def test_what_cannot_be_changed_is_refused_in_kafkas_words() -> None:
    room = Trio()
    voters = f"[{key(room, 3000)}, {key(room, 3001)}, {key(room, 3002)}]"
    duplicate = f"The voter id for {key(room, 3001)} is already part of the set of voters {voters}."
    assert add(room, 3001) == (ErrorCode.duplicate_voter, duplicate)
    unknown = f"Cannot remove voter {key(room, 3009)} from the set of voters {voters}"
    assert remove(room, 3009) == (ErrorCode.voter_not_found, unknown)


def test_after_a_restart_everyone_still_knows_who_votes() -> None:
    room = Trio()
    removed = room.standby[0].controller_id
    assert remove(room, removed) == (ErrorCode.none, None)
    left = tuple(each for each in (3000, 3001, 3002) if each != removed)
    for controller_id in (3000, 3001, 3002):
        room.cluster.crash_controller(controller_id)
    for controller_id in left:
        room.cluster.start_controller(controller_id)
    room.until_active()
    assert {each.quorum.voters.ids for each in room.cluster.controllers.values()} == {left}


def test_a_broker_tells_how_the_quorum_stands() -> None:
    room = Trio()
    # No longer after the last fetch of each than it waits.
    answer = describe(room)
    active, end = room.active, room.active.replica.end_offset
    assert (answer.leader_id, answer.leader_epoch, answer.high_watermark) == (active.controller_id, 1, end)
    assert [(each.replica_id, each.log_end_offset) for each in answer.current_voters] == [
        (3000, end),
        (3001, end),
        (3002, end),
    ]
    assert [(each.replica_id, each.log_end_offset) for each in answer.observers] == [(1, end), (2, end), (3, end)]
    assert all(room.now_ms - each.last_fetch_timestamp <= 600 for each in (*answer.current_voters, *answer.observers))
    assert describe(room, "orders").error_code is ErrorCode.unknown_topic_or_partition
