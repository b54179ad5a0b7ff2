"""Fetch: whole batches from an offset on, for consumers up to the high watermark, for followers to the end.

The one way in which records leave a broker. A follower's fetch also tells the leader what the
follower has. An answer with less than `min_bytes` waits in purgatory until there is more or
`max_wait_ms` is over (kafka.server.KafkaApis.handleFetchRequest, ReplicaManager.fetchMessages,
DelayedFetch). What one partition yields is in `fetch_reading`, sessions in `broker/fetch_sessions`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kafkalab.engine.api.fetch_reading import fetched_by, held_back, may_read, read_one, upper_offset
from kafkalab.engine.api.leader_hints import NO_HINT, endpoints, hint_for
from kafkalab.engine.broker.fetch_sessions import (
    FINAL_EPOCH,
    FIRST_EPOCH,
    NO_SESSION,
    FetchSession,
    Wanted,
    named_by,
)
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.security.gatekeeper import check_readable
from kafkalab.wire.dialect import FetchPartitionResult, FetchRequest, FetchResponse, FetchTopicResult, LeaderHint
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

TOPIC_IDS_SINCE = 13
HINTS_SINCE = 16
"""The version that tells where the leader listens (KIP-951); who leads has had its place since version 12."""
SESSION_ERRORS = (
    ErrorCode.fetch_session_id_not_found,
    ErrorCode.invalid_fetch_session_epoch,
    ErrorCode.fetch_session_topic_id_error,
)
"""Of the session and no partition: the reader begins another session."""

UNKNOWN = (ErrorCode.unknown_topic_or_partition, ErrorCode.unknown_topic_id)
"""What Kafka finds before it looks at any replica: then the list of aborted transactions is empty, and not null."""

Result = tuple[Wanted, FetchPartitionResult]


@dataclass(slots=True)
class Reading:
    """One pass over what is wanted."""

    results: list[Result] = field(default_factory=list)
    keys: dict["PartitionKey", Wanted] = field(default_factory=dict)
    hints: tuple[LeaderHint, ...] = ()
    size: int = 0
    at_once: bool = False
    """An error, a diverging epoch or a better replica does not wait."""
    outdated: dict["PartitionKey", None] = field(default_factory=dict)
    """Partitions of which the reading itself has moved the high watermark, or which may have been held back."""
    throttled_size: int = 0
    """What of it counts for the leader's throttle, as it is sent."""


@dataclass(slots=True)
class Fetching:
    """One request, and the session it belongs to."""

    request: Request
    wanted: list[Wanted]
    session: FetchSession | None = None
    epoch: int = FINAL_EPOCH
    """Of the session, as long as no other request on it comes between."""

    def answer(self, broker: "Broker", reading: Reading) -> FetchResponse:
        results, session = reading.results, self.session
        if broker.client_quotas.holds_for(self.request):
            throttle_ms = broker.client_quotas.fetched(self.request, reading.size)
            if throttle_ms:
                return self._throttled(throttle_ms)
        if session is not None:
            if session.epoch != self.epoch:
                return FetchResponse((), ErrorCode.invalid_fetch_session_epoch, session.id)
            # By identity first: with nothing new a partition yields the very same result.
            results = [
                (wanted, result)
                for wanted, result in results
                if result is not wanted.silent and wanted.has_news(result)
            ]
            for wanted, result in results:
                wanted.told(result)
                if result.records:
                    key = wanted.key
                    if session.wanted.pop(key, None) is not None:
                        session.wanted[key] = wanted
        elif self.request.body.session_epoch == FIRST_EPOCH:
            session = self._begin_session(broker)
            for wanted, result in results:
                wanted.told(result)
        if reading.throttled_size:
            broker.leader_quota.record(reading.throttled_size)
        return FetchResponse(
            by_topic(results) if results else (),
            session_id=session.id if session else NO_SESSION,
            node_endpoints=endpoints(broker, reading.hints, self.request.listener) if reading.hints else (),
        )

    def _throttled(self, throttle_ms: int) -> FetchResponse:
        """Nothing now, and nothing has been told: the reader asks again from where it is."""
        if self.session is None:
            return FetchResponse((), throttle_time_ms=throttle_ms)
        is_current = self.session.epoch == self.epoch
        error = ErrorCode.none if is_current else ErrorCode.invalid_fetch_session_epoch
        return FetchResponse((), error, self.session.id, throttle_ms)

    def _begin_session(self, broker: "Broker") -> FetchSession | None:
        request = self.request
        by_id, privileged = request.api_version >= TOPIC_IDS_SINCE, request.body.replica_id >= 0
        return broker.fetch_sessions.begin(self.wanted, privileged, by_id, broker.now_ms, broker.random)


