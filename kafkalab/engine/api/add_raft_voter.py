"""AddRaftVoter (80): one controller more shall vote; any broker passes it on (KIP-853, KIP-590)."""

from typing import TYPE_CHECKING, Any

from kafkalab.engine.controller.voter_requests import voters_answered
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    broker.forward(request)


def refuse(request: Request, refused: Refused) -> Any:
    return voters_answered(request.body, refused)
