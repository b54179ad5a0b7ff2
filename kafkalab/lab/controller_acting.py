"""How the commands to a controller are carried out: its process stopped, started, or made to stand still."""

from typing import TYPE_CHECKING, Any

from kafkalab.engine.spec import controller_node
from kafkalab.lab import controller_commands
from kafkalab.lab.not_possible import NotPossible

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab


def do_to_controller(lab: "Lab", command: controller_commands.ControllerCommand) -> dict[str, Any]:
    """Raises NotPossible."""
    cluster, controller = lab.cluster, command.controller
    if controller not in cluster.spec.controllers:
        raise NotPossible(controller=f"must be one of {', '.join(map(str, cluster.spec.controllers))}")
    node = controller_node(controller)
    up, frozen = node in lab.world.nodes, node in lab.world.frozen
    if isinstance(command, controller_commands.StartController):
        if up:
            raise NotPossible(controller=f"{controller} is running already")
        cluster.start_controller(controller)
        return {}
    if not up:
        raise NotPossible(controller=f"{controller} is not running")
    match command:
        case controller_commands.CrashController():
            cluster.crash_controller(controller)
        case controller_commands.StopController():
            if frozen:
                raise NotPossible(controller=f"{controller} is frozen and does not hear the request")
            cluster.stop_controller(controller)
        case controller_commands.ThawController():
            if not frozen:
                raise NotPossible(controller=f"{controller} is not frozen")
            cluster.thaw_controller(controller)
        case controller_commands.FreezeController() | controller_commands.IsolateController():
            if frozen and isinstance(command, controller_commands.FreezeController):
                raise NotPossible(controller=f"{controller} is frozen already")
            return {"fault": lab.faults.begin(command)}
    return {}
