"""The world's promises about connections with the outside."""

from typing import Any

from kafkalab.engine.network import Link, Network
from kafkalab.engine.node import ConnectionLost, Node, Request
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
