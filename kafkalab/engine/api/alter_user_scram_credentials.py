"""AlterUserScramCredentials (51): give users passwords or take them away; the controller decides (KIP-554).

The client has salted the password already: nobody here ever sees it.
"""

from kio.schema.alter_user_scram_credentials.v0.response import (
    AlterUserScramCredentialsResponse,
    AlterUserScramCredentialsResult,
)

from kafkalab.engine.api.forwarding import handle
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED

__all__ = ["handle", "refuse"]


def refuse(request: Request, refused: Refused) -> AlterUserScramCredentialsResponse:
    users = dict.fromkeys(each.name for each in (*request.body.deletions, *request.body.upsertions))
    return AlterUserScramCredentialsResponse(
        throttle_time=NOT_THROTTLED,
        results=tuple(
            AlterUserScramCredentialsResult(user=user, error_code=refused.error_code, error_message=refused.message)
            for user in users
        ),
    )
