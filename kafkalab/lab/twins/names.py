"""What the clients of a script are called: most orders leave that to the lab, which takes the next free name."""

from typing import TYPE_CHECKING

from kafkalab.lab import commands as order
from kafkalab.lab.client_commands import CrashProducer
from kafkalab.lab.past import TimedOrder

if TYPE_CHECKING:
    from kafkalab.lab.past import Script


def created(script: "Script") -> list[tuple[TimedOrder, str]]:
    """Each order that makes a producer or a consumer, with the name that it got."""
    taken = dict.fromkeys(script.checkpoint.world.nodes)
    found = []
    for each in script.orders:
        match each.command:
            case order.CreateProducer(name=wanted):
                found.append((each, wanted or _free("producer", taken)))
                taken[found[-1][1]] = None
            case order.AddConsumer(name=wanted):
                found.append((each, wanted or _free("consumer", taken)))
                taken[found[-1][1]] = None
            case (
                order.RemoveProducer(name)
                | order.RemoveConsumer(name)
                | order.CrashConsumer(name)
                | CrashProducer(name)
            ):
                taken.pop(name, None)
    return found


def _free(kind: str, taken: dict[str, None]) -> str:
    number = 1
    while f"{kind}-{number}" in taken:
        number += 1
    return f"{kind}-{number}"
