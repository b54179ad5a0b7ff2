"""The controllers as entities: what each is in the quorum, and how far its copy of the metadata log has come."""

from typing import TYPE_CHECKING, Any

from kafkalab.engine.spec import controller_node

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

Entity = dict[str, Any]


def controllers(lab: "Lab") -> dict[str, Entity]:
    return {f"controller:{each}": _controller(lab, each) for each in lab.cluster.spec.controllers}


def is_cut_off(lab: "Lab", node: str) -> bool:
    """Whether nothing passes from there to the active controller, or, while there is none, to any."""
    active = lab.controller
    wanted = [active.name] if active is not None else [controller_node(each) for each in lab.cluster.spec.controllers]
    return all(lab.world.network.is_cut(node, each) for each in wanted if each != node)


def _controller(lab: "Lab", controller_id: int) -> Entity:
    """Numbers are -1, and `role` is "none", while it does not run."""
    node = lab.cluster.controllers.get(controller_id)
    active = lab.controller
    entity = {
        "kind": "controller",
        "id": controller_id,
        "node": controller_node(controller_id),
        "state": _state(lab, controller_id),
        "active": node is not None and node is active,
        "role": "none",
        "voter": True,
        "epoch": -1,
        "leader": -1,
        "voted_for": -1,
        "log_start": -1,
        "log_end": -1,
        "high_watermark": -1,
        "snapshot_end": -1,
        "metadata_offset": -1,
    }
    if node is None or not node.running:
        return entity
    quorum, replica = node.quorum, node.replica
    return entity | {
        "role": type(quorum.state).__name__.lower() if quorum.is_voter else "observer",
        "voter": quorum.is_voter,
        "epoch": quorum.epoch,
        "leader": quorum.hint.leader_id,
        "voted_for": quorum.voted_id,
        "log_start": replica.log.start_offset,
        "log_end": replica.end_offset,
        "high_watermark": replica.high_watermark,
        "snapshot_end": replica.snapshot.end_offset if replica.snapshot is not None else -1,
        "metadata_offset": node.image.offset,
    }


def _state(lab: "Lab", controller_id: int) -> str:
    name = controller_node(controller_id)
    if name not in lab.world.nodes:
        return lab.controllers_down.get(controller_id, "stopped")
    if name in lab.world.frozen:
        return "frozen"
    others = [controller_node(each) for each in lab.cluster.spec.controllers if each != controller_id]
    others += [broker.node for broker in lab.cluster.spec.brokers]
    return "isolated" if all(lab.world.network.is_cut(name, other) for other in others) else "running"
