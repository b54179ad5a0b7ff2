"""A group changes its protocol while it works: classic to consumer, and back (KIP-848).

The first member that speaks the new protocol takes a classic group of consumers along: its generation
becomes the epoch, everybody keeps what they have, and members of the old protocol go on with JoinGroup
and Heartbeat in the new group. When the last member of the new protocol goes, the group turns classic
again and rebalances (org.apache.kafka.coordinator.group.GroupMetadataManager: convertToConsumerGroup,
convertToClassicGroup; group.consumer.migration.policy).
"""

from dataclasses import dataclass, replace
from uuid import UUID

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.answers import join_refused, sync_refused
from kafkalab.engine.coordinators.classic_group import ClassicGroup, GroupState, Member
from kafkalab.engine.coordinators.consumer_protocol import (
    PROTOCOL_TYPE,
    MalformedMetadata,
    decode_assignment,
    decode_subscription,
    encode_assignment,
)
from kafkalab.engine.coordinators.groups import Groups, classic_group
from kafkalab.engine.coordinators.modern.draft import Draft
from kafkalab.engine.coordinators.modern.group import ConsumerGroup, Deadline, DeadlineKind
from kafkalab.engine.coordinators.modern.member import (
    ClassicProtocol,
    ConsumerMember,
    CurrentAssignment,
    Subscription,
    TopicIdPartition,
)
from kafkalab.engine.coordinators.modern.records import (
    CurrentRecord,
    GroupEpoch,
    GroupEpochRecord,
    MemberRecord,
    TargetEpoch,
    TargetEpochRecord,
    TargetRecord,
)
from kafkalab.engine.coordinators.modern.topics import metadata_hash
from kafkalab.engine.coordinators.rebalance import prepare_rebalance
from kafkalab.engine.coordinators.records import GroupMetadata, GroupRecord, MemberMetadata
from kafkalab.engine.coordinators.turn import Sequel, Turn
from kafkalab.engine.events import GroupProtocolChanged
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

UPGRADING = ("bidirectional", "upgrade")
DOWNGRADING = ("bidirectional", "downgrade")
DISABLED = "disabled"
"""Values of group.consumer.migration.policy."""


# -- classic to consumer -----------------------------------------------------------------------------


def upgraded(group: ClassicGroup, image: MetadataImage, turn: Turn) -> Draft:
    """A draft of the consumer group that it becomes. Refused if it may not, or cannot."""
    draft = Draft(ConsumerGroup(group.group_id, offsets=group.offsets), image, turn)
    draft.records.append(GroupRecord(group.group_id, None))
    if group.state == GroupState.EMPTY:
        return draft
    why_not = _why_not(group, turn)
    if why_not:
        raise Refused(
            ErrorCode.group_id_not_found,
            f"Cannot upgrade classic group {group.group_id} to consumer group because {why_not}.",
        )
    try:
        members = [_upgraded_member(group, member, image) for member in group.members.values()]
    except MalformedMetadata as malformed:
        raise Refused(
            ErrorCode.group_id_not_found,
            f"Cannot upgrade classic group {group.group_id} to consumer group because the embedded consumer protocol "
            "is malformed.",
        ) from malformed
    for each in group.members.values():
        _send_back(each, turn)
    _write_down(draft, members, group.generation)
    turn.tell(GroupProtocolChanged(group.group_id, "classic", "consumer"))
    return draft


def _why_not(group: ClassicGroup, turn: Turn) -> str | None:
    if turn.config.group_consumer_migration_policy.lower() not in UPGRADING:
        return "online upgrade is disabled"
    if group.protocol_type != PROTOCOL_TYPE:
        return "the group does not use the consumer embedded protocol"
    if len(group.members) > turn.config.group_consumer_max_size:
        return "the group size exceeds the consumer group maximum size"
    return None


def _upgraded_member(group: ClassicGroup, member: Member, image: MetadataImage) -> ConsumerMember:
    assigned = [
        (image.topics[topic].topic_id, number)
        for topic, number in decode_assignment(member.assignment)
        if topic in image.topics
    ]
    metadata = member.metadata(group.protocol) or member.protocols[0][1]
    subscription = decode_subscription(metadata)
    wants = Subscription(
        member.instance_id,
        subscription.rack_id,
        member.client_id,
        member.client_host,
        tuple(sorted(dict.fromkeys(subscription.topics))),
        rebalance_timeout_ms=member.rebalance_timeout_ms,
        classic=ClassicProtocol(member.session_timeout_ms, member.protocols),
    )
    epoch = group.generation
    return ConsumerMember(
        member.member_id, wants, CurrentAssignment(epoch, epoch, assigned=dict.fromkeys(sorted(assigned), epoch))
    )


