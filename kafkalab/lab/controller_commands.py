"""What a person can do to the controllers. One of them is active; with three, any other can take over."""

from dataclasses import dataclass
from typing import Annotated

from kafkalab.engine.cluster import Cluster
from kafkalab.engine.spec import controller_node
from kafkalab.engine.world import World
from kafkalab.lab.parsing import Whole

ControllerId = Annotated[int, Whole("The controller's id.", 0, 9_999)]


@dataclass(frozen=True, slots=True)
class CrashController:
    """Stop a controller as kill -9 does. If it was the active one, the others elect another, if a majority is left."""

    controller: ControllerId


@dataclass(frozen=True, slots=True)
class StopController:
    """Shut a controller down in good order: an active one hands over first."""

    controller: ControllerId


@dataclass(frozen=True, slots=True)
class StartController:
    """Start a controller that is down, on the disk it left."""

    controller: ControllerId


@dataclass(frozen=True, slots=True)
class FreezeController:
    """Let a controller stand still as SIGSTOP does: alive, holding its connections, doing nothing."""

    controller: ControllerId


@dataclass(frozen=True, slots=True)
class ThawController:
    """Let a frozen controller go on. If it was the active one, it learns that it is so no more."""

    controller: ControllerId


@dataclass(frozen=True, slots=True)
class IsolateController:
    """Cut a controller off from everyone there is. An active one resigns when no majority asks it for news."""

    controller: ControllerId


@dataclass(frozen=True, slots=True)
class DescribeQuorum:
    """Ask who leads the controllers, in which epoch, and how far each has copied the metadata log."""


ControllerCommand = (
    CrashController | StopController | StartController | FreezeController | ThawController | IsolateController
)


def refusal(command: ControllerCommand, cluster: Cluster, world: World) -> str:
    """Why it makes no sense as things are; nothing if it does."""
    controller = command.controller
    if controller not in cluster.spec.controllers:
        return f"must be one of {', '.join(map(str, cluster.spec.controllers))}"
    node = controller_node(controller)
    up, frozen = node in world.nodes, node in world.frozen
    match command:
        case StartController() if up:
            return f"{controller} is running already"
        case StartController():
            return ""
        case _ if not up:
            return f"{controller} is not running"
        case StopController() if frozen:
            return f"{controller} is frozen and does not hear the request"
        case ThawController() if not frozen:
            return f"{controller} is not frozen"
        case FreezeController() if frozen:
            return f"{controller} is frozen already"
    return ""
