"""What DescribeGroups and ListGroups tell of a group."""

from kio.schema.describe_groups.v6.response import DescribedGroup, DescribedGroupMember
from kio.schema.list_groups.v5.response import ListedGroup
from kio.schema.types import GroupId

from kafkalab.engine.coordinators.classic_group import GroupState, Member
from kafkalab.engine.coordinators.consumer_protocol import PROTOCOL_TYPE
from kafkalab.engine.coordinators.groups import Group, classic_group
from kafkalab.engine.coordinators.modern.group import ConsumerGroup
from kafkalab.engine.coordinators.shard import Shard
from kafkalab.wire.errors import ErrorCode

KNOWS_GROUP_ID_NOT_FOUND = 6
"""The first DescribeGroups version that says so; before, the group was just Dead (KIP-1043)."""


def describe(shard: Shard, group_id: str, api_version: int) -> DescribedGroup:
    """Of classic groups only; the others have requests of their own."""
    group = classic_group(shard.groups, group_id)
    if group is None:
        if api_version >= KNOWS_GROUP_ID_NOT_FOUND:
            why = (
                "is not a classic group" if group_id in shard.groups or group_id in shard.share_groups else "not found"
            )
            return describe_refused(group_id, ErrorCode.group_id_not_found, f"Group {group_id} {why}.", GroupState.DEAD)
        return describe_refused(group_id, ErrorCode.none, None, GroupState.DEAD)
    # Which protocol holds, and so which subscription counts, is settled only in a stable group.
    protocol = group.protocol if group.state == GroupState.STABLE else None
    return DescribedGroup(
        error_code=ErrorCode.none,
        error_message=None,
        group_id=GroupId(group_id),
        group_state=group.state.value,
        protocol_type=group.protocol_type or "",
        protocol_data=protocol or "",
        members=tuple(_member(member, protocol) for member in group.members.values()),
    )


def describe_refused(
    group_id: str, error: ErrorCode, message: str | None = None, state: GroupState | None = None
) -> DescribedGroup:
    return DescribedGroup(
        error_code=error,
        error_message=message,
        group_id=GroupId(group_id),
        group_state=state.value if state else "",
        protocol_type="",
        protocol_data="",
        members=(),
    )


def group_type(group: Group) -> str:
    return "consumer" if isinstance(group, ConsumerGroup) else "classic"


def listed(group: Group) -> ListedGroup:
    return ListedGroup(
        group_id=GroupId(group.group_id),
        protocol_type=PROTOCOL_TYPE if isinstance(group, ConsumerGroup) else group.protocol_type or "",
        group_state=group.state.value,
        group_type=group_type(group),
    )


def is_wanted(group: Group, states: tuple[str, ...], types: tuple[str, ...]) -> bool:
    """Filters ignore case; an empty one lets everything pass (KIP-518, KIP-848)."""
    state_matches = not states or group.state.value.lower() in [state.lower() for state in states]
    return state_matches and (not types or group_type(group) in [each.lower() for each in types])


def _member(member: Member, protocol: str | None) -> DescribedGroupMember:
    return DescribedGroupMember(
        member_id=member.member_id,
        group_instance_id=member.instance_id,
        client_id=member.client_id,
        client_host=member.client_host,
        member_metadata=member.metadata(protocol) if protocol else b"",
        member_assignment=member.assignment,
    )
