"""Where a broker is made to answer wrongly, between a request's decoding and its handling.

All that librdkafka's mock cluster and franz-go's kfake let a test do, in one place: errors and
delays for the next answers, partitions without a leader or with one of yesterday, a coordinator
that is elsewhere, the versions of an older Kafka. The rules outlive the broker's process. Only
clients are lied to; followers fetch as ever.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kio.schema.api_versions.v4.response import ApiVersion, ApiVersionsResponse
from kio.schema.types import BrokerId
from kio.static.primitive import i16, i32

from kafkalab.engine.api import fetch
from kafkalab.engine.broker.fetch_sessions import named_by
from kafkalab.engine.broker.releases import RELEASES
from kafkalab.engine.controller.metadata import NO_LEADER
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.api import SERVED, ApiKey
from kafkalab.wire.dialect import FetchPartitionResult, FetchResponse
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

FROM_OUTSIDE = "wire"
"""The channel of clients that have asked which versions there are. The lab's own never ask."""
OF_FOLLOWERS = "fetcher"
BY_PARTITION = (ApiKey.PRODUCE, ApiKey.FETCH, ApiKey.LIST_OFFSETS)
"""Requests of which one partition alone can be refused."""


@dataclass(slots=True)
class AnswerWith:
    """The next answers of an API: an error, a delay, or both."""

    api_key: int
    times: int
    error: ErrorCode | None = None
    """None: the right answer, late."""
    round_trip_ms: int = 0
    topic: str | None = None
    """Only requests that name it; with BY_PARTITION only it is refused."""
    partition: int | None = None

    def names(self, topic: str, partition: int) -> bool:
        return self.topic in (None, topic) and self.partition in (None, partition)


@dataclass(slots=True)
class LosesAnswer:
    """The next requests of an API are carried out, and the connection breaks before the answer is out."""

    api_key: int
    times: int
    topic: str | None = None
    """Only requests that name it."""


