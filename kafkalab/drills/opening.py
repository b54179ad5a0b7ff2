"""The cluster that a drill begins with, in its steady state."""

from dataclasses import replace

from kafkalab.drills.drill import Drill
from kafkalab.drills.script import Script
from kafkalab.lab import Lab, Ports
from kafkalab.lessons import SLICE_US, START_US, Facts, look
from kafkalab.lessons.work import Pieces, at_once


def opened(drill: Drill, seed: int) -> Lab:
    """It stands still until played. Raises LessonRefused where it does not become steady."""
    return at_once(opening(drill, seed))


def opening(
    drill: Drill, seed: int, *, name: str = "", host: str = "", ports: Ports | None = None, start_us: int = START_US
) -> Pieces[Lab]:
    """The same in small pieces. With `ports`, one for each broker, real clients may be let in there, on `host`: they
    want a lab whose `start_us` is about now."""
    given = drill.settings
    settings = replace(given, seed=seed, name=name or given.name, host=host or given.host)
    lab = Lab.open(None, settings, ports, start_us=start_us)
    while not lab.ready:
        lab.advance(SLICE_US)
        yield

    def looked() -> Facts:
        return look(lab) | {"drawn": drill.drawn(seed)}

    before = looked()
    script = Script(lab, drill.prepare, looked, before)
    script.progress()
    while not script.done:
        lab.advance(SLICE_US)
        script.progress()
        yield
    if not drill.steady.holds(before=before, now=looked()):
        raise drill.steady.place.refused(f"this is no steady state: {drill.steady.text}.")
    return lab


def copy_of(lab: Lab) -> Lab:
    """Which goes on by itself from here, and its tape too."""
    fork = lab.fork()
    if lab.tape is not None:
        fork.tape = replace(lab.tape, commands=list(lab.tape.commands))
    return fork
