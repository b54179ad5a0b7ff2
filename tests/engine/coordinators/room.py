"""One shard of groups with a clock, and no broker: requests go in, answers, events and records come out."""

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from kio.schema.consumer_group_heartbeat.v1.request import ConsumerGroupHeartbeatRequest, TopicPartitions
from kio.schema.consumer_group_heartbeat.v1.response import ConsumerGroupHeartbeatResponse
from kio.schema.heartbeat.v4.request import HeartbeatRequest
from kio.schema.join_group.v9.request import JoinGroupRequest, JoinGroupRequestProtocol
from kio.schema.leave_group.v5.request import LeaveGroupRequest, MemberIdentity
from kio.schema.sync_group.v5.request import SyncGroupRequest, SyncGroupRequestAssignment

from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.controller.metadata import MetadataImage, PartitionRecord, TopicRecord
from kafkalab.engine.coordinators import membership
from kafkalab.engine.coordinators.assignors import Subscription, encode_assignment, encode_subscription
from kafkalab.engine.coordinators.classic_group import ClassicGroup
from kafkalab.engine.coordinators.deletion import Deletion, delete
from kafkalab.engine.coordinators.expirations import expire
from kafkalab.engine.coordinators.joining import join
from kafkalab.engine.coordinators.modern.fencing import expire_members
from kafkalab.engine.coordinators.modern.group import ConsumerGroup
from kafkalab.engine.coordinators.modern.heartbeat import check_request
from kafkalab.engine.coordinators.modern.heartbeat import heartbeat as beat
from kafkalab.engine.coordinators.offsets import commit, expire_offsets
from kafkalab.engine.coordinators.records import GroupCoordinatorRecord
from kafkalab.engine.coordinators.shard import Shard
from kafkalab.engine.coordinators.turn import Turn, Write, storage_error
from kafkalab.engine.events import Event, GroupStateChanged
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import OffsetCommitPartition, OffsetCommitRequest, OffsetCommitTopic
from kafkalab.wire.errors import ErrorCode

ORDERS_ID = UUID(int=7)
SUBSCRIBED = encode_subscription(Subscription(("orders",)))
RANGE = (("range", SUBSCRIBED),)