@dataclass(frozen=True, slots=True)
class Leaderless:
    """Metadata says that a partition has no leader."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class StaleLeader:
    """Metadata names a leader of an epoch ago."""

    topic: str
    partition: int
    leader: int


@dataclass(frozen=True, slots=True)
class CoordinatorElsewhere:
    """Whoever asks is sent to this broker for the group, and every other one refuses the group."""

    group: str
    broker_id: int


@dataclass(frozen=True, slots=True)
class PosesAs:
    """An older Kafka: nothing newer is advertised or understood."""

    release: str
    """One of RELEASES."""


Rule = AnswerWith | LosesAnswer | Leaderless | StaleLeader | CoordinatorElsewhere | PosesAs


@dataclass
class Tampering:
    rules: dict[str, Rule] = field(default_factory=dict)
    """By any name."""

    def concerns(self, request: Request) -> bool:
        return bool(self.rules) and request.channel != OF_FOLLOWERS

    # -- before a request is handled -----------------------------------------------------------

    def instead(self, broker: "Broker", request: Request, api: Any) -> tuple[Request, Any, int]:
        """What is left of the request to be handled, the answer to what is not, and a delay in ms.

        Raises Refused for all of the request.
        """
        if self.too_new(request):
            raise Refused(ErrorCode.unsupported_version)
        for rule in self.rules.values():
            if not isinstance(rule, CoordinatorElsewhere) or rule.broker_id == broker.broker_id:
                continue
            if _group_of(request) == rule.group:
                raise Refused(ErrorCode.not_coordinator, "a fault says that the coordinator has moved")
        for name, rule in self.rules.items():
            if isinstance(rule, AnswerWith) and _concerns(broker, rule, request):
                rule.times -= 1
                if rule.times <= 0:
                    del self.rules[name]
                return self._by_rule(broker, rule, request, api)
        return request, None, 0

    def _by_rule(self, broker: "Broker", rule: AnswerWith, request: Request, api: Any) -> tuple[Request, Any, int]:
        if rule.error is None:
            return request, None, rule.round_trip_ms
        refused = Refused(rule.error, "a fault of the lab")
        broker.router.tell_refusal(request, refused)
        if request.api_key == ApiKey.FETCH:
            return replace(request, body=None), _fetch_answer(broker, rule, request), rule.round_trip_ms
        if rule.topic is None or request.api_key not in BY_PARTITION:
            return replace(request, body=None), api.refuse(request, refused), rule.round_trip_ms
        hit, rest = _split(broker, rule, request)
        return rest, api.refuse(hit, refused), rule.round_trip_ms

    def loses_answer(self, broker: "Broker", request: Request) -> bool:
        """Whether nobody shall hear what comes of the request. One that wants no answer loses none."""
        if request.api_key == ApiKey.PRODUCE and request.body.acks == 0:
            return False
        for name, rule in self.rules.items():
            if isinstance(rule, LosesAnswer) and _concerns(broker, rule, request):
                rule.times -= 1
                if rule.times <= 0:
                    del self.rules[name]
                return True
        return False

    def too_new(self, request: Request) -> bool:
        """Whether the Kafka that the broker poses as does not know this version."""
        posing = self._posing
        if posing is None or request.channel != FROM_OUTSIDE:
            return False
        return request.api_version > RELEASES[posing.release].get(request.api_key, -1)

    @property
    def _posing(self) -> PosesAs | None:
        return next((rule for rule in self.rules.values() if isinstance(rule, PosesAs)), None)

    # -- before an answer goes out -------------------------------------------------------------

    def amend(self, broker: "Broker", request: Request, body: Any) -> Any:
        """The answer as it shall be."""
        if body is None:
            return None
        match request.api_key:
            case ApiKey.METADATA | ApiKey.DESCRIBE_TOPIC_PARTITIONS:
                topics = tuple(replace(topic, partitions=self._partitions(topic)) for topic in body.topics)
                return replace(body, topics=topics)
            case ApiKey.FIND_COORDINATOR:
                return replace(
                    body,
                    coordinators=tuple(self._coordinator(broker, each, request.listener) for each in body.coordinators),
                )
            case ApiKey.API_VERSIONS:
                return self._versions(broker, body)
        return body

    def _partitions(self, topic: Any) -> tuple[Any, ...]:
        partitions = []
        for told in topic.partitions:
            for rule in self.rules.values():
                match rule:
                    case Leaderless(name, number) if (name, number) == (topic.name, told.partition_index):
                        error = ErrorCode.leader_not_available
                        told = replace(told, error_code=error, leader_id=BrokerId(NO_LEADER))  # noqa: PLW2901
                    case StaleLeader(name, number, leader) if (name, number) == (topic.name, told.partition_index):
                        epoch = i32(max(told.leader_epoch - 1, 0))
                        told = replace(told, leader_id=BrokerId(leader), leader_epoch=epoch)  # noqa: PLW2901
            partitions.append(told)
        return tuple(partitions)

    def _coordinator(self, broker: "Broker", told: Any, listener: str) -> Any:
        for rule in self.rules.values():
            if isinstance(rule, CoordinatorElsewhere) and rule.group == told.key:
                known = broker.metadata.brokers.get(rule.broker_id)
                if known is not None:
                    host, port = known.reached_by(listener)
                    return replace(
                        told,
                        node_id=BrokerId(rule.broker_id),
                        host=host,
                        port=i32(port),
                        error_code=ErrorCode.none,
                        error_message=None,
                    )
        return told

    def _versions(self, broker: "Broker", body: ApiVersionsResponse) -> ApiVersionsResponse:
        posing = self._posing
        if posing is None:
            return body
        newest = RELEASES[posing.release]
        keys = tuple(
            ApiVersion(api_key=i16(key), min_version=i16(SERVED[key][0]), max_version=i16(min(top, SERVED[key][-1])))
            for key, top in sorted(newest.items())
            if key in broker.routes and key in SERVED and top >= SERVED[key][0]
        )
        return replace(body, api_keys=keys)


def _group_of(request: Request) -> str | None:
    match request.api_key:
        case ApiKey.OFFSET_FETCH:
            return request.body.groups[0].group_id if request.body.groups else None
        case ApiKey.JOIN_GROUP | ApiKey.SYNC_GROUP | ApiKey.HEARTBEAT | ApiKey.LEAVE_GROUP | ApiKey.OFFSET_COMMIT:
            return str(request.body.group_id)
    return None


def _places(broker: "Broker", request: Request) -> list[tuple[str, int]]:
    """The partitions that a request is about, by topic name; -1 for a topic as a whole."""
    if request.api_key == ApiKey.FETCH:
        return [(_name(broker, each), each.asked.partition) for each in _wanted(broker, request)]
    places = []
    for topic in getattr(request.body, "topics", None) or ():
        for part in getattr(topic, "partitions", None) or (None,):
            places.append((_name(broker, topic), _number(part)))
    return places


def _concerns(broker: "Broker", rule: AnswerWith | LosesAnswer, request: Request) -> bool:
    if rule.api_key != request.api_key:
        return False
    if rule.topic is None:
        return True
    number = rule.partition if isinstance(rule, AnswerWith) else None
    return any(
        topic == rule.topic and (number is None or partition in (number, -1))
        for topic, partition in _places(broker, request)
    )


def _name(broker: "Broker", topic: Any) -> str:
    return topic.name or broker.metadata.topic_names.get(topic.topic_id, "")


def _number(part: Any) -> int:
    if part is None:
        return -1
    return int(part if isinstance(part, int) else getattr(part, "partition", getattr(part, "partition_index", -1)))


def _wanted(broker: "Broker", request: Request) -> list[Any]:
    session = broker.fetch_sessions.by_id.get(request.body.session_id)
    if session is None or request.body.session_epoch <= 0:
        return list(named_by(request.body))
    return list(({each.key: each for each in named_by(request.body)} | session.wanted).values())


def _fetch_answer(broker: "Broker", rule: AnswerWith, request: Request) -> FetchResponse:
    """Errors for the partitions meant, what there is for the others. A session ends with it."""
    assert rule.error is not None
    if rule.error in fetch.SESSION_ERRORS:
        return FetchResponse((), rule.error)
    wanted = _wanted(broker, request)
    broker.fetch_sessions.close(request.body.session_id)
    meant = [each for each in wanted if rule.names(_name(broker, each), each.asked.partition)]
    reading = fetch.read(broker, request, [each for each in wanted if each not in meant])
    errors = [(each, FetchPartitionResult(each.asked.partition, rule.error)) for each in meant]
    return FetchResponse(fetch.by_topic([*errors, *reading.results]))


def _split(broker: "Broker", rule: AnswerWith, request: Request) -> tuple[Request, Request]:
    """The request for the partitions that the rule names, and for the others."""
    parts: list[Request] = []
    for wanted in (True, False):
        topics = []
        for topic in request.body.topics:
            name = _name(broker, topic)
            kept = tuple(part for part in topic.partitions if rule.names(name, _number(part)) is wanted)
            if kept:
                topics.append(replace(topic, partitions=kept))
        parts.append(replace(request, body=replace(request.body, topics=tuple(topics))))
    hit, rest = parts
    return hit, rest if rest.body.topics else replace(rest, body=None)
