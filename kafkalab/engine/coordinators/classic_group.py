"""A classic consumer group as its coordinator holds it: state, members, deadlines, offsets.

This is only what is true now; what follows from a request or a deadline is decided in joining.py,
membership.py and expirations.py. Members and votes keep the order in which members came
(org.apache.kafka.coordinator.group.classic.ClassicGroup, ClassicGroupMember).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from kafkalab.engine.coordinators.consumer_protocol import (
    PROTOCOL_TYPE,
    MalformedMetadata,
    TopicPartition,
    decode_assignment,
    decode_subscription,
)
from kafkalab.engine.coordinators.records import (
    NO_TIMESTAMP,
    GroupMetadata,
    GroupRecord,
    MemberMetadata,
    OffsetAndMetadata,
)
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode


class GroupState(StrEnum):
    EMPTY = "Empty"
    """No members. Offsets may be left."""
    PREPARING_REBALANCE = "PreparingRebalance"
    """Waiting for members to join; JoinGroup answers are held back."""
    COMPLETING_REBALANCE = "CompletingRebalance"
    """Everybody has joined; waiting for the leader's assignment. SyncGroup answers are held back."""
    STABLE = "Stable"
    DEAD = "Dead"
    """Deleted, or gone to another coordinator."""


COMES_FROM = {
    GroupState.EMPTY: (GroupState.PREPARING_REBALANCE,),
    GroupState.PREPARING_REBALANCE: (GroupState.STABLE, GroupState.COMPLETING_REBALANCE, GroupState.EMPTY),
    GroupState.COMPLETING_REBALANCE: (GroupState.PREPARING_REBALANCE,),
    GroupState.STABLE: (GroupState.COMPLETING_REBALANCE,),
    GroupState.DEAD: tuple(GroupState),
}
"""ClassicGroupState's valid previous states."""

Protocols = tuple[tuple[str, bytes], ...]
"""What a member can speak, its favourite first: (assignor, subscription)."""


@dataclass(slots=True)
class Member:
    member_id: str
    instance_id: str | None
    client_id: str
    client_host: str
    rebalance_timeout_ms: int
    session_timeout_ms: int
    protocols: Protocols
    assignment: bytes = b""
    awaiting_join: Request | None = None
    """The JoinGroup that will be answered when the join phase ends."""
    awaiting_sync: Request | None = None
    is_new: bool = False
    """It waits for its first generation and cannot heartbeat yet."""
    expires_at_us: int | None = None
    """When it is thrown out unless it is heard of; None while an answer is held back from it."""

    @property
    def partitions(self) -> tuple[TopicPartition, ...]:
        """What it was assigned; nothing if its protocol is not the consumers'."""
        return _decoded(self.assignment)

    def metadata(self, protocol: str | None) -> bytes:
        return next((metadata for name, metadata in self.protocols if name == protocol), b"")

    def stored(self, protocol: str | None, assignment: bytes) -> MemberMetadata:
        return MemberMetadata(
            self.member_id,
            self.instance_id,
            self.client_id,
            self.client_host,
            self.rebalance_timeout_ms,
            self.session_timeout_ms,
            self.metadata(protocol),
            assignment,
        )


