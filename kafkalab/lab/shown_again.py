"""A recording on the stage again: a lab that shows its last moment, and behind it all that is held.

There is no cluster under it. Nothing happens in it, and nothing can be done.
"""

from kafkalab.engine.cluster import Cluster
from kafkalab.engine.spec import ClusterSpec
from kafkalab.engine.world import World
from kafkalab.lab import commands as order
from kafkalab.lab import opening
from kafkalab.lab.acting import OnDone, Outcome
from kafkalab.lab.frames import Entities, Frames
from kafkalab.lab.lab import Lab
from kafkalab.lab.lab_time import LabTime
from kafkalab.lab.recording import Recording
from kafkalab.lab.shell import overheard
from kafkalab.lab.store import LabSettings


class LastView:
    """In place of a view of the world."""

    def __init__(self, entities: Entities) -> None:
        self._entities = entities

    def look(self) -> Entities:
        return self._entities


class NoActing:
    waiting = False

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def do(self, command: order.Command, on_done: OnDone) -> None:
        line = overheard(command, self._lab.bootstrap_servers)
        on_done(Outcome(ok=False, shell=line, error="This is a recording: nothing can be done in it."))


def shown_again(name: str, recording: Recording) -> Lab:
    """What `read` gave."""
    last_us = recording.last_us
    assert last_us is not None, "a recording that was read has a moment at least"
    last = recording.at(last_us)
    entities = last["entities"] | {"lab": last["entities"]["lab"] | {"mode": "lab", "paused": True}}
    brokers = sum(entity["kind"] == "broker" for entity in entities.values())
    clock = LabTime(last_us)
    clock.change(paused=True)
    clock.set(last_us)
    settings = LabSettings(name=name, brokers=brokers)
    lab = Lab(settings, Cluster(ClusterSpec.local(brokers), World(0, last_us), opening.disks(None)), clock=clock)
    lab.recording = recording
    lab.frames = Frames(lab._freshen)
    lab.frames.version = last["version"]
    lab._view = LastView(entities)  # type: ignore[assignment]
    lab._acting = NoActing(lab)  # type: ignore[assignment]
    return lab
