"""SaslHandshake (17): which mechanism the client wants (KIP-43).

A listener that authenticates answers it itself, before any broker hears of the client. Whoever comes here with it
is let in already (kafka.server.KafkaApis.handleSaslHandshakeRequest).
"""

from typing import TYPE_CHECKING

from kio.schema.sasl_handshake.v1.response import SaslHandshakeResponse

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


def handle(broker: "Broker", request: Request) -> SaslHandshakeResponse:
    raise Refused(ErrorCode.illegal_sasl_state)


def refuse(request: Request, refused: Refused) -> SaslHandshakeResponse:
    return SaslHandshakeResponse(error_code=refused.error_code, mechanisms=())
