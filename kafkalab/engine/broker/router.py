"""One request at a time: a broker answers the requests of a connection in the order they came.

Kafka stops reading a connection from the moment a request is read until its answer is written
(kafka.network.SocketServer mutes the channel). Here later requests of the same connection wait in
line. This order is what makes an idempotent producer's five requests in flight safe.
"""

from collections import deque
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kafkalab.engine.events import AnswerLost, RequestRefused
from kafkalab.engine.node import Request, Response
from kafkalab.engine.refused import Refused
from kafkalab.engine.security import gatekeeper
from kafkalab.engine.security.gatekeeper import Trimmed
from kafkalab.wire.api import ApiKey, name_of

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


@dataclass(frozen=True, slots=True)
class Amended:
    """What a fault does to the answer that is under way."""

    refused: Any
    """The answer to those partitions that are refused; None if it is to all or to none."""
    delay_ms: int
    lost: bool = False
    """The connection breaks instead."""


@dataclass(frozen=True, slots=True)
class AnswerDue:
    request: Request
    body: Any

    def fire(self, broker: "Broker") -> None:
        broker.router.answer(self.request, self.body)


@dataclass(frozen=True, slots=True)
class Breaks:
    """The connection, in place of the answer."""

    request: Request

    def fire(self, broker: "Broker") -> None:
        request = self.request
        broker.tell(AnswerLost(broker.broker_id, name_of(request.api_key), _who(request)))
        broker.hang_up(request.source)


@dataclass(frozen=True, slots=True)
class Unmute:
    source: str
    channel: str

    def fire(self, broker: "Broker") -> None:
        broker.router.unmute(self.source, self.channel)


class Line:
    """One connection: the request being answered, and those behind it."""

    __slots__ = ("amended", "current", "muted_until_us", "trimmed", "waiting")

    def __init__(self, current: Request) -> None:
        self.current: Request | None = current
        self.waiting: deque[Request] = deque()
        self.amended: Amended | None = None
        self.muted_until_us = 0
        self.trimmed: Trimmed | None = None
        """What the one who asks may not do is not in the request any more, and answered with the rest."""


