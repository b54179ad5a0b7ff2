"""SaslAuthenticate (36): a token of the mechanism that was agreed on (KIP-152).

As SaslHandshake it is a matter between the client and the listener: who comes to a broker with it is out of turn.
"""

from typing import TYPE_CHECKING

from kio.schema.sasl_authenticate.v2.response import SaslAuthenticateResponse

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

OUT_OF_TURN = "SaslAuthenticate request received after successful authentication"


def handle(broker: "Broker", request: Request) -> SaslAuthenticateResponse:
    raise Refused(ErrorCode.illegal_sasl_state, OUT_OF_TURN)


def refuse(request: Request, refused: Refused) -> SaslAuthenticateResponse:
    return SaslAuthenticateResponse(error_code=refused.error_code, error_message=refused.message, auth_bytes=b"")
