"""How far a share group has come, told, set anew and forgotten: the three requests that tools have for it.

Where the group stands only the share coordinators know, and where the partitions end only their
leaders. Nobody may be in a group whose offsets are changed (KIP-932; GroupCoordinatorService
.describeShareGroupOffsets, alterShareGroupOffsets, deleteShareGroupOffsets).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kafkalab.engine.coordinators.share_groups.group import ShareGroup
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.share.state import UNINITIALIZED_START, SharePartitionKey
from kafkalab.engine.share.words import said
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class ShareOffset:
    start_offset: int = UNKNOWN
    leader_epoch: int = 0
    lag: int = UNKNOWN
    error_code: ErrorCode = ErrorCode.none


@dataclass
class Describing:
    """One request: the share coordinators are asked first, then those who know where the logs end."""

    request: Request
    answer: Callable[["Broker", "Describing"], Any]
    """A function of a module, which a copy of a world shares."""
    groups: dict[str, Refused]
    """Those that cannot be described, and why."""
    places: dict[str, list[SharePartitionKey]]
    found: dict[SharePartitionKey, ShareOffset] = field(default_factory=dict)
    complete: dict[SharePartitionKey, int] = field(default_factory=dict)
    left: int = 0

    def begin(self, broker: "Broker") -> None:
        keys = [key for each in self.places.values() for key in each]
        self.left = len(keys) + 1
        for key in keys:
            broker.persister.summarize(key, self)
        self._one_less(broker)

    def answered(self, broker: "Broker", key: SharePartitionKey, result: Any) -> None:
        self.found[key] = ShareOffset(result.start_offset, result.leader_epoch)
        self.complete[key] = result.delivery_complete_count
        if result.start_offset == UNINITIALIZED_START or result.delivery_complete_count < 0:
            self._one_less(broker)
        else:
            broker.latest_offsets.ask(key, self)

    def failed(self, broker: "Broker", key: SharePartitionKey, error_code: ErrorCode) -> None:
        self.found[key] = ShareOffset(error_code=error_code)
        self._one_less(broker)

    def ends_at(self, broker: "Broker", key: SharePartitionKey, end_offset: int | None) -> None:
        """None: nobody could say."""
        known = self.found[key]
        if end_offset is not None:
            lag = max(end_offset - known.start_offset - self.complete[key], 0)
            self.found[key] = ShareOffset(known.start_offset, known.leader_epoch, lag)
        self._one_less(broker)

    def _one_less(self, broker: "Broker") -> None:
        self.left -= 1
        if self.left == 0:
            broker.respond(self.request, self.answer(broker, self))


@dataclass
class Changing:
    """The offsets of one group set anew, or forgotten, partition by partition."""

    request: Request
    answer: Callable[["Broker", "Changing"], Any]
    forgets: bool
    names: dict[UUID, str] = field(default_factory=dict)
    """Of the topics it is about, as they were when it was asked: one may be deleted before all have answered."""
    results: dict[tuple[str, int], ErrorCode] = field(default_factory=dict)
    """By topic name and partition."""
    left: int = 1

    def answered(self, broker: "Broker", key: SharePartitionKey, _result: Any) -> None:
        if self.forgets:
            broker.share_groups.forgotten(key)
        else:
            broker.share_groups.begun(key, known=True)
        self._settle(broker, key, ErrorCode.none)

    def failed(self, broker: "Broker", key: SharePartitionKey, error_code: ErrorCode) -> None:
        self._settle(broker, key, error_code)

    def one_less(self, broker: "Broker") -> None:
        self.left -= 1
        if self.left == 0:
            broker.respond(self.request, self.answer(broker, self))

    def _settle(self, broker: "Broker", key: SharePartitionKey, error_code: ErrorCode) -> None:
        self.results[self.names[key.topic_id], key.partition] = error_code
        self.one_less(broker)


def check_empty(group: ShareGroup) -> None:
    if group.members:
        raise Refused(ErrorCode.non_empty_group, said(ErrorCode.non_empty_group))


def alter(broker: "Broker", request: Request, answer: Callable[["Broker", Changing], Any]) -> None:
    """A group that is not there yet comes into being, if there is something to begin with."""
    body = request.body
    group = broker.share_groups.find_or_new(body.group_id)
    check_empty(group)
    changing = Changing(request, answer, forgets=False)
    wanted = [(topic.topic_name, each) for topic in body.topics for each in topic.partitions]
    there = [(name, each) for name, each in wanted if broker.metadata.partition(name, each.partition_index)]
    for name, each in wanted:
        if broker.metadata.partition(name, each.partition_index) is None:
            changing.results[name, each.partition_index] = ErrorCode.unknown_topic_or_partition
    if there:
        broker.share_groups.make(group)
        changing.left += len(there)
        for name, each in there:
            topic_id = broker.metadata.topics[name].topic_id
            changing.names[topic_id] = name
            key = SharePartitionKey(body.group_id, topic_id, each.partition_index)
            broker.persister.initialize(key, group.epoch, each.start_offset, changing)
    changing.one_less(broker)


def forget(broker: "Broker", request: Request, answer: Callable[["Broker", Changing], Any]) -> None:
    body = request.body
    group = broker.share_groups.find(body.group_id)
    check_empty(group)
    topics = broker.metadata.topics
    names = {topics[each.topic_name].topic_id: each.topic_name for each in body.topics if each.topic_name in topics}
    changing = Changing(request, answer, forgets=True, names=names)
    keys = [SharePartitionKey(body.group_id, *place) for place in group.initialized if place[0] in names]
    changing.left += len(keys)
    for key in keys:
        broker.persister.delete(key, changing)
    changing.one_less(broker)