class Router:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.lines: dict[str, dict[str, Line]] = {}
        """Source, then channel."""
        self.ready: deque[Request] = deque()
        """Requests whose turn has come."""

    def take(self, request: Request) -> None:
        lines = self.lines.get(request.source)
        if lines is None:
            lines = self.lines[request.source] = {}
        line = lines.get(request.channel)
        if line is None:
            line = lines[request.channel] = Line(request)
        elif line.current is None and line.muted_until_us <= self.broker.now_us:
            line.current = request
        else:
            line.waiting.append(request)
            return
        self._handle(line, request)

    def answer(self, request: Request, body: Any) -> None:
        line = self._line_of(request)
        if line is None:
            return
        if line.amended is not None:
            amended, line.amended = line.amended, None
            if amended.lost:
                # Not here: this may be the answer to something that waited, among others of the same connection.
                self.broker.wake_in(0, Breaks(request))
                return
            if amended.refused is not None:
                body = replace(body, topics=(*body.topics, *amended.refused.topics))
            if amended.delay_ms:
                self.broker.wake_in(amended.delay_ms * 1000, AnswerDue(request, body))
                return
        if line.trimmed is not None or not self.broker.authorizer.asks_nobody(self.broker.metadata.acls):
            body = gatekeeper.amend(self.broker, request, line.trimmed, body)
            line.trimmed = None
        if self.broker.tampering.rules and self.broker.tampering.concerns(request):
            body = self.broker.tampering.amend(self.broker, request, body)
        throttle_ms = 0
        if self.broker.client_quotas.holds_for(request):
            body, throttle_ms = self.broker.client_quotas.answering(request, body)
        if body is not None:
            answer = Response(self.broker.name, request.channel, request.correlation_id, request.api_key, body)
            self.broker.send(request.source, answer)
        line.current = None
        if throttle_ms:
            line.muted_until_us = self.broker.now_us + throttle_ms * 1000
            self.broker.wake_in(throttle_ms * 1000, Unmute(request.source, request.channel))
        elif line.waiting:
            line.current = line.waiting.popleft()
            self.ready.append(line.current)

    def unmute(self, source: str, channel: str) -> None:
        """What waited for the end of a throttle goes on, if this connection is still there and its time has come."""
        lines = self.lines.get(source)
        line = lines.get(channel) if lines is not None else None
        if line is None or line.muted_until_us > self.broker.now_us or line.current is not None or not line.waiting:
            return
        line.current = line.waiting.popleft()
        self.ready.append(line.current)

    def handle_ready(self) -> None:
        while self.ready:
            request = self.ready.popleft()
            if (line := self._line_of(request)) is not None:
                self._handle(line, request)

    def forget(self, source: str) -> None:
        self.lines.pop(source, None)
        self.broker.client_quotas.forget(source)

    def _line_of(self, request: Request) -> Line | None:
        """None once the connection that brought the request is gone."""
        lines = self.lines.get(request.source)
        line = lines.get(request.channel) if lines is not None else None
        return line if line is not None and line.current is request else None

    def _handle(self, line: Line, request: Request) -> None:
        route = self.broker.routes.get(request.api_key)
        if route is None:
            self.broker.hang_up(request.source)
            return
        if request.api_key == ApiKey.FETCH and self.broker.client_quotas.holds_for(request):
            request = line.current = self.broker.client_quotas.bounded(request)
        try:
            if not self.broker.authorizer.asks_nobody(self.broker.metadata.acls):
                allowed = self._allowed(line, route, request)
                if allowed is None:
                    return
                request = allowed
            if self.broker.tampering.rules and self.broker.tampering.concerns(request):
                self._handle_amended(line, route, request)
                return
            body = route.handle(self.broker, request)
        except Refused as refused:
            self.tell_refusal(request, refused)
            if request.api_key == ApiKey.PRODUCE and request.body.acks == 0:
                # Nobody waits for an answer (ProduceRequest.getErrorResponse): closing is all there is to say.
                self.broker.hang_up(request.source)
                return
            # What was left of it when it was refused: permissions or a fault may have taken some away.
            request = line.current or request
            body = route.refuse(request, refused)
        if body is not None:
            self.answer(request, body)

    def _allowed(self, line: Line, route: ModuleType, request: Request) -> Request | None:
        """What is left of a request once it was asked who may do what; None when that was all of an answer.

        Raises Refused."""
        line.trimmed = gatekeeper.examine(self.broker, request, route)
        if line.trimmed is None:
            return request
        if request.api_key == ApiKey.PRODUCE and request.body.acks == 0:
            self.broker.hang_up(request.source)
            return None
        line.current = line.trimmed.rest
        if line.trimmed.nothing_left:
            self.answer(line.trimmed.rest, None)
            return None
        return line.trimmed.rest

    def _handle_amended(self, line: Line, route: ModuleType, request: Request) -> None:
        tampering = self.broker.tampering
        if tampering.too_new(request) and request.api_key != ApiKey.API_VERSIONS:
            # Nobody advertised that version: Kafka closes the connection.
            self.broker.hang_up(request.source)
            return
        rest, refused, delay_ms = tampering.instead(self.broker, request, route)
        if refused is not None and request.api_key == ApiKey.PRODUCE and request.body.acks == 0:
            self.broker.hang_up(request.source)
            return
        if rest.body is None:
            line.amended = Amended(None, delay_ms)
            self.answer(request, refused)
            return
        line.current = rest
        line.amended = Amended(refused, delay_ms, tampering.loses_answer(self.broker, rest))
        body = route.handle(self.broker, rest)
        if body is not None:
            self.answer(rest, body)

    def ask_again(self, request: Request) -> None:
        """What was missing is there now: the request is handled from its beginning."""
        if (line := self._line_of(request)) is not None:
            self._handle(line, request)

    def refuse(self, request: Request, refused: Refused) -> None:
        """No to a request that has been waiting."""
        self.tell_refusal(request, refused)
        self.answer(request, self.broker.routes[request.api_key].refuse(request, refused))

    def tell_refusal(self, request: Request, refused: Refused) -> None:
        self.broker.tell(
            RequestRefused(
                broker=self.broker.broker_id,
                api=name_of(request.api_key),
                client=_who(request),
                error=refused.error_code.name.upper(),
                detail=refused.message or "",
            )
        )


def _who(request: Request) -> str:
    return request.client_id or request.source
