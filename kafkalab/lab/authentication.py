"""Before a client is let in: ApiVersions if it likes, SaslHandshake, then tokens until both sides are content.

Nothing else is answered meanwhile. It knows no socket: it hears frames and says what to send, and whether that was
all (org.apache.kafka.common.security.authenticator.SaslServerAuthenticator, KIP-43, KIP-152, KIP-368).
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from kio.schema.sasl_authenticate.v2.response import SaslAuthenticateResponse
from kio.schema.sasl_handshake.v1.response import SaslHandshakeResponse
from kio.static.primitive import i64Timedelta

from kafkalab.lab.mechanisms import MECHANISMS, Account, Find, NotAuthenticated, Plain, Scram, mechanism
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.frames import Buffer, MalformedFrame, read_header
from kafkalab.wire.translate import (
    DecodedRequest,
    MalformedRequest,
    UnsupportedVersion,
    decode_request,
    encode_response,
)

LARGEST_FRAME = 512 * 1024
"""sasl.server.max.receive.size: nobody who is not let in may send more at once."""
WITH_FRAMES_SINCE = 1
"""From this version of SaslHandshake on tokens come as SaslAuthenticate, before as bare bytes."""


class State(Enum):
    HANDSHAKE_OR_VERSIONS = auto()
    HANDSHAKE = auto()
    TOKENS = auto()
    OTHER_MECHANISM = auto()
    """Of a re-authentication that is not as the first one was: whatever comes next ends it."""


class OutOfTurn(Exception):
    """The connection is closed without a word; the message is for the lab."""


@dataclass(frozen=True, slots=True)
class Step:
    """What to do about a frame."""

    say: list[Buffer]
    failed: bool = False
    """That was the last word, after a delay."""
    account: Account | None = None
    """Who may come in now."""
    to_broker: bool = False
    """It is ApiVersions: the broker answers."""


class Authentication:
    def __init__(self, find: Find, session_ms: int, again_as: str = "", again_with: str = "") -> None:
        """`session_ms` is how long it holds, 0 for ever. Whoever authenticates again must stay who it is."""
        self.mechanism = ""
        self._find = find
        self._session_ms = session_ms
        self._again_as = again_as
        self._again_with = again_with
        self._state = State.HANDSHAKE if again_as else State.HANDSHAKE_OR_VERSIONS
        self._exchange: Plain | Scram | None = None
        self._in_requests = False

    @property
    def _text(self) -> str:
        return "re-authentication" if self._again_as else "authentication"

    def hear(self, frame: Buffer) -> Step:
        """Raises OutOfTurn."""
        match self._state:
            case State.TOKENS if self._in_requests:
                return self._hear_authenticate(frame)
            case State.TOKENS:
                return self._hear_token(bytes(frame))
            case State.OTHER_MECHANISM:
                raise OutOfTurn(f"its mechanism is not that of its first authentication, {self._again_with}")
            case _:
                return self._hear_first(frame)

    def versions_told(self) -> None:
        """ApiVersions was answered as it should be."""
        self._state = State.HANDSHAKE

    # -- handshake -----------------------------------------------------------------------------

    def _hear_first(self, frame: Buffer) -> Step:
        try:
            header = read_header(frame)
        except MalformedFrame as malformed:
            raise OutOfTurn(malformed.reason) from None
        if header.api_key not in (ApiKey.API_VERSIONS, ApiKey.SASL_HANDSHAKE):
            raise OutOfTurn(f"Unexpected Kafka request of type {_kafka_name(header.api_key)} during SASL handshake.")
        if header.api_key == ApiKey.API_VERSIONS:
            if self._state is not State.HANDSHAKE_OR_VERSIONS:
                raise OutOfTurn("Unexpected ApiVersions request received during SASL authentication")
            return Step([], to_broker=True)
        request = _decoded(frame)
        wanted = request.body.mechanism
        if wanted not in MECHANISMS:
            return Step(_handshake(request, ErrorCode.unsupported_sasl_mechanism), failed=True)
        self._in_requests = request.api_version >= WITH_FRAMES_SINCE
        self.mechanism = wanted
        self._exchange = mechanism(wanted, self._find)
        self._state = State.TOKENS if wanted == (self._again_with or wanted) else State.OTHER_MECHANISM
        return Step(_handshake(request, ErrorCode.none))

    # -- tokens --------------------------------------------------------------------------------

    def _hear_token(self, token: bytes) -> Step:
        assert self._exchange is not None
        try:
            answer = self._exchange.answer(token)
            account = self._agreed()
        except NotAuthenticated:
            # There is no place for an error in bare bytes.
            return Step([], failed=True)
        return Step([len(answer).to_bytes(4, "big") + answer], account=account)

    def _hear_authenticate(self, frame: Buffer) -> Step:
        try:
            api_key = read_header(frame).api_key
        except MalformedFrame as malformed:
            raise OutOfTurn(malformed.reason) from None
        if api_key != ApiKey.SASL_AUTHENTICATE:
            raise OutOfTurn(f"Unexpected Kafka request of type {_kafka_name(api_key)} during SASL authentication.")
        request = _decoded(frame)
        assert self._exchange is not None
        try:
            answer = self._exchange.answer(request.body.auth_bytes)
            account = self._agreed()
        except NotAuthenticated as refused:
            message = refused.message or (
                f"Authentication failed during {self._text} due to invalid credentials with SASL mechanism "
                f"{self.mechanism}"
            )
            return Step(_authenticated(request, ErrorCode.sasl_authentication_failed, message), failed=True)
        lifetime_ms = self._session_ms if account is not None else 0
        return Step(_authenticated(request, ErrorCode.none, None, answer, lifetime_ms), account=account)

    def _agreed(self) -> Account | None:
        assert self._exchange is not None
        account = self._exchange.account
        if account is not None and self._again_as and account.principal != self._again_as:
            before, now = self._again_as.replace(":", ".", 1), account.principal.replace(":", ".", 1)
            raise NotAuthenticated(f"Cannot change principals during re-authentication from {before}: to {now}")
        return account


def _decoded(frame: Buffer) -> DecodedRequest:
    try:
        return decode_request(frame)
    except (MalformedRequest, UnsupportedVersion) as error:
        raise OutOfTurn(str(error)) from None


def _handshake(request: DecodedRequest, error: ErrorCode) -> list[Buffer]:
    body = SaslHandshakeResponse(error_code=error, mechanisms=MECHANISMS)
    return encode_response(request.api_key, request.api_version, request.correlation_id, body)


def _authenticated(
    request: DecodedRequest, error: ErrorCode, message: str | None, token: bytes = b"", lifetime_ms: int = 0
) -> list[Buffer]:
    body = SaslAuthenticateResponse(
        error_code=error,
        error_message=message,
        auth_bytes=token,
        session_lifetime=i64Timedelta.parse(timedelta(milliseconds=lifetime_ms)),
    )
    return encode_response(request.api_key, request.api_version, request.correlation_id, body)


def _kafka_name(api_key: int) -> str:
    return ApiKey(api_key).name if api_key in list(ApiKey) else str(api_key)
