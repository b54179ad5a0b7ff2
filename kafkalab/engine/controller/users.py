"""Users get passwords and lose them: AlterUserScramCredentials (51).

Of the salted password only the keys made of it are written down (org.apache.kafka.controller.ScramControlManager).
"""

from collections import Counter

from kio.schema.alter_user_scram_credentials.v0.request import (
    AlterUserScramCredentialsRequest,
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)
from kio.schema.alter_user_scram_credentials.v0.response import (
    AlterUserScramCredentialsResponse,
    AlterUserScramCredentialsResult,
)

from kafkalab.engine.controller.decision import Decision
from kafkalab.engine.controller.metadata import MetadataImage, MetadataRecord
from kafkalab.engine.refused import Refused
from kafkalab.engine.security.scram import (
    MAX_ITERATIONS,
    MIN_ITERATIONS,
    RemoveUserScramCredentialRecord,
    ScramMechanism,
    credential,
)
from kafkalab.wire.dialect import NOT_THROTTLED
from kafkalab.wire.errors import ErrorCode


def alter(image: MetadataImage, body: AlterUserScramCredentialsRequest) -> Decision:
    """Each user once in a request; those that are wrong are told so, the others are altered."""
    changes: tuple[ScramCredentialDeletion | ScramCredentialUpsertion, ...] = (*body.deletions, *body.upsertions)
    times = Counter(each.name for each in changes)
    results: dict[str, AlterUserScramCredentialsResult] = {}
    records: list[MetadataRecord] = []
    for each in changes:
        try:
            if times[each.name] > 1:
                message = "A user credential cannot be altered twice in the same request"
                raise Refused(ErrorCode.duplicate_resource, message)
            records.append(_removed(image, each) if isinstance(each, ScramCredentialDeletion) else _set(each))
        except Refused as refused:
            results[each.name] = _result(each.name, refused.error_code, refused.message)
        else:
            results[each.name] = _result(each.name, ErrorCode.none, None)
    # As Kafka does: those that went well first.
    ordered = sorted(results.values(), key=lambda result: result.error_code is not ErrorCode.none)
    answer = AlterUserScramCredentialsResponse(throttle_time=NOT_THROTTLED, results=tuple(ordered))
    return Decision(answer, tuple(records))


def _removed(image: MetadataImage, asked: ScramCredentialDeletion) -> MetadataRecord:
    mechanism = _mechanism(asked.name, int(asked.mechanism))
    if (asked.name, mechanism) not in image.scram:
        raise Refused(ErrorCode.resource_not_found, "Attempt to delete a user credential that does not exist")
    return RemoveUserScramCredentialRecord(asked.name, int(mechanism))


def _set(asked: ScramCredentialUpsertion) -> MetadataRecord:
    mechanism = _mechanism(asked.name, int(asked.mechanism))
    if asked.iterations < MIN_ITERATIONS:
        raise Refused(ErrorCode.unacceptable_credential, "Too few iterations")
    if asked.iterations > MAX_ITERATIONS:
        raise Refused(ErrorCode.unacceptable_credential, "Too many iterations")
    return credential(asked.name, mechanism, asked.salted_password, asked.salt, int(asked.iterations))


def _mechanism(user: str, number: int) -> ScramMechanism:
    if not user:
        raise Refused(ErrorCode.unacceptable_credential, "Username must not be empty")
    if number not in list(ScramMechanism):
        raise Refused(ErrorCode.unsupported_sasl_mechanism, "Unknown SCRAM mechanism")
    return ScramMechanism(number)


def _result(user: str, error: ErrorCode, message: str | None) -> AlterUserScramCredentialsResult:
    return AlterUserScramCredentialsResult(user=user, error_code=error, error_message=message)
