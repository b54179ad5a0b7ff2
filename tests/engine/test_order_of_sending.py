"""The world numbers messages in the order of sending: whoever hears of each step knows which step sent what."""

from typing import Any

from kafkalab.engine.due import Unblock
from kafkalab.engine.network import Link, Network
from kafkalab.engine.node import Block, Node, Request, Started
from kafkalab.engine.world import World

MS = 1_000


def ask(source: str, number: int) -> Request:
    return Request(source, "", number, 0, 0, None, body=None)


class Passer(Node):
    """Asks the other one, and once more when it is woken."""

    def handle(self, message: Any) -> None:
        if isinstance(message, Started) or message == "again":
            self.send("slow", ask(self.name, self.now_us))
        if isinstance(message, Started):
            self.wake_in(3 * MS, "again")


class Slow(Node):
    """Each request takes it ten milliseconds."""

    def handle(self, message: Any) -> None:
        if isinstance(message, Request):
            self.outbox.append(Block(10 * MS))


def heard(world: World) -> list[tuple[int, int, str, str, Any]]:
    steps: list[tuple[int, int, str, str, Any]] = []
    world.on_step = lambda number, source, target, message: steps.append(
        (number, world.sent, source, target, message if isinstance(message, str) else type(message))
    )
    return steps


def test_each_step_says_what_is_delivered_and_how_much_was_sent_before() -> None:
    world = World(network=Network(Link(latency_us=MS)))
    steps = heard(world)
    world.start(Slow("slow"))
    world.start(Passer("passer"))
    world.run_until(2 * MS)
    assert steps == [
        (1, 2, "slow", "slow", Started),
        (2, 2, "passer", "passer", Started),
        (3, 4, "passer", "slow", Request),
    ]


def test_what_waited_for_a_blocked_node_keeps_the_number_it_was_sent_under() -> None:
    world = World(network=Network(Link(latency_us=MS)))
    steps = heard(world)
    world.start(Slow("slow"))
    world.start(Passer("passer"))
    world.run_until(20 * MS)
    second = [step for step in steps if step[3] == "slow" and step[4] in (Request, Unblock)]
    assert second == [
        (3, 4, "passer", "slow", Request),
        (6, 6, "passer", "slow", Request),
        (5, 6, "slow", "slow", Unblock),
        (6, 7, "passer", "slow", Request),
    ]


def test_nobody_hears_of_the_steps_of_a_fork() -> None:
    world = World()
    steps = heard(world)
    world.start(Slow("slow"))
    world.fork().run_until(MS)
    assert steps == []
