"""What a person's orders do to the time of a lab that has time of its own."""

from typing import TYPE_CHECKING, Any

from kafkalab.lab import tempo_commands as tempo
from kafkalab.lab.not_possible import NotPossible

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab


def change_tempo(lab: "Lab", command: tempo.TempoCommand) -> dict[str, Any]:
    conductor, clock = lab.conductor, lab.time
    if clock is None:
        raise NotPossible(command="is for lab time: this lab lives in wall time, where real clients come in")
    match command:
        case tempo.PauseTime():
            clock.change(paused=True)
        case tempo.PlayTime():
            clock.change(paused=False)
        case tempo.SetRate(rate):
            clock.change(rate=float(rate))
        case tempo.StepTime():
            clock.change(paused=True)
            told = lab.facts_told
            conductor.step_while(lambda: lab.facts_told == told)
    # The world has come so far and no farther, whatever the clock would say.
    clock.set(lab.world.now_us)
    conductor.rearm()
    return {"at_us": lab.world.now_us}