def _send_back(member: Member, turn: Turn) -> None:
    """Whoever waits in the middle of a rebalance of the old group joins the new one."""
    if member.awaiting_join is not None:
        turn.answer(
            member.awaiting_join, join_refused(member.awaiting_join, ErrorCode.rebalance_in_progress, member.member_id)
        )
        member.awaiting_join = None
    if member.awaiting_sync is not None:
        turn.answer(member.awaiting_sync, sync_refused(ErrorCode.rebalance_in_progress))
        member.awaiting_sync = None


def _write_down(draft: Draft, members: list[ConsumerMember], generation: int) -> None:
    group_id, turn = draft.group.group_id, draft.turn
    for member in members:
        draft.put(MemberRecord(group_id, member.member_id, member.wants))
    topics = draft.group.subscribed_topics
    draft.put(GroupEpochRecord(group_id, GroupEpoch(generation, metadata_hash(topics, draft.image))))
    for member in members:
        draft.put(TargetRecord(group_id, member.member_id, tuple(member.has.assigned)))
    draft.put(TargetEpochRecord(group_id, TargetEpoch(generation)))
    for member in members:
        draft.put(CurrentRecord(group_id, member.member_id, member.has))
        classic = member.wants.classic
        assert classic is not None
        turn.arm(Deadline(DeadlineKind.SESSION, member.member_id, turn.in_ms(classic.session_timeout_ms)))


# -- consumer to classic -----------------------------------------------------------------------------


def may_downgrade(group: ConsumerGroup, leaving: list[str], turn: Turn) -> bool:
    """Members stay, and all of them speak the classic protocol."""
    staying = [member for name, member in group.members.items() if name not in leaving]
    return (
        bool(staying)
        and all(member.speaks_classic for member in staying)
        and turn.config.group_consumer_migration_policy.lower() in DOWNGRADING
        and len(staying) <= turn.config.group_max_size
    )


def downgrade(draft: Draft, sequel: "Downgraded") -> None:
    """Who is in the draft by now makes up the classic group, with what each has."""
    group, turn = draft.group, draft.turn
    members = list(group.members.values())
    protocol = _common_protocol(members)
    stored = tuple(_downgraded_member(member, protocol, draft.image.topic_names) for member in members)
    metadata = GroupMetadata(PROTOCOL_TYPE, group.epoch, protocol, members[0].member_id, turn.now_ms, stored)
    draft.dissolve()
    draft.records.append(GroupRecord(group.group_id, metadata))
    turn.tell(GroupProtocolChanged(group.group_id, "consumer", "classic"))
    speaks = tuple((member.member_id, member.wants.classic.protocols) for member in members if member.wants.classic)
    turn.write(tuple(draft.records), replace(sequel, protocols=speaks))


def _common_protocol(members: list[ConsumerMember]) -> str:
    """The first member's favourite among those that all speak."""
    spoken = [dict(member.wants.classic.protocols) for member in members if member.wants.classic]
    return next((name for name in spoken[0] if all(name in each for each in spoken)), next(iter(spoken[0])))


def _downgraded_member(member: ConsumerMember, protocol: str, names: dict[UUID, str]) -> MemberMetadata:
    wants = member.wants
    assert wants.classic is not None
    return MemberMetadata(
        member.member_id,
        wants.instance_id,
        wants.client_id,
        wants.client_host,
        wants.rebalance_timeout_ms,
        wants.classic.session_timeout_ms,
        dict(wants.classic.protocols).get(protocol, b""),
        classic_assignment(tuple(member.has.assigned), names),
    )


def classic_assignment(assigned: tuple[TopicIdPartition, ...], names: dict[UUID, str]) -> bytes:
    return encode_assignment([(names[topic_id], number) for topic_id, number in sorted(assigned) if topic_id in names])


@dataclass(frozen=True, slots=True)
class Downgraded:
    """The group is a classic one now, by its records; its members have to join again."""

    group_id: str
    then: Sequel
    reason: str
    protocols: tuple[tuple[str, tuple[tuple[str, bytes], ...]], ...] = ()
    rebalances: bool = True

    def committed(self, groups: Groups, turn: Turn) -> None:
        group = classic_group(groups, self.group_id)
        if group is not None and group.state == GroupState.STABLE:
            for name, protocols in self.protocols:
                if name in group.members:
                    group.members[name].protocols = protocols
            for member in group.members.values():
                turn.heard_of(member)
            if self.rebalances:
                prepare_rebalance(group, turn, self.reason)
        self.then.committed(groups, turn)

    def failed(self, groups: Groups, turn: Turn, error: ErrorCode) -> None:
        self.then.failed(groups, turn, error)
