"""ElectLeaders (43): the controller decides; any broker passes the request on (KIP-460, KIP-590)."""

from typing import TYPE_CHECKING

from kio.schema.elect_leaders.v2.response import ElectLeadersResponse

from kafkalab.engine.controller.elect_leaders import election_refused
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    broker.forward(request)


def refuse(request: Request, refused: Refused) -> ElectLeadersResponse:
    return election_refused(refused)
