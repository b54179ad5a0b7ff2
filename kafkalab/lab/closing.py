"""How a lab comes to its end."""

from typing import TYPE_CHECKING

from kafkalab.engine.broker.lifecycle import ShutdownOverdue
from kafkalab.engine.controller.wakes import Shutdown

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab


def stop(lab: "Lab") -> None:
    """It is played no more, and what parted from it is gone."""
    lab.conductor.stop()
    if lab.family.trunk is lab:
        lab.family.close()
    lab.past = None
    lab.on_broker_up = lab.on_broker_down = None


def shut_down(lab: "Lab") -> None:
    """All at once and not one after the other: a controlled shutdown would pile all leaderships up on the last
    broker and shrink every ISR to it."""
    for broker in lab.running_brokers():
        if broker.name in lab.world.frozen:
            lab.world.thaw(broker.name)
        lab.world.tell_node(broker.name, ShutdownOverdue())
    for controller in lab.cluster.controllers.values():
        if controller.name in lab.world.frozen:
            lab.world.thaw(controller.name)
        lab.world.tell_node(controller.name, Shutdown(hands_over=False))


def let_go(lab: "Lab") -> None:
    """Of what it holds of the disk."""
    lab.cluster.close()
    if lab._store is not None:
        lab._store.close()
