"""How the clients of a room's place come into the cluster of its drill: by the ports, the name and the password that
they have for the place's own lab, and into that again when the drill is over.
"""

from kafkalab.drills import Drill
from kafkalab.lab import Lab, LabsRefused, ManyLabs, Tenant
from kafkalab.web.classroom.models import Room
from kafkalab.web.classroom.places import settled
from kafkalab.web.labs.open_labs import open_labs


class PlaceDoor:
    def __init__(self, many: ManyLabs, tenant: Tenant) -> None:
        self._many, self._tenant = many, tenant

    @property
    def used(self) -> bool:
        return self._tenant.elsewhere is not None and bool(self._tenant.elsewhere.connections)

    def lead_to(self, lab: Lab) -> None:
        self._many.lead(self._tenant, lab)

    def close(self) -> None:
        self._many.lead(self._tenant, None)


def behind_shared_ports(drill: Drill) -> ManyLabs | None:
    """Where clients of rooms are let in; None where they are not, or that drill's cluster has more brokers than there
    are ports, or fewer."""
    many = open_labs.own
    return many if many is not None and many.brokers == drill.settings.brokers else None


def door_at(room: Room, place: str, drill: Drill) -> PlaceDoor | None:
    """None where the drill is reached by its page alone."""
    many = behind_shared_ports(drill)
    if many is None:
        return None
    try:
        return PlaceDoor(many, settled(room, place))
    except LabsRefused:
        # There are as many labs as there may be, and this place has none of its own.
        return None
