"""Which groups there are, and what coordinators tell of one: of either protocol, in one shape."""

from dataclasses import dataclass

from kio.schema.consumer_group_describe.v1.request import ConsumerGroupDescribeRequest
from kio.schema.describe_groups.v6.request import DescribeGroupsRequest
from kio.schema.list_groups.v5.request import ListGroupsRequest
from kio.schema.list_groups.v5.response import ListedGroup
from kio.schema.types import GroupId

from kafkalab.engine.coordinators.consumer_protocol import decode_assignment
from kafkalab.lab.terminal.asking import TopicPartition
from kafkalab.lab.terminal.errors import came, exception
from kafkalab.lab.terminal.options import Failed
from kafkalab.lab.terminal.tool import Ask, Steps
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class Member:
    member_id: str
    instance_id: str | None
    host: str
    client_id: str
    assignment: tuple[TopicPartition, ...]
    epoch: int | None = None
    target: tuple[TopicPartition, ...] = ()
    """Of the consumer protocol: what it is to have in the end."""


@dataclass(frozen=True, slots=True)
class Group:
    group: str
    state: str
    assignor: str
    members: tuple[Member, ...]
    epoch: int | None = None
    target_epoch: int | None = None


def listed() -> Steps[list[ListedGroup]]:
    outcome = came((yield Ask(ApiKey.LIST_GROUPS, ListGroupsRequest(states_filter=(), types_filter=()))))
    return [group for answer in outcome.answers for group in answer.groups]


def described(name: str) -> Steps[Group]:
    """As the newer protocol describes it, and if it is none of that, as the older one. Raises Failed."""
    body = ConsumerGroupDescribeRequest(group_ids=(GroupId(name),), include_authorized_operations=False)
    outcome = came((yield Ask(ApiKey.CONSUMER_GROUP_DESCRIBE, body)))
    it = outcome.answers[0].groups[0]
    if it.error_code == ErrorCode.none:
        members = tuple(
            Member(
                one.member_id,
                one.instance_id,
                one.client_host,
                one.client_id,
                _partitions(one.assignment),
                int(one.member_epoch),
                _partitions(one.target_assignment),
            )
            for one in it.members
        )
        return Group(name, it.group_state, it.assignor_name, members, int(it.group_epoch), int(it.assignment_epoch))
    if it.error_code not in (ErrorCode.group_id_not_found, ErrorCode.unsupported_version):
        raise Failed(exception(it.error_code, it.error_message))
    asked = DescribeGroupsRequest(groups=(GroupId(name),), include_authorized_operations=False)
    outcome = came((yield Ask(ApiKey.DESCRIBE_GROUPS, asked)))
    older = outcome.answers[0].groups[0]
    if older.error_code != ErrorCode.none:
        raise Failed(exception(older.error_code, older.error_message))
    return Group(
        name,
        older.group_state,
        older.protocol_data,
        tuple(
            Member(
                one.member_id, one.group_instance_id, one.client_host, one.client_id, _decoded(one.member_assignment)
            )
            for one in older.members
        ),
    )


def _partitions(assignment: "object") -> tuple[TopicPartition, ...]:
    topics = getattr(assignment, "topic_partitions", ())
    return tuple((str(it.topic_name), int(number)) for it in topics for number in it.partitions)


def _decoded(assignment: bytes) -> tuple[TopicPartition, ...]:
    return tuple(decode_assignment(assignment)) if assignment else ()
