"""What one request, deadline or committed write leads to, gathered while it is decided.

The coordinator carries it out afterwards: answers go to the broker, writes to the log of the
group's `__consumer_offsets` partition, and events to the stage. So deciding needs no broker.
"""

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from kafkalab.engine.broker.coordinator_writes import CoordinatorProducer
from kafkalab.engine.config import BrokerConfig
from kafkalab.engine.coordinators.classic_group import COMES_FROM, ClassicGroup, GroupState, Member
from kafkalab.engine.coordinators.records import GroupCoordinatorRecord
from kafkalab.engine.events import Event, GroupStateChanged
from kafkalab.engine.node import Request
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.coordinators.groups import Groups
    from kafkalab.engine.coordinators.modern.group import Deadline


class Sequel(Protocol):
    """What follows once a write is committed, or is known not to be."""

    def committed(self, groups: "Groups", turn: "Turn") -> None: ...

    def failed(self, groups: "Groups", turn: "Turn", error: ErrorCode) -> None: ...


@dataclass(frozen=True, slots=True)
class Write:
    records: tuple[GroupCoordinatorRecord, ...]
    sequel: Sequel
    producer: CoordinatorProducer | None = None
    """Whose transaction they belong to."""


@dataclass
class Turn:
    now_us: int
    random: Random
    config: BrokerConfig
    answers: list[tuple[Request, Any]] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    deadlines: list["Deadline"] = field(default_factory=list)
    """Of a modern group, set when its log has taken what was written."""

    @property
    def now_ms(self) -> int:
        return self.now_us // 1000

    def in_ms(self, delay_ms: int) -> int:
        """That moment, in microseconds."""
        return self.now_us + delay_ms * 1000

    def answer(self, request: Request, body: Any) -> None:
        self.answers.append((request, body))

    def arm(self, deadline: "Deadline") -> None:
        self.deadlines.append(deadline)

    def write(
        self,
        records: tuple[GroupCoordinatorRecord, ...],
        sequel: Sequel,
        producer: CoordinatorProducer | None = None,
    ) -> None:
        """Without records, the sequel follows when all that was written before is committed."""
        self.writes.append(Write(records, sequel, producer))

    def tell(self, event: Event) -> None:
        self.events.append(event)

    def new_member_id(self, prefix: str) -> str:
        return f"{prefix}-{UUID(int=self.random.getrandbits(128), version=4)}"

    def heard_of(self, member: Member) -> None:
        """Its session begins anew."""
        member.expires_at_us = self.in_ms(member.session_timeout_ms)

    def transition(self, group: ClassicGroup, state: GroupState, reason: str) -> None:
        assert group.state in COMES_FROM[state], f"{group.group_id}: {group.state} to {state}"
        before, group.previous_state, group.state = group.state, group.state, state
        group.state_since_ms = self.now_ms
        self.tell(GroupStateChanged(group.group_id, before.value, state.value, group.generation, reason))


def storage_error(error: ErrorCode) -> ErrorCode:
    """What a member is told when its group's log could not be written.

    Codes that make it look for the coordinator again and try once more
    (CoordinatorOperationExceptionHelper.handleOperationException).
    """
    match error:
        case ErrorCode.unknown_topic_or_partition | ErrorCode.not_enough_replicas | ErrorCode.request_timed_out:
            return ErrorCode.coordinator_not_available
        case ErrorCode.not_enough_replicas_after_append:
            return ErrorCode.coordinator_not_available
        case ErrorCode.not_leader_or_follower | ErrorCode.kafka_storage_error:
            return ErrorCode.not_coordinator
        case ErrorCode.record_list_too_large | ErrorCode.message_too_large | ErrorCode.invalid_fetch_size:
            return ErrorCode.unknown_server_error
    return error
