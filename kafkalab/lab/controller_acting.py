"""How the commands to a controller are carried out: its process stopped, started, or made to stand still."""

from typing import TYPE_CHECKING, Any

from kafkalab.lab import controller_commands
from kafkalab.lab.not_possible import NotPossible

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab


def do_to_controller(lab: "Lab", command: controller_commands.ControllerCommand) -> dict[str, Any]:
    """Raises NotPossible."""
    cluster, controller = lab.cluster, command.controller
    if why := controller_commands.refusal(command, cluster, lab.world):
        raise NotPossible(controller=why)
    match command:
        case controller_commands.StartController():
            cluster.start_controller(controller)
        case controller_commands.CrashController():
            cluster.crash_controller(controller)
        case controller_commands.StopController():
            cluster.stop_controller(controller)
        case controller_commands.ThawController():
            cluster.thaw_controller(controller)
        case controller_commands.FreezeController() | controller_commands.IsolateController():
            return {"fault": lab.faults.begin(command)}
    return {}
