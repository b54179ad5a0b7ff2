"""What makes a stretch of a lab's history happen once more: how it stood, and every order since.

An order is given again at the same moment and after the same step of the world, so what it meets is
what it met then, and so is what comes of it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kafkalab.lab.commands import Command
    from kafkalab.lab.lab import Lab


@dataclass(frozen=True, slots=True)
class LeftOut:
    """In the place of an order that is not given this time."""

    numbered: bool
    """It was a fault: its number is used up all the same, so that the later ones keep theirs."""


@dataclass(frozen=True, slots=True)
class TimedOrder:
    """A command, and when it was given."""

    at_us: int
    """The world's time."""
    step: int
    """After which step of the world: several things happen in one moment."""
    command: "Command | LeftOut"
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """Other orders may be put in place of these: it is data. `begin` plays it."""

    checkpoint: "Lab"
    """How it stood. It is never played itself."""
    orders: tuple[TimedOrder, ...]
    """Since then, in their order."""
    until_us: int
    """Now, when the script was asked for."""

    @property
    def from_us(self) -> int:
        return self.checkpoint.world.now_us

    def begin(self) -> "Playing":
        return Playing(self)


class Playing:
    """A script under way, in a lab of its own, as far as it was told to come. That costs time: see `to`."""

    def __init__(self, script: Script) -> None:
        self.lab = script.checkpoint.fork()
        self.lab.stand_still()
        self._orders = list(reversed(script.orders))

    def to(self, us: int) -> None:
        """Let it come so far, with every order due by then. In small portions it holds up nobody for long."""
        while self._orders and self._orders[-1].at_us <= us:
            order = self._orders.pop()
            self._wait_for(order)
            if not isinstance(order.command, LeftOut):
                self.lab.do(order.command, lambda outcome: None, unseen=order.unseen)
            elif order.command.numbered:
                self.lab.faults.leave_out()
        self.lab.advance(max(0, us - self.lab.world.now_us))
        self.lab.stand_still()

    def _wait_for(self, order: TimedOrder) -> None:
        """Let the lab come to where the order was given."""
        world = self.lab.world
        while (due_us := world.next_due_us()) is not None and due_us <= order.at_us:
            if world.now_us >= order.at_us and world.steps >= order.step:
                return
            world.step()
        world.now_us = max(world.now_us, order.at_us)
