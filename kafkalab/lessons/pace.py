"""When a lesson lets its lab's time pass, and when it stands still. A real client's clock cannot be held."""

from kafkalab.lab import Lab


def hold(lab: Lab) -> None:
    if lab.time is not None:
        lab.stand_still()


def let_go_on(lab: Lab) -> None:
    if lab.time is not None:
        lab.time.change(paused=False)
        lab.time.set(lab.world.now_us)
        lab.conductor.rearm()


def same_pace(old: Lab, new: Lab) -> None:
    """The new one goes as fast as its learner chose before, and goes on."""
    if old.time is not None and new.time is not None:
        new.time.change(rate=old.time.rate, paused=False)
