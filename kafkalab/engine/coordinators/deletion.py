"""DeleteGroups: several groups of several partitions, one answer."""

from dataclasses import dataclass, field

from kio.schema.delete_groups.v2.response import DeletableGroupResult, DeleteGroupsResponse
from kio.schema.types import GroupId

from kafkalab.engine.controller.metadata import MetadataImage
from kafkalab.engine.coordinators.answers import NO_THROTTLE
from kafkalab.engine.coordinators.classic_group import GroupState
from kafkalab.engine.coordinators.groups import Group, Groups
from kafkalab.engine.coordinators.modern.draft import Draft
from kafkalab.engine.coordinators.modern.group import ConsumerGroup, ConsumerGroupState
from kafkalab.engine.coordinators.records import GroupCoordinatorRecord, GroupRecord, OffsetRecord
from kafkalab.engine.coordinators.shard import Shard
from kafkalab.engine.coordinators.turn import Turn
from kafkalab.engine.events import GroupDeleted
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode


@dataclass
class Deletion:
    """One DeleteGroups request, until the last of its groups is settled."""

    request: Request
    results: dict[str, ErrorCode | None] = field(default_factory=dict)
    """By group; None while its tombstones are on their way."""
    settled: int = 0
    """How many groups are. Counted, as thousands may be named in one request."""

    def settle(self, group_id: str, error: ErrorCode, turn: Turn) -> None:
        self.settled += self.results[group_id] is None
        self.results[group_id] = error
        self.answer_if_settled(turn)

    def answer_if_settled(self, turn: Turn) -> None:
        if self.settled == len(self.results):
            results = {group_id: error for group_id, error in self.results.items() if error is not None}
            turn.answer(self.request, deleted(results))


def deleted(results: dict[str, ErrorCode]) -> DeleteGroupsResponse:
    return DeleteGroupsResponse(
        throttle_time=NO_THROTTLE,
        results=tuple(
            DeletableGroupResult(group_id=GroupId(group_id), error_code=error) for group_id, error in results.items()
        ),
    )


def delete(shard: Shard, group_id: str, deletion: Deletion, image: MetadataImage, turn: Turn) -> None:
    """Tombstones for its offsets, then for itself. Refused unless it has no members."""
    group = shard.groups.get(group_id)
    if group is None:
        raise Refused(ErrorCode.group_id_not_found)
    if group.state not in (GroupState.EMPTY, ConsumerGroupState.EMPTY):
        raise Refused(ErrorCode.non_empty_group)
    offsets = tuple(OffsetRecord(group_id, *key, None) for key in shard.offset_keys(group_id))
    turn.write((*offsets, *tombstones(group, image, turn)), DeletionStored(group_id, deletion))


def tombstones(group: Group, image: MetadataImage, turn: Turn) -> tuple[GroupCoordinatorRecord, ...]:
    """Of all that there is of an empty group but its offsets."""
    if isinstance(group, ConsumerGroup):
        draft = Draft(group, image, turn)
        draft.dissolve()
        return tuple(draft.records)
    return (GroupRecord(group.group_id, None),)


@dataclass(frozen=True, slots=True)
class DeletionStored:
    group_id: str
    deletion: Deletion

    def committed(self, groups: Groups, turn: Turn) -> None:
        turn.tell(GroupDeleted(self.group_id))
        self.deletion.settle(self.group_id, ErrorCode.none, turn)

    def failed(self, groups: Groups, turn: Turn, error: ErrorCode) -> None:
        self.deletion.settle(self.group_id, error, turn)
