"""Facts about processes: started, killed, stopped, frozen."""

from kafkalab.engine.events.event import Event
from kafkalab.wire.frozen import dataclass


@dataclass(frozen=True, slots=True)
class NodeStarted(Event):
    """{node} started."""

    node: str


@dataclass(frozen=True, slots=True)
class NodeCrashed(Event):
    """{node} was killed: what it held in memory is gone, its disk is as it was."""

    node: str


@dataclass(frozen=True, slots=True)
class LogDirFailed(Event):
    """Broker {broker} halts, since its only log directory is offline: {reason}."""

    broker: int
    reason: str


@dataclass(frozen=True, slots=True)
class NodeExited(Event):
    """{node} shut down in good order."""

    node: str


@dataclass(frozen=True, slots=True)
class NodeFrozen(Event):
    """{node} stands still: it is alive but does nothing."""

    node: str


@dataclass(frozen=True, slots=True)
class NodeThawed(Event):
    """{node} goes on, and does not know how long it stood still."""

    node: str


@dataclass(frozen=True, slots=True)
class ConnectionHalfOpened(Event):
    """{node} lost its connection with {peer}, which does not know: what {node} sent before still arrives there."""

    node: str
    peer: str


@dataclass(frozen=True, slots=True)
class WallTimeEntered(Event):
    """A real client came in from {address}: to it the clock is real, so time cannot be held any more. {clocks}"""

    address: str
    clocks: str
    """What became of the machines' clocks."""


@dataclass(frozen=True, slots=True)
class LabTimeEntered(Event):
    """Time is the lab's own again: it can stand still, go step by step, and slower or faster."""


@dataclass(frozen=True, slots=True)
class BranchBegan(Event):
    """Branch {branch} parted from {lab} at {moment} UTC, and goes its own way from there."""

    branch: str
    lab: str
    moment: str


@dataclass(frozen=True, slots=True)
class BranchRemoved(Event):
    """Branch {branch} is gone, with everything in it."""

    branch: str


@dataclass(frozen=True, slots=True)
class InvariantBroken(Event):
    """Rule {invariant}, which must hold whatever happens, is broken: {detail}."""

    invariant: str
    detail: str