@dataclass(slots=True)
class FetchAwaitingBytes:
    fetching: Fetching
    reading: Reading
    """As it was when the wait began."""
    touched: dict["PartitionKey", None] = field(default_factory=dict)
    """What changed since."""

    @property
    def source(self) -> str:
        return self.fetching.request.source

    def check(self, broker: "Broker", key: "PartitionKey") -> bool:
        self.touched[key] = None
        request = self.fetching.request
        body: FetchRequest = request.body
        partition, asked = broker.replicas.partitions.get(key), self.reading.keys[key].asked
        if partition is not None and may_read(partition, asked, request):
            end = upper_offset(partition, body)
            if end <= asked.fetch_offset or held_back(broker, partition, body.replica_id):
                return False
            if body.min_bytes > 1 and self._available(broker) < body.min_bytes:
                return False
        self.expire(broker)
        return True

    def expire(self, broker: "Broker") -> None:
        reading = self.reading
        if self.touched or reading.outdated:
            reading = self._read_again(broker)
        broker.respond(self.fetching.request, self.fetching.answer(broker, reading))

    def _read_again(self, broker: "Broker") -> Reading:
        """As `read`; but where nothing has changed the answer is the same. Nothing had any records yet, if
        one byte would have been enough: so no partition's share depends on another's."""
        request, before = self.fetching.request, self.reading
        if request.body.min_bytes > 1:
            return read(broker, request, self.fetching.wanted)
        changed = {**before.outdated, **self.touched, **broker.purgatory.being_checked, **broker.purgatory.touched}
        partitions, is_followers = broker.replicas.partitions, request.body.replica_id >= 0
        reading = Reading()
        for key, read_before in zip(before.keys, before.results, strict=True):
            if key in changed:
                _read_wanted(broker, request, read_before[0], reading)
                continue
            if is_followers:
                fetched_by(partitions[key], read_before[0].asked, request.body)
            reading.results.append(read_before)
            reading.keys[key] = read_before[0]
        return reading

    def _available(self, broker: "Broker") -> int:
        size = 0
        for key, wanted in self.reading.keys.items():
            partition = broker.partitions.get(key)
            if partition is not None and not held_back(broker, partition, self.fetching.request.body.replica_id):
                end = upper_offset(partition, self.fetching.request.body)
                size += len(partition.log.read(wanted.asked.fetch_offset, wanted.asked.partition_max_bytes, end, False))
        return size


def handle(broker: "Broker", request: Request) -> FetchResponse | None:
    body: FetchRequest = request.body
    fetching = _in_its_session(broker, request)
    reading = read(broker, request, fetching.wanted)
    if reading.at_once or reading.size >= body.min_bytes or body.max_wait_ms <= 0 or not fetching.wanted:
        return fetching.answer(broker, reading)
    broker.purgatory.watch(FetchAwaitingBytes(fetching, reading), tuple(reading.keys), body.max_wait_ms)
    return None


def _in_its_session(broker: "Broker", request: Request) -> Fetching:
    """FetchManager.newContext."""
    body: FetchRequest = request.body
    sessions = broker.fetch_sessions
    if body.session_epoch in (FIRST_EPOCH, FINAL_EPOCH):
        sessions.close(body.session_id)
        return Fetching(request, named_by(body))
    session = sessions.resume(body, request.api_version >= TOPIC_IDS_SINCE, broker.now_ms)
    if not session.wanted:
        sessions.close(session.id)
        return Fetching(request, [])
    return Fetching(request, list(session.wanted.values()), session, session.epoch)


def read(broker: "Broker", request: Request, all_wanted: Iterable[Wanted]) -> Reading:
    """Read each partition in order, as far as `max_bytes` goes."""
    reading = Reading()
    for wanted in all_wanted:
        _read_wanted(broker, request, wanted, reading)
    return reading


def _read_wanted(broker: "Broker", request: Request, wanted: Wanted, reading: Reading) -> None:
    name, number = wanted.name, wanted.asked.partition
    partition = wanted.partition
    try:
        if not broker.authorizer.asks_nobody(broker.metadata.acls):
            check_readable(broker, request, wanted)
        if partition is None or broker.replicas.partitions.get(partition.key) is not partition:
            name = broker.topic_name(name, wanted.topic_id)
            partition = wanted.partition = broker.partition(name, number)
        result = read_one(broker, request, partition, wanted.asked, reading.size)
    except Refused as refused:
        name = partition.topic if partition is not None else name
        nameless = request.api_version >= TOPIC_IDS_SINCE and not (wanted.topic_id or wanted.name)
        error = ErrorCode.unknown_topic_id if nameless else refused.error_code
        reading.results.append((wanted, _refused(broker, request, name, number, error, reading)))
        return
    reading.results.append((wanted, result))
    reading.keys[partition.key] = wanted
    if broker.leader_quota.partitions and request.body.replica_id >= 0 and broker.leader_quota.throttles(partition.key):
        reading.throttled_size += len(result.records)
        reading.outdated[partition.key] = None
    if result.records:
        reading.size += len(result.records)
    elif result.diverging_epoch.epoch >= 0 or result.preferred_read_replica >= 0:
        reading.at_once = True
    if result.high_watermark != partition.high_watermark:
        reading.outdated[partition.key] = None


def _refused(
    broker: "Broker", request: Request, topic: str, partition: int, error_code: ErrorCode, reading: Reading
) -> FetchPartitionResult:
    reading.at_once = True
    hint = hint_for(broker, error_code, topic, partition) if request.api_version >= HINTS_SINCE else NO_HINT
    # Followers know from their metadata where everybody listens.
    if hint is not NO_HINT and request.body.replica_id < 0:
        reading.hints = (*reading.hints, hint)
    aborted = () if error_code in UNKNOWN else None
    return FetchPartitionResult(partition, error_code, current_leader=hint, aborted_transactions=aborted)


def by_topic(results: list[Result]) -> tuple[FetchTopicResult, ...]:
    """Neighbours of one topic together, in the order in which they were read."""
    topics: list[tuple[Wanted, list[FetchPartitionResult]]] = []
    for wanted, result in results:
        if topics and topics[-1][0].is_of_one_topic_with(wanted):
            topics[-1][1].append(result)
        else:
            topics.append((wanted, [result]))
    return tuple(FetchTopicResult(first.name, first.topic_id, tuple(parts)) for first, parts in topics)


def refuse(request: Request, refused: Refused) -> FetchResponse:
    return FetchResponse((), refused.error_code)
