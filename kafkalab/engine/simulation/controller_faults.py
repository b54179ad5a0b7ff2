"""What goes wrong with controllers where there are three of them, done and mended."""

from kafkalab.engine.cluster import Cluster
from kafkalab.engine.simulation.plans import Fault
from kafkalab.engine.spec import controller_node


def begin(cluster: Cluster, fault: Fault) -> bool:
    """Whether there was anything to be done."""
    world = cluster.world
    alive = fault.node in world.nodes
    match fault.kind:
        case "controller kill" if alive:
            world.crash(fault.node)
        case "controller stop" if alive and fault.node not in world.frozen:
            cluster.stop_controller(number(fault.node))
        case "controller freeze" if alive and fault.node not in world.frozen:
            world.freeze(fault.node)
        case "controller isolate":
            cluster.isolate_controller(number(fault.node))
        case "controller cut":
            world.network.cut[fault.node, fault.other] = None
            world.network.cut[fault.other, fault.node] = None
        case "controller cut one way":
            world.network.cut[fault.node, fault.other] = None
        case "active controller kill" if cluster.active_controller is not None:
            world.crash(cluster.active_controller.name)
        case "active controller isolate" if cluster.active_controller is not None:
            cluster.isolate_controller(cluster.active_controller.controller_id)
        case _:
            return False
    return True


def mend(cluster: Cluster, fault: Fault) -> None:
    world = cluster.world
    match fault.kind:
        case "controller kill" | "controller stop" | "active controller kill":
            start_all(cluster)
        case "controller freeze":
            if fault.node in world.frozen:
                world.thaw(fault.node)
        case "controller isolate":
            world.network.islands.pop(fault.node, None)
        case "active controller isolate":
            for controller_id in cluster.spec.controllers:
                world.network.islands.pop(controller_node(controller_id), None)
        case "controller cut" | "controller cut one way":
            world.network.cut.pop((fault.node, fault.other), None)
            world.network.cut.pop((fault.other, fault.node), None)


def mend_everything(cluster: Cluster) -> None:
    cluster.world.network.islands.clear()
    start_all(cluster)


def start_all(cluster: Cluster) -> None:
    for controller_id in cluster.spec.controllers:
        if controller_node(controller_id) not in cluster.world.nodes:
            cluster.start_controller(controller_id)


def number(node: str) -> int:
    return int(node.removeprefix("controller-"))
