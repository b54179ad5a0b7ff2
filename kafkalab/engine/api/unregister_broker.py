"""UnregisterBroker (64): the controller forgets a broker for good; any broker passes the request on (KIP-631)."""

from typing import TYPE_CHECKING

from kio.schema.unregister_broker.v0.response import UnregisterBrokerResponse

from kafkalab.engine.controller.brokers import unregistration_refused
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> None:
    broker.forward(request)


def refuse(request: Request, refused: Refused) -> UnregisterBrokerResponse:
    return unregistration_refused(refused)
