"""What a person's orders do to the time of a lab, and when it is not his to order about.

A lab lives in lab time until a real client comes in: to that client the clock is real, so from then on it
is for the lab as well, until nobody is connected any more and somebody asks for lab time.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kafkalab.engine.events import LabTimeEntered, WallTimeEntered
from kafkalab.lab import tempo_commands as tempo
from kafkalab.lab.lab_time import LabTime, WallTime, date_us
from kafkalab.lab.not_possible import NotPossible

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

SECOND_US = 1_000_000
LONGEST_SEARCH_US = 60 * SECOND_US
"""For a fact that matters: after a minute of the lab's time in which there is none, it stands still again."""
FARTHEST_US = 600 * SECOND_US
"""That one order lets the lab run: at a minute a second somebody waits long enough."""


def change_tempo(lab: "Lab", command: tempo.TempoCommand) -> dict[str, Any]:
    clock = lab.time
    if isinstance(command, tempo.EnterLabTime):
        enter_lab_time(lab)
        return {"at_us": lab.world.now_us}
    if clock is None:
        raise NotPossible(command=f"takes lab time, and this lab is in wall time: {_why_wall_time(lab)}")
    found = True
    match command:
        case tempo.PauseTime():
            clock.change(paused=True)
        case tempo.PlayTime():
            clock.change(paused=False)
        case tempo.SetRate(rate):
            clock.change(rate=float(rate))
        case tempo.StepTime():
            found = _step(lab, clock)
        case tempo.StepToSignificant():
            return _to_significant(lab)
        case tempo.RunTo(at_us):
            if not lab.world.now_us <= at_us <= lab.world.now_us + FARTHEST_US:
                raise NotPossible(at_us="must be in the ten minutes to come: what is past can be forked")
            return _hurry(lab, at_us, lambda: False)
    # The world has come so far and no farther, whatever the clock would say.
    clock.set(lab.world.now_us)
    lab.conductor.rearm()
    return {"at_us": lab.world.now_us} | ({} if found else {"found": False})


def _step(lab: "Lab", clock: LabTime) -> bool:
    """Messages are beats, too: they are counted while somebody watches, and now."""
    clock.change(paused=True)
    observers = lab.world.on_message
    unwatched = lab.witness.on_message not in observers
    if unwatched:
        observers.append(lab.witness.on_message)
    before = lab.witness.beats
    found = lab.conductor.step_while(lambda: lab.witness.beats == before)
    if unwatched:
        observers.remove(lab.witness.on_message)
    return found


def _to_significant(lab: "Lab") -> dict[str, Any]:
    """It may be far away, so nobody is made to wait for it."""
    before = lab.witness.significant
    return _hurry(lab, lab.world.now_us + LONGEST_SEARCH_US, lambda: lab.witness.significant > before)


def _hurry(lab: "Lab", goal_us: int, reached: Callable[[], bool]) -> dict[str, Any]:
    lab.stand_still()
    lab.conductor.hurry_to(goal_us, reached)
    return {"at_us": lab.world.now_us, "until_us": goal_us}


# -- lab time and wall time ----------------------------------------------------------------------------


def _why_wall_time(lab: "Lab") -> str:
    connections = len(lab.world.edges)
    if not connections:
        return "no real client is connected any more, so it can be taken in hand again"
    return f"real clients hold {connections} connection{'s' * (connections > 1)}, and to them the clock is real"


def enter_wall_time(lab: "Lab", address: str) -> None:
    """Because a real client comes in. The dates are the wall's from now on; timers have not run meanwhile, and none
    of them is due because of that."""
    if lab.time is None:
        return
    lab.conductor.run()
    world = lab.world
    ahead_us = date_us() - world.now_us
    off_us = ahead_us - world.clock_ahead_us
    world.set_clocks(date_us())
    lab.time = None
    lab.tape = None
    lab.conductor.keep_time_by(WallTime(world.now_us))
    lab.tell("lab", WallTimeEntered(address, _clocks_in_words(off_us)))


def _clocks_in_words(off_us: int) -> str:
    if abs(off_us) < SECOND_US:
        return "Every machine's clock was right."
    way = "behind, and were set forward" if off_us > 0 else "ahead, and were set back"
    return f"The machines' clocks were {abs(off_us) / SECOND_US:,.0f} s {way}; no session expires by that."


def leave_lab_time(lab: "Lab") -> None:
    """Because something begins whose clock is nobody's to hold. The machines' clocks go on from where they are, and
    the tape goes on as long as no real client comes in."""
    lab.conductor.run()
    lab.time = None
    lab.conductor.keep_time_by(WallTime(lab.world.now_us))


def enter_lab_time(lab: "Lab") -> None:
    """Raises NotPossible."""
    if lab.time is not None:
        raise NotPossible(command="is done: the lab is in lab time")
    if lab.world.edges:
        raise NotPossible(command=f"must wait: {_why_wall_time(lab)}")
    lab.time = LabTime(lab.world.now_us)
    lab.conductor.keep_time_by(lab.time)
    lab.tell("lab", LabTimeEntered())