class Room:
    def __init__(self, **config: int) -> None:
        self.config = BrokerConfig(**config)
        self.random = Random(1)
        self.now_us = 0
        self.image = MetadataImage("cluster", 3000)
        self.image.replay(TopicRecord("orders", ORDERS_ID), 0)
        for number in range(4):
            self.image.replay(PartitionRecord(ORDERS_ID, number, (1,), (1,), 1, 0, 0), 0)
        self.shard = Shard(0, 0, loading=False)
        self.answers: dict[int, Any] = {}
        """By correlation id."""
        self.events: list[Event] = []
        self.log: list[GroupCoordinatorRecord] = []
        self.commits_at_once = True
        self.uncommitted: list[Write] = []
        self.correlation_id = 0

    @property
    def group(self) -> ClassicGroup:
        group = self.shard.groups["g"]
        assert isinstance(group, ClassicGroup)
        return group

    @property
    def consumers(self) -> ConsumerGroup:
        group = self.shard.groups["g"]
        assert isinstance(group, ConsumerGroup)
        return group

    @property
    def states(self) -> list[tuple[str, str]]:
        """Every change of state so far, with its reason."""
        changes = [event for event in self.events if isinstance(event, GroupStateChanged)]
        return [(change.after, change.reason) for change in changes]

    # -- requests: the answer's number; look it up with `answer` -----------------------------

    def join(
        self,
        member_id: str = "",
        *,
        instance_id: str | None = None,
        protocols: tuple[tuple[str, bytes], ...] = RANGE,
        session_ms: int = 45_000,
        rebalance_ms: int = 300_000,
        version: int = 9,
        client_id: str = "client",
        protocol_type: str = "consumer",
    ) -> int:
        body = JoinGroupRequest(
            group_id="g",
            session_timeout=timedelta(milliseconds=session_ms),
            rebalance_timeout=timedelta(milliseconds=rebalance_ms),
            member_id=member_id,
            group_instance_id=instance_id,
            protocol_type=protocol_type,
            protocols=tuple(JoinGroupRequestProtocol(name=name, metadata=data) for name, data in protocols),
        )
        request, turn = self._request(11, body, version, client_id), self._turn()
        join(self.shard.groups, request, turn)
        return self._done(request, turn)

    def admitted(self, **how: Any) -> tuple[str, int]:
        """A new dynamic member gets its id and comes back with it: (member id, number of the second JoinGroup)."""
        member_id = self.answer(self.join(**how)).member_id
        return member_id, self.join(member_id, **how)

    def beat(
        self,
        member_id: str,
        epoch: int,
        owned: tuple[int, ...] | None = None,
        *,
        topics: tuple[str, ...] | None = None,
        regex: str | None = None,
        instance_id: str | None = None,
        assignor: str | None = None,
        rebalance_ms: int = -1,
    ) -> ConsumerGroupHeartbeatResponse:
        """ConsumerGroupHeartbeat of `g`; `owned` are partitions of orders. The answer, which is there at once."""
        partitions = None
        if owned is not None:
            partitions = (TopicPartitions(topic_id=ORDERS_ID, partitions=owned),) if owned else ()
        body = ConsumerGroupHeartbeatRequest(
            group_id="g",
            member_id=member_id,
            member_epoch=epoch,
            instance_id=instance_id,
            rebalance_timeout=timedelta(milliseconds=rebalance_ms),
            subscribed_topic_names=topics,
            subscribed_topic_regex=regex,
            server_assignor=assignor,
            topic_partitions=partitions,
        )
        request, turn = self._request(68, body, 1, member_id), self._turn()
        check_request(body, 1)
        beat(self.shard.groups, request, self.image, turn)
        return self.answer(self._done(request, turn))

    def enter(self, member_id: str, **how: Any) -> ConsumerGroupHeartbeatResponse:
        """A member's first heartbeat."""
        wanted = how if "regex" in how else {"topics": ("orders",)} | how
        return self.beat(member_id, 0, (), **{"rebalance_ms": 60_000} | wanted)

    def sync(
        self,
        member_id: str,
        generation: int,
        assignments: dict[str, bytes] | None = None,
        *,
        instance_id: str | None = None,
        protocol_type: str | None = "consumer",
        protocol: str | None = "range",
        version: int = 5,
    ) -> int:
        body = SyncGroupRequest(
            group_id="g",
            generation_id=generation,
            member_id=member_id,
            group_instance_id=instance_id,
            protocol_type=protocol_type,
            protocol_name=protocol,
            assignments=tuple(
                SyncGroupRequestAssignment(member_id=name, assignment=data)
                for name, data in (assignments or {}).items()
            ),
        )
        request, turn = self._request(14, body, version), self._turn()
        membership.sync(self.shard.groups, request, turn)
        return self._done(request, turn)

    def heartbeat(self, member_id: str, generation: int, instance_id: str | None = None) -> ErrorCode:
        body = HeartbeatRequest(
            group_id="g", generation_id=generation, member_id=member_id, group_instance_id=instance_id
        )
        return membership.heartbeat(self.shard.groups, body, self._turn())

    def leave(self, *members: tuple[str, str | None]) -> list[ErrorCode]:
        body = LeaveGroupRequest(
            group_id="g",
            members=tuple(MemberIdentity(member_id=name, group_instance_id=instance) for name, instance in members),
        )
        turn = self._turn()
        answers = membership.leave(self.shard.groups, body, turn)
        self._carry_out(turn)
        return [answer.error_code for answer in answers]

    def commit(
        self,
        offset: int,
        member_id: str = "",
        generation: int = -1,
        *,
        topic: str = "orders",
        topic_id: UUID | None = None,
        partition: int = 0,
        metadata: str | None = "",
        retention_ms: int = -1,
        version: int = 9,
    ) -> int:
        partitions = (OffsetCommitPartition(partition, offset, 3, metadata),)
        body = OffsetCommitRequest(
            "g", generation, member_id, (OffsetCommitTopic(topic, topic_id, partitions),), None, retention_ms
        )
        request, turn = self._request(8, body, version), self._turn()
        commit(self.shard.groups, request, self.image, turn)
        return self._done(request, turn)

    def delete(self) -> int:
        request, turn = self._request(42, None, 2), self._turn()
        delete(self.shard, "g", Deletion(request, {"g": None}), self.image, turn)
        return self._done(request, turn)

    def check_offsets(self) -> None:
        turn = self._turn()
        expire_offsets(self.group, self.image, self.shard.unstable("g"), turn)
        self._carry_out(turn)

    def refusal(self, ask: Any, *args: Any, **how: Any) -> ErrorCode:
        """The error code with which this is refused."""
        try:
            ask(*args, **how)
        except Refused as refused:
            return refused.error_code
        raise AssertionError("it was not refused")

    def answer(self, number: int) -> Any:
        return self.answers[number]

    def waits(self, number: int) -> bool:
        return number not in self.answers

    # -- time and the log ----------------------------------------------------------------------

    def after(self, seconds: float) -> None:
        """Let time pass, and with it whatever falls due."""
        until_us = self.now_us + round(seconds * 1_000_000)
        while True:
            group = self.shard.groups.get("g")
            due_us = group.next_deadline_us if group else None
            if group is None or due_us is None or due_us > until_us:
                break
            self.now_us = max(self.now_us, due_us)
            turn = self._turn()
            if isinstance(group, ConsumerGroup):
                expire_members(group, self.image, turn)
            else:
                expire(group, turn)
            self._carry_out(turn)
        self.now_us = until_us

    def replicate(self) -> None:
        """What was held back becomes committed."""
        held_back, self.uncommitted = self.uncommitted, []
        for write in held_back:
            self._commit(write)

    def fail_writes(self, error: ErrorCode) -> None:
        held_back, self.uncommitted = self.uncommitted, []
        for write in held_back:
            turn = self._turn()
            write.sequel.failed(self.shard.groups, turn, storage_error(error))
            self._carry_out(turn)

    def _request(self, api_key: int, body: Any, version: int, client_id: str = "client") -> Request:
        self.correlation_id += 1
        return Request("client-1", "wire", self.correlation_id, api_key, version, client_id, body)

    def _turn(self) -> Turn:
        return Turn(self.now_us, self.random, self.config)

    def _done(self, request: Request, turn: Turn) -> int:
        self._carry_out(turn)
        return request.correlation_id

    def _carry_out(self, turn: Turn) -> None:
        self.events += turn.events
        self.answers |= {request.correlation_id: body for request, body in turn.answers}
        for write in turn.writes:
            if not write.records and self.commits_at_once:
                self._commit(write)
                continue
            self.log += write.records
            self.shard.written(len(self.log) - 1, write.records)
            if self.commits_at_once:
                self._commit(write)
            else:
                self.uncommitted.append(write)
        self._arm(turn)

    def _arm(self, turn: Turn) -> None:
        group = self.shard.groups.get("g")
        if isinstance(group, ConsumerGroup):
            group.take_deadlines(turn.deadlines)

    def _commit(self, write: Write) -> None:
        self.shard.commit_up_to(len(self.log))
        turn = self._turn()
        write.sequel.committed(self.shard.groups, turn)
        self._carry_out(turn)


def stable_pair(room: Room, **how: Any) -> tuple[str, str]:
    """Two members in a stable group of generation 1: the leader, which has orders-0, and a follower with orders-1."""
    leader, _ = room.admitted(client_id="leader", **how)
    follower, _ = room.admitted(client_id="follower", **how)
    room.after(6)
    generation = room.group.generation
    assignments = {leader: encode_assignment([("orders", 0)]), follower: encode_assignment([("orders", 1)])}
    room.sync(follower, generation)
    room.sync(leader, generation, assignments)
    return leader, follower
