"""What a broker asks of the controller: its own requests, and those of clients that it passes on.

A question stays until it is answered. When the connection is lost, or whoever answers is not the
active controller, or nobody knows which one that is, it is asked again a little later, for at most 60
seconds; when another controller becomes active, at once. Which one it is the metadata log tells: see
`metadata_follower` (kafka.server.NodeToControllerChannelManager).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kafkalab.engine.node import Request, Response
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

RETRY_BACKOFF_MS = 100
GIVE_UP_AFTER_MS = 60_000


class Waiter(Protocol):
    def answered(self, broker: "Broker", body: Any) -> None: ...

    def gave_up(self, broker: "Broker") -> None: ...


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A client's request that the controller answers (KIP-590)."""

    request: Request

    def answered(self, broker: "Broker", body: Any) -> None:
        broker.respond(self.request, body)

    def gave_up(self, broker: "Broker") -> None:
        broker.hang_up(self.request.source)


@dataclass(frozen=True, slots=True)
class Question:
    request: Request
    """As sent last; every attempt has a correlation id of its own."""
    waiter: Waiter
    give_up_us: int
    sent_us: int
    asked: str
    """The controller's node."""


@dataclass(frozen=True, slots=True)
class AskAgain:
    question: Question

    def fire(self, broker: "Broker") -> None:
        broker.controller.ask_again(self.question)


class ControllerChannel:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.in_flight: dict[int, Question] = {}

    def ask(self, api_key: int, body: Any, waiter: Waiter, api_version: int = -1) -> None:
        """`api_version` matters only where a rule depends on it; -1 is this broker's own, the newest."""
        name = self.broker.name
        self._send(Request(name, "controller", 0, api_key, api_version, name, body), waiter, self._give_up_us())

    def forward(self, request: Request, waiter: Waiter) -> None:
        self._send(request, waiter, self._give_up_us())

    def answered(self, response: Response) -> None:
        question = self.in_flight.pop(response.correlation_id, None)
        if question is None:
            return
        if getattr(response.body, "error_code", None) is ErrorCode.not_controller:
            self.broker.wake_in(RETRY_BACKOFF_MS * 1000, AskAgain(question))
        else:
            question.waiter.answered(self.broker, response.body)

    def lost(self, peer: str) -> None:
        for correlation_id, question in list(self.in_flight.items()):
            if question.asked == peer:
                del self.in_flight[correlation_id]
                self.broker.wake_in(RETRY_BACKOFF_MS * 1000, AskAgain(question))

    def controller_changed(self) -> None:
        """Whoever was asked before may never answer. It may have heard, too: every question bears being asked twice."""
        unanswered, self.in_flight = self.in_flight, {}
        for question in unanswered.values():
            self.ask_again(question)

    def silent(self, asked_before_us: int) -> list[str]:
        """Controllers that have owed an answer since before then."""
        return [question.asked for question in self.in_flight.values() if question.sent_us <= asked_before_us]

    def ask_again(self, question: Question) -> None:
        if self.broker.now_us >= question.give_up_us:
            question.waiter.gave_up(self.broker)
        else:
            self._send(question.request, question.waiter, question.give_up_us)

    def _send(self, request: Request, waiter: Waiter, give_up_us: int) -> None:
        controller = self.broker.metadata_follower.controller
        if controller is None:
            question = Question(request, waiter, give_up_us, self.broker.now_us, "")
            self.broker.wake_in(RETRY_BACKOFF_MS * 1000, AskAgain(question))
            return
        correlation_id = self.broker.next_correlation_id()
        outgoing = Request(
            source=self.broker.name,
            channel="controller",
            correlation_id=correlation_id,
            api_key=request.api_key,
            api_version=request.api_version,
            client_id=request.client_id,
            body=request.body,
            client_host=request.client_host,
            principal=request.principal,
            listener=request.listener,
        )
        self.in_flight[correlation_id] = Question(request, waiter, give_up_us, self.broker.now_us, controller)
        self.broker.send(controller, outgoing)

    def _give_up_us(self) -> int:
        return self.broker.now_us + GIVE_UP_AFTER_MS * 1000
