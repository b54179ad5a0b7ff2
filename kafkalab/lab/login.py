"""A connection on a listener that authenticates: what it says goes to its login until it is let in.

Who fails is told so after a while, so that guessing is slow, and the connection is closed. Where sessions end
(`connections.max.reauth.ms`) whoever is in authenticates again in good time, or is closed (KIP-368).
"""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from kafkalab.engine.api import ROUTES
from kafkalab.engine.api.api_versions import before_login
from kafkalab.engine.events import AuthenticationFailed, AuthenticationSucceeded
from kafkalab.lab.authentication import Authentication, OutOfTurn, Step
from kafkalab.wire.api import ApiKey
from kafkalab.wire.frames import Buffer
from kafkalab.wire.translate import (
    DecodedRequest,
    MalformedRequest,
    UnsupportedVersion,
    decode_request,
    encode_response,
)

if TYPE_CHECKING:
    from kafkalab.lab.connection import Connection

BETWEEN_S = 1.0
"""Nobody authenticates again more often than that."""


class Login:
    def __init__(self, connection: "Connection") -> None:
        self.connection = connection
        self.done = False
        self.waiting = False
        """For a broker, for a lab to wake up, or for the delay to pass: nothing is heard meanwhile."""
        self._loop = asyncio.get_running_loop()
        self._authentication = Authentication(connection.host.find, self._session_ms)
        self._asks_broker = False
        self._introduction: DecodedRequest | None = None
        """ApiVersions, with the name of the client's software, that no broker has heard."""
        self._answer: list[Buffer] = []
        """To be given when the client is let in."""
        self._mechanism = ""
        self._expires_at = 0.0
        self._began_at = 0.0
        self._failing: asyncio.TimerHandle | None = None

    @property
    def _session_ms(self) -> int:
        return self.connection.host.config.connections_max_reauth_ms

    def take(self, frames: deque[Buffer]) -> None:
        """Whatever has come, as far as it is for the login."""
        while frames and not self.waiting and not self.done:
            self._take(frames.popleft())
        if self.done and frames:
            self.connection.go_on()

    def _take(self, frame: Buffer) -> None:
        connection = self.connection
        try:
            step = self._authentication.hear(frame)
        except OutOfTurn as out_of_turn:
            frames_gone = str(out_of_turn)
            self.waiting = True
            connection.refuse(frames_gone)
            return
        if step.to_broker:
            self._tell_versions(frame)
        elif step.failed:
            self._fail(step)
        elif step.account is None:
            self._say(step.say)
        else:
            self.waiting = True
            self._answer = step.say
            connection.host.enter(connection, step.account)

    def let_in(self) -> None:
        """The lab is there: say so, and hear what the client wants of it."""
        connection = self.connection
        if not connection.open:
            return
        self.waiting, self.done = False, True
        self._mechanism = self._authentication.mechanism
        if self._session_ms:
            self._expires_at = self._loop.time() + self._session_ms / 1000
        connection.trust()
        if self._introduction is not None:
            connection.introduce(self._introduction)
        self._say(self._answer)
        self._answer = []
        connection.gateway.tell(
            connection.broker,
            AuthenticationSucceeded(
                connection.broker, connection.address, connection.principal, self._mechanism, connection.listener.name
            ),
        )
        connection.go_on()

    def still_valid(self, api_key: int) -> bool:
        """False when the session is over, or the client begins another one: then this login is for that."""
        if not self._expires_at:
            return True
        now = self._loop.time()
        if api_key == ApiKey.SASL_HANDSHAKE and now - self._began_at >= BETWEEN_S:
            self._began_at = now
            self._authentication = Authentication(
                self.connection.host.find, self._session_ms, self.connection.principal, self._mechanism
            )
            self.done = False
            return False
        return now < self._expires_at

    def stop(self) -> None:
        self.waiting = True
        if self._failing is not None:
            self._failing.cancel()

    # -- ApiVersions ---------------------------------------------------------------------------

    def _tell_versions(self, frame: Buffer) -> None:
        """By the broker, if it is known already whose it is."""
        connection = self.connection
        if connection.name:
            self.waiting = self._asks_broker = True
            connection.take(frame)
            connection.lab.conductor.run()
            return
        try:
            request = decode_request(frame)
        except UnsupportedVersion as unsupported:
            body = before_login(ROUTES, None)
            self._say(encode_response(ApiKey.API_VERSIONS, 0, unsupported.correlation_id, body))
            return
        except MalformedRequest as malformed:
            self.waiting = True
            connection.refuse(str(malformed))
            return
        self._say(
            encode_response(
                request.api_key, request.api_version, request.correlation_id, before_login(ROUTES, request.body)
            )
        )
        self._introduction = request
        self._authentication.versions_told()

    def answered(self, api_key: int, well: bool) -> None:
        """The broker has answered something, perhaps what it was asked before the client is in."""
        if api_key != ApiKey.API_VERSIONS or not self._asks_broker:
            return
        self.waiting = self._asks_broker = False
        if well:
            self._authentication.versions_told()

    # -- failing -------------------------------------------------------------------------------

    def _fail(self, step: Step) -> None:
        self.waiting = True
        connection = self.connection
        connection.host.tell(
            connection.broker,
            AuthenticationFailed(
                connection.broker,
                connection.address,
                self._authentication.mechanism or "a mechanism that is not there",
                connection.listener.name,
            ),
        )
        delay_s = connection.host.config.connection_failed_authentication_delay_ms / 1000
        self._failing = self._loop.call_later(delay_s, self._fail_now, step.say)

    def _fail_now(self, answer: list[Buffer]) -> None:
        self._say(answer)
        self.connection.close()

    def _say(self, answer: list[Buffer]) -> None:
        if answer and self.connection.open:
            self.connection.write(answer)
