"""What comes back to a group coordinator later: the next piece of a log, a deadline, a finished write."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafkalab.engine.coordinators.turn import Write
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


@dataclass(frozen=True, slots=True)
class LoadMore:
    partition: int
    leader_epoch: int

    def fire(self, broker: "Broker") -> None:
        broker.groups.load_more(self.partition, self.leader_epoch)


@dataclass(frozen=True, slots=True)
class GroupDeadline:
    """The earliest deadline of a group as it was when this was set."""

    partition: int
    group_id: str
    at_us: int

    def fire(self, broker: "Broker") -> None:
        broker.groups.deadline(self)


@dataclass(frozen=True, slots=True)
class CheckOffsets:
    def fire(self, broker: "Broker") -> None:
        broker.groups.check_offsets()


@dataclass(frozen=True, slots=True)
class GroupWrite:
    """A write on its way to being committed."""

    partition: int
    leader_epoch: int
    write: Write

    def committed(self, broker: "Broker") -> None:
        broker.groups.written(self, ErrorCode.none)

    def failed(self, broker: "Broker", error_code: ErrorCode) -> None:
        broker.groups.written(self, error_code)
