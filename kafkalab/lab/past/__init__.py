"""The past of a lab, as far as it is kept: moments that can be executed again.

past = Past(lab)                    from now on; `lab.play` does it
past.at(us)                         a lab of its own that stands at that moment; NotHeld says why not
past.script(since_us)               a Script: the checkpoint before that moment, and the orders since
past.first_us, past.exact(us)       how far back it goes, and whether a moment can be had to the microsecond
"""

from kafkalab.lab.past.past import NotHeld, Past
from kafkalab.lab.past.script import LeftOut, Playing, Script, TimedOrder

__all__ = ["LeftOut", "NotHeld", "Past", "Playing", "Script", "TimedOrder"]
