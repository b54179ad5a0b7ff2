"""Who is there: what a lab remembers of its nodes when one comes or goes."""

from contextlib import suppress
from typing import TYPE_CHECKING

from kafkalab.engine.events import BrokerUnfenced, Event, NodeCrashed, NodeExited, NodeStarted
from kafkalab.lab.store import StoreRefused

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab


def note(lab: "Lab", event: Event) -> None:
    match event:
        case NodeStarted(node) if node.startswith("broker-"):
            lab.down.pop(_number(node), None)
        case NodeStarted(node) if node.startswith("controller-"):
            lab.controllers_down.pop(_number(node), None)
        case NodeStarted(node):
            lab.adopt(node)
        case BrokerUnfenced(broker):
            lab.accepting[broker] = None
            if lab.on_broker_up is not None:
                lab.on_broker_up(broker)
        case NodeCrashed(node) | NodeExited(node) if node.startswith("broker-"):
            _broker_down(lab, _number(node), crashed=isinstance(event, NodeCrashed))
        case NodeCrashed(node) | NodeExited(node) if node.startswith("controller-"):
            lab.controllers_down[_number(node)] = "crashed" if isinstance(event, NodeCrashed) else "stopped"
        case NodeCrashed(node) | NodeExited(node):
            lab.disown(node)
            # Without its directory the lab cannot forget it for good. That is no reason to stop the world.
            with suppress(StoreRefused):
                lab.kept_clients.forget(node)


def _broker_down(lab: "Lab", broker: int, *, crashed: bool) -> None:
    lab.down[broker] = "crashed" if crashed else "stopped"
    lab.accepting.pop(broker, None)
    if lab.on_broker_down is not None:
        lab.on_broker_down(broker, crashed)


def _number(node: str) -> int:
    return int(node.rpartition("-")[2])