@dataclass(slots=True)
class ClassicGroup:
    group_id: str
    state: GroupState = GroupState.EMPTY
    previous_state: GroupState = GroupState.EMPTY
    state_since_ms: int = NO_TIMESTAMP
    generation: int = 0
    protocol_type: str | None = None
    """None of a simple group: one that only stores offsets."""
    protocol: str | None = None
    leader: str | None = None
    members: dict[str, Member] = field(default_factory=dict)
    static_members: dict[str, str] = field(default_factory=dict)
    """Instance id to member id."""
    pending_joins: dict[str, int] = field(default_factory=dict)
    """Member ids given out with MEMBER_ID_REQUIRED, each with when it lapses."""
    pending_syncs: dict[str, None] = field(default_factory=dict)
    """Members that have joined this generation and not yet asked for their assignment."""
    subscribed_topics: tuple[str, ...] | None = None
    """None when unknown."""
    offsets: dict[TopicPartition, OffsetAndMetadata] = field(default_factory=dict)
    """What is committed and replicated."""
    new_member_added: bool = False
    """Somebody came while an empty group waited for more."""
    join_due_us: int | None = None
    """When the join phase ends whoever is missing."""
    initial_delay_ms: tuple[int, int] | None = None
    """In the first join phase: this delay, and how much it may still be extended."""
    sync_due_us: int | None = None
    wake_at_us: int | None = None
    """The wake that is under way for this group."""

    # -- members -----------------------------------------------------------------------------

    def add(self, member: Member, protocol_type: str) -> None:
        if not self.members:
            self.protocol_type = protocol_type
        if member.instance_id is not None:
            assert member.instance_id not in self.static_members, member
            self.static_members[member.instance_id] = member.member_id
        if self.leader is None:
            self.leader = member.member_id
        self.members[member.member_id] = member
        self.pending_joins.pop(member.member_id, None)

    def remove(self, member_id: str) -> None:
        """A member or a pending one; the leader's role goes to whoever has been here longest."""
        member = self.members.pop(member_id, None)
        if member is not None and member.instance_id is not None:
            del self.static_members[member.instance_id]
        if self.leader == member_id:
            self.leader = next(iter(self.members), None)
        self.pending_joins.pop(member_id, None)
        self.pending_syncs.pop(member_id, None)

    def member(self, member_id: str, instance_id: str | None) -> Member:
        """Refused if there is no such member, or if its instance id now belongs to another (KIP-345)."""
        if instance_id is not None:
            known = self.static_members.get(instance_id)
            if known is None:
                raise Refused(ErrorCode.unknown_member_id)
            if known != member_id:
                raise Refused(ErrorCode.fenced_instance_id)
        member = self.members.get(member_id)
        if member is None:
            raise Refused(ErrorCode.unknown_member_id)
        return member

    @property
    def rebalance_timeout_ms(self) -> int:
        return max((member.rebalance_timeout_ms for member in self.members.values()), default=0)

    @property
    def awaiting_join(self) -> int:
        return sum(member.awaiting_join is not None for member in self.members.values())

    @property
    def all_have_joined(self) -> bool:
        return not self.pending_joins and all(member.awaiting_join is not None for member in self.members.values())

    @property
    def next_deadline_us(self) -> int | None:
        deadlines = [member.expires_at_us for member in self.members.values() if member.expires_at_us is not None]
        deadlines.extend(self.pending_joins.values())
        deadlines.extend(due_us for due_us in (self.join_due_us, self.sync_due_us) if due_us is not None)
        return min(deadlines, default=None)

    # -- protocols ---------------------------------------------------------------------------

    def supports(self, protocol_type: str, protocols: Protocols) -> bool:
        """Whether one of these protocols is spoken by every member.

        Every member may be nobody: a group whose last member timed out while a newcomer was about to
        join waits for it without being empty, and takes any protocol.
        """
        if self.state == GroupState.EMPTY:
            return bool(protocol_type and protocols)
        spoken = self._speakers()
        everybody = len(self.members)
        return self.protocol_type == protocol_type and any(spoken.get(name, 0) == everybody for name, _ in protocols)

    def elected_protocol(self) -> str:
        """The one with most votes; each member votes for its favourite among those that all speak."""
        candidates = self._common_protocols()
        votes: dict[str, int] = {}
        for member in self.members.values():
            vote = next(name for name, _ in member.protocols if name in candidates)
            votes[vote] = votes.get(vote, 0) + 1
        return max(votes, key=lambda name: votes[name])

    def _common_protocols(self) -> dict[str, None]:
        return {name: None for name, speakers in self._speakers().items() if speakers == len(self.members)}

    def _speakers(self) -> dict[str, int]:
        """How many members speak each protocol."""
        spoken: dict[str, int] = {}
        for member in self.members.values():
            for name in dict(member.protocols):
                spoken[name] = spoken.get(name, 0) + 1
        return spoken

    def compute_subscribed_topics(self) -> None:
        """Only the topics' names are read, which every version of a subscription begins with."""
        self.subscribed_topics = None
        if self.protocol_type != PROTOCOL_TYPE:
            return
        topics: dict[str, None] = {}
        for member in self.members.values():
            try:
                topics.update(dict.fromkeys(decode_subscription(member.metadata(self.protocol)).topics))
            except MalformedMetadata:
                return
        self.subscribed_topics = tuple(topics)

    def subscribes(self, topic: str) -> bool:
        """Unknown subscriptions of consumers count as subscribed, so that nothing is forgotten."""
        if self.subscribed_topics is None:
            return self.protocol_type == PROTOCOL_TYPE
        return topic in self.subscribed_topics

    # -- records -----------------------------------------------------------------------------

    def record(self, assignments: dict[str, bytes] | None = None) -> GroupRecord:
        """This generation with these assignments, or with those that the members have."""
        members = tuple(
            member.stored(
                self.protocol, member.assignment if assignments is None else assignments.get(member.member_id, b"")
            )
            for member in self.members.values()
        )
        metadata = GroupMetadata(
            self.protocol_type or "", self.generation, self.protocol, self.leader, self.state_since_ms, members
        )
        return GroupRecord(self.group_id, metadata)

    def restore(self, stored: GroupMetadata) -> None:
        """Become what was stored: members as they were then, with nothing under way."""
        self.members = {
            member.member_id: Member(
                member.member_id,
                member.instance_id,
                member.client_id,
                member.client_host,
                member.rebalance_timeout_ms,
                member.session_timeout_ms,
                ((stored.protocol or "", member.subscription),),
                member.assignment,
            )
            for member in stored.members
        }
        self.static_members = {
            member.instance_id: member.member_id for member in stored.members if member.instance_id is not None
        }
        self.state = self.previous_state = GroupState.STABLE if stored.members else GroupState.EMPTY
        self.state_since_ms = stored.state_since_ms
        self.generation = stored.generation
        self.protocol_type = stored.protocol_type or None
        self.protocol = stored.protocol
        self.leader = stored.leader
        self.compute_subscribed_topics()


@lru_cache(maxsize=1024)
def _decoded(assignment: bytes) -> tuple[TopicPartition, ...]:
    try:
        return decode_assignment(assignment)
    except MalformedMetadata:
        return ()
