"""What-if twins: the orders of a lab's past, played again with one thing changed, and what differs then.

changes(lab)                  what can be changed, as the orders and settings so far make possible
ask_what_if(lab, WhatIf(...), on_told)   play one beside the lab, and keep it and what it is compared with as branches
"""

from kafkalab.lab.twins.asking import ask_what_if
from kafkalab.lab.twins.changes import Change, changes
from kafkalab.lab.twins.twin import Twin

__all__ = ["Change", "Twin", "ask_what_if", "changes"]
