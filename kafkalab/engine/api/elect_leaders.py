"""ElectLeaders (43): the controller decides (KIP-460)."""

from kio.schema.elect_leaders.v2.response import ElectLeadersResponse

from kafkalab.engine.api.forwarding import handle
from kafkalab.engine.controller.elect_leaders import election_refused
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

__all__ = ["handle", "refuse"]


def refuse(request: Request, refused: Refused) -> ElectLeadersResponse:
    return election_refused(refused)
