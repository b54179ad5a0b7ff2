"""What a controller tells itself to look at later, and what a person tells it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shutdown:
    """A person asks for it, as SIGTERM does."""

    hands_over: bool = True
    """Whether an active controller waits until another one is."""


@dataclass(frozen=True, slots=True)
class CheckSessions:
    """A broker may have been silent for too long."""


@dataclass(frozen=True, slots=True)
class CheckFetches:
    """A fetch may have waited long enough."""


@dataclass(frozen=True, slots=True)
class CheckQuorum:
    """A deadline of the quorum may have passed."""

    at_us: int


@dataclass(frozen=True, slots=True)
class RestoreLeaders:
    """It is time to look for leaders that are not the preferred ones, and for partitions without any."""

    epoch: int
