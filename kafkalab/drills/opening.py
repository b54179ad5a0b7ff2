"""The cluster that a drill begins with, in its steady state."""

from dataclasses import replace

from kafkalab.drills.drill import Drill
from kafkalab.drills.script import Script
from kafkalab.lab import Lab
from kafkalab.lessons import SLICE_US, START_US, Facts, look


def opened(drill: Drill, seed: int) -> Lab:
    """It stands still until played. Raises LessonRefused where it does not become steady."""
    lab = Lab.open(None, replace(drill.settings, seed=seed), start_us=START_US)
    while not lab.ready:
        lab.advance(SLICE_US)

    def looked() -> Facts:
        return look(lab) | {"drawn": drill.drawn(seed)}

    before = looked()
    script = Script(lab, drill.prepare, looked, before)
    script.progress()
    while not script.done:
        lab.advance(SLICE_US)
        script.progress()
    if not drill.steady.holds(before=before, now=looked()):
        raise drill.steady.place.refused(f"this is no steady state: {drill.steady.text}.")
    return lab
