"""DescribeUserScramCredentials (50): which users have a password for which mechanism, and nothing of the password."""

from collections import Counter
from typing import TYPE_CHECKING

from kio.schema.describe_user_scram_credentials.v0.response import (
    CredentialInfo,
    DescribeUserScramCredentialsResponse,
    DescribeUserScramCredentialsResult,
)
from kio.static.primitive import i8, i32

from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

NOT_TWICE = "Cannot describe SCRAM credentials for the same user twice in a single request: "
NOBODY = "Attempt to describe a user credential that does not exist: "


def handle(broker: "Broker", request: Request) -> DescribeUserScramCredentialsResponse:
    asked = Counter(user.name for user in request.body.users or ())
    # An empty list asks for everybody, as no list does.
    users = asked or Counter(dict.fromkeys((user for user, _ in broker.metadata.scram), 1))
    return DescribeUserScramCredentialsResponse(
        throttle_time=NOT_THROTTLED,
        error_code=ErrorCode.none,
        error_message="",
        results=tuple(_described(broker, user, times) for user, times in users.items()),
    )


def refuse(request: Request, refused: Refused) -> DescribeUserScramCredentialsResponse:
    return DescribeUserScramCredentialsResponse(
        throttle_time=NOT_THROTTLED, error_code=refused.error_code, error_message=refused.message, results=()
    )


def _described(broker: "Broker", user: str, times: int) -> DescribeUserScramCredentialsResult:
    known = sorted(
        (mechanism, each.iterations) for (name, mechanism), each in broker.metadata.scram.items() if name == user
    )
    error, message = ErrorCode.none, ""
    if times > 1:
        error, message = ErrorCode.duplicate_resource, NOT_TWICE + user
    elif not known:
        error, message = ErrorCode.resource_not_found, NOBODY + user
    infos = (CredentialInfo(mechanism=i8(mechanism), iterations=i32(count)) for mechanism, count in known)
    return DescribeUserScramCredentialsResult(
        user=user,
        error_code=error,
        error_message=message,
        credential_infos=() if error is not ErrorCode.none else tuple(infos),
    )
