"""A member of a consumer group of KIP-848, as its records tell: what it wants, what it has, in which epoch.

Nothing here changes in place: each step of a member's way to its target is a new value, and a record
(org.apache.kafka.coordinator.group.modern.consumer.ConsumerGroupMember, MemberState).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from uuid import UUID

TopicIdPartition = tuple[UUID, int]
Owned = Mapping[TopicIdPartition, int]
"""Partitions, each with the epoch in which it was assigned to its member (KIP-1251)."""

LEAVING_EPOCH = -1
STATIC_LEAVING_EPOCH = -2
"""A static member that goes away for a while: its partitions stay with its instance id."""
JOINING_EPOCH = 0


class MemberState(IntEnum):
    """The numbers are those of the records."""

    STABLE = 0
    """It has all of its target."""
    UNREVOKED_PARTITIONS = 1
    """It was told to give up partitions, and has not yet said that it did."""
    UNRELEASED_PARTITIONS = 2
    """Partitions of its target are still with other members."""
    UNKNOWN = 127


@dataclass(frozen=True, slots=True)
class ClassicProtocol:
    """What a member has told that still speaks the classic protocol to this group."""

    session_timeout_ms: int
    protocols: tuple[tuple[str, bytes], ...]
    """Its favourite first."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a member told of itself: the value of its ConsumerGroupMemberMetadata record."""

    instance_id: str | None = None
    rack_id: str | None = None
    client_id: str = ""
    client_host: str = ""
    topics: tuple[str, ...] = ()
    """Sorted."""
    regex: str = ""
    """"" when it has none."""
    rebalance_timeout_ms: int = -1
    assignor: str | None = None
    """The server's assignor that it prefers."""
    classic: ClassicProtocol | None = None
    """None of a member that speaks KIP-848."""


@dataclass(frozen=True, slots=True)
class CurrentAssignment:
    """How far a member is on its way to its target: the value of its ConsumerGroupCurrentMemberAssignment."""

    epoch: int = JOINING_EPOCH
    previous_epoch: int = JOINING_EPOCH
    """Accepted too, in case the answer that told of the newer one was lost."""
    state: MemberState = MemberState.STABLE
    assigned: Owned = field(default_factory=dict)
    revoking: Owned = field(default_factory=dict)
    """It has to give these up before its epoch moves on."""

    def is_reconciled_to(self, epoch: int) -> bool:
        return self.state is MemberState.STABLE and self.epoch == epoch


@dataclass(frozen=True, slots=True)
class ConsumerMember:
    member_id: str
    wants: Subscription = Subscription()
    has: CurrentAssignment = CurrentAssignment()

    @property
    def speaks_classic(self) -> bool:
        return self.wants.classic is not None


def by_topic_id(partitions: Iterable[TopicIdPartition]) -> dict[UUID, list[int]]:
    """Sorted, so that equal sets are told in equal words."""
    grouped: dict[UUID, list[int]] = {}
    for topic_id, partition in sorted(partitions):
        grouped.setdefault(topic_id, []).append(partition)
    return grouped
