"""The world's promises about connections with the outside."""

from typing import Any

from kafkalab.engine.network import Link, Network
from kafkalab.engine.node import ConnectionLost, HangUp, Node, Request, Response, Send
from kafkalab.engine.world import World


class Listener(Node):
    def __init__(self) -> None:
        super().__init__("listener")
        self.heard: list[Any] = []

    def handle(self, message: Any) -> None:
        self.heard.append(message)


def test_who_hangs_up_is_heard_to_the_end_first() -> None:
    world, listener = World(network=Network(Link(latency_us=500))), Listener()
    world.start(listener)
    world.open_edge("client", lambda message: None)
    asked = Request("client", "", 1, 3, 0, None, None)
    world.send("client", "listener", asked)
    world.close_edge("client")
    world.run_until(10_000)
    assert listener.heard[1:] == [asked, ConnectionLost("client")]


class Curt(Node):
    """Answers the first request, and hangs up instead of answering the second."""

    def handle(self, message: Any) -> None:
        match message:
            case Request(source, channel, 1):
                self.outbox.append(Send(source, Response(self.name, channel, 1, 3, None)))
            case Request(source, _, 2):
                self.outbox.append(HangUp(source))


def test_a_client_hears_what_was_answered_before_the_hanging_up() -> None:
    world, heard = World(network=Network(Link(latency_us=500))), list[Any]()
    world.start(Curt("curt"))
    world.open_edge("client", heard.append)
    for number in (1, 2):
        world.send("client", "curt", Request("client", "", number, 3, 0, None, None))
    world.run_until(10_000)
    assert heard == [Response("curt", "", 1, 3, None), ConnectionLost("curt")]


def test_what_was_lost_on_a_cut_way_is_known_to_be_lost_before_anything_newer_is_heard() -> None:
    world = World(network=Network(Link(latency_us=500)))
    asker, killed = Listener(), Listener()
    asker.name, killed.name = "asker", "killed"
    world.start(asker)
    world.start(killed)
    world.send("killed", "asker", Request("killed", "", 1, 3, 0, None, None))
    world.run_until(5_000)
    world.crash("asker")
    # It comes back, and has not heard of the other one yet.
    asker = Listener()
    asker.name = "asker"
    world.start(asker)
    world.network.cut["asker", "killed"] = None
    world.send("asker", "killed", Request("asker", "", 1, 3, 0, None, None))
    world.crash("killed")
    world.network.cut.clear()
    again = Listener()
    again.name = "killed"
    world.start(again)
    hello = Request("killed", "", 2, 3, 0, None, None)
    world.send("killed", "asker", hello)
    world.run_until(10_000_000)
    assert asker.heard[1:] == [ConnectionLost("killed"), hello]


def test_whoever_looks_after_each_step_looks_as_often_as_there_are_steps() -> None:
    world, listener = World(), Listener()
    world.start(listener)
    for number in range(3):
        world.send("listener", "listener", Request("listener", "", number, 3, 0, None, None))
    heard: list[int] = []
    world.run_until(1_000, lambda: heard.append(len(listener.heard)))
    assert heard == [1, 2, 3, 4]
    assert (world.steps, world.now_us) == (4, 1_000)
