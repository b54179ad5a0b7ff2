"""UnregisterBroker (64): the controller forgets a broker for good; any broker passes the request on (KIP-631)."""

from kio.schema.unregister_broker.v0.response import UnregisterBrokerResponse

from kafkalab.engine.api.forwarding import handle
from kafkalab.engine.controller.brokers import unregistration_refused
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused

__all__ = ["handle", "refuse"]


def refuse(request: Request, refused: Refused) -> UnregisterBrokerResponse:
    return unregistration_refused(refused)
