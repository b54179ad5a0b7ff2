"""Facts of the metadata quorum: which controller is the active one, and what becomes of its log."""

from dataclasses import dataclass

from kafkalab.engine.events.event import Event


@dataclass(frozen=True, slots=True)
class ControllerStoodForElection(Event):
    """Controller {controller} stands for election in epoch {epoch}."""

    controller: int
    epoch: int


@dataclass(frozen=True, slots=True)
class ControllerElected(Event):
    """Controller {controller} is the active controller from epoch {epoch} on."""

    controller: int
    epoch: int


@dataclass(frozen=True, slots=True)
class ControllerResigned(Event):
    """Controller {controller}, which led the quorum in epoch {epoch}, does so no more: {reason}."""

    controller: int
    epoch: int
    reason: str


@dataclass(frozen=True, slots=True)
class MetadataTruncated(Event):
    """Controller {controller} cut {records} records, which no majority ever had, off its metadata log at {offset}."""

    controller: int
    offset: int
    records: int


@dataclass(frozen=True, slots=True)
class MetadataSnapshotTaken(Event):
    """{node} wrote a snapshot of the metadata up to offset {end_offset}; the log before it can go."""

    node: str
    end_offset: int


@dataclass(frozen=True, slots=True)
class MetadataSnapshotReceived(Event):
    """{node} lagged behind the start of the metadata log and took the snapshot up to offset {end_offset} instead."""

    node: str
    end_offset: int


@dataclass(frozen=True, slots=True)
class VotersChanged(Event):
    """The controllers that vote are now {voters}."""

    voters: tuple[int, ...]
