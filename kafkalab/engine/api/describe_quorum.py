"""DescribeQuorum (55): how the controllers stand; the active one knows, any broker passes it on (KIP-595, KIP-590)."""

from typing import TYPE_CHECKING, Any

from kafkalab.engine.controller.voter_requests import quorum_description_refused
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    broker.forward(request)


def refuse(request: Request, refused: Refused) -> Any:
    return quorum_description_refused(refused)
