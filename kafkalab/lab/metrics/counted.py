"""What each process has counted since it started: requests and how long they took, records, bytes, elections.

It is told of every message and every fact, so what it does with one is little: a look into a table, a
number that goes up. A process that ends forgets its numbers, as a broker's MBeans are gone with it.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from kafkalab.engine import events
from kafkalab.engine.node import Request, Response
from kafkalab.lab.metrics.error_codes import errors_in
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

LAST_TIMES = 256
"""Of each process and API: what percentiles are made of."""
MOST_PENDING = 10_000
"""Requests of one process whose answers are awaited; those of a lost connection never come."""
FETCH_CONSUMER, FETCH_FOLLOWER = -1, -2
"""In place of the API key of Fetch: those of clients and of brokers are counted apart (RequestMetrics)."""
_FINE = ErrorCode.none
_FETCH, _PRODUCE, _ALTER_PARTITION = int(ApiKey.FETCH), int(ApiKey.PRODUCE), int(ApiKey.ALTER_PARTITION)
EXPECTED_WHEN_PRODUCING = dict.fromkeys(
    (
        ErrorCode.none,
        ErrorCode.unknown_topic_or_partition,
        ErrorCode.not_leader_or_follower,
        ErrorCode.message_too_large,
        ErrorCode.record_list_too_large,
        ErrorCode.corrupt_message,
        ErrorCode.kafka_storage_error,
    )
)
"""A produce request that ends so is no failure of the broker (ReplicaManager.appendToLocalLog)."""


@dataclass(slots=True)
class Served:
    """Requests of one API at one process."""

    versions: dict[int, int] = field(default_factory=dict)
    errors: Counter[ErrorCode] = field(default_factory=Counter)
    count: int = 0
    fine: int = 0
    """Answers without an error."""
    last_ms: deque[float] = field(default_factory=lambda: deque(maxlen=LAST_TIMES))

    def copy(self) -> "Served":
        return Served(dict(self.versions), self.errors.copy(), self.count, self.fine, self.last_ms.copy())


def together(parts: list[Served]) -> Served:
    """All of them as one."""
    whole = Served()
    for part in parts:
        whole.count += part.count
        whole.fine += part.fine
        whole.errors.update(part.errors)
        whole.last_ms.extend(part.last_ms)
        for version, count in part.versions.items():
            whole.versions[version] = whole.versions.get(version, 0) + count
    return whole


@dataclass(slots=True)
class OfTopic:
    """What a broker counts for one topic."""

    messages_in: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    produce_requests: int = 0
    failed_produce_requests: int = 0


@dataclass(slots=True)
class OfNode:
    """What one broker or controller has counted since it started."""

    apis: dict[int, Served] = field(default_factory=dict)
    """By API key."""
    pending: dict[tuple[str, str, int], tuple[int, int]] = field(default_factory=dict)
    """(source, channel, correlation id) -> when the request arrived, and its version."""
    topics: dict[str, OfTopic] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    """What has no topic."""
    proposed: dict[tuple[UUID, int], bool] = field(default_factory=dict)
    """In-sync sets that a leader has asked for: whether the set shrinks by it."""

    def topic(self, name: str) -> OfTopic:
        found = self.topics.get(name)
        if found is None:
            found = self.topics[name] = OfTopic()
        return found

    def copy(self) -> "OfNode":
        return OfNode(
            {api_key: served.copy() for api_key, served in self.apis.items()},
            dict(self.pending),
            {name: replace(topic) for name, topic in self.topics.items()},
            self.counts.copy(),
            dict(self.proposed),
        )

    def served(self, api_key: int, version: int, took_ms: float) -> Served:
        served = self.apis.get(api_key)
        if served is None:
            served = self.apis[api_key] = Served()
        served.count += 1
        served.versions[version] = served.versions.get(version, 0) + 1
        served.last_ms.append(took_ms)
        return served


class Counted:
    def __init__(
        self,
        topic_name: Callable[[UUID | None], str | None],
        isr_of: Callable[[UUID, int], tuple[int, ...]],
        on_due: Callable[[int], int],
        now_us: int,
    ) -> None:
        """`isr_of` is what a partition's in-sync set is now. `on_due` is called when a sample is due, and says when
        the next one is: some message is always on its way, so messages tell the time, also where it went back."""
        self.nodes: dict[str, OfNode] = {}
        """The brokers and controllers that run."""
        self.rebalances: Counter[str] = Counter()
        """By consumer of the lab: how often it was given partitions."""
        self._topic_name = topic_name
        self._names: dict[UUID | None, str] = {}
        self._isr_of = isr_of
        self._on_due = on_due
        self._last_us = self._next_us = now_us
        self._on = {
            events.RecordsAppended: self._appended,
            events.NodeStarted: self._started,
            events.NodeCrashed: self._ended,
            events.NodeExited: self._ended,
            events.LeaderElected: self._elected,
            events.BrokerFenced: self._fenced,
            events.ControllerElected: self._new_controller,
            events.OffsetCommitted: self._committed,
            events.GroupAssigned: self._completed,
            events.ConsumerGroupEpochBumped: self._epoch_bumped,
            events.PartitionsAssigned: self._assigned,
            events.AuthenticationFailed: self._not_authenticated,
        }

    def go_on_from(self, other: "Counted") -> None:
        self.nodes = {name: of.copy() for name, of in other.nodes.items()}
        self.rebalances = other.rebalances.copy()

    # -- facts -------------------------------------------------------------------------------

    def on_event(self, node: str, event: events.Event) -> None:
        hear = self._on.get(event.__class__)
        if hear is not None:
            hear(node, event)

    def _started(self, node: str, event: Any) -> None:
        if node.startswith(("broker-", "controller-")):
            self.nodes[node] = OfNode()

    def _ended(self, node: str, event: Any) -> None:
        self.nodes.pop(node, None)
        self.rebalances.pop(node, None)

    def _of(self, node: str) -> OfNode:
        found = self.nodes.get(node)
        return found if found is not None else self.nodes.setdefault(node, OfNode())

    def _appended(self, node: str, event: events.RecordsAppended) -> None:
        of = self._of(node)
        if event.leader:
            topic = of.topic(event.topic)
            topic.messages_in += event.last_offset - event.first_offset + 1
            topic.bytes_in += event.size
        else:
            of.counts["replication_bytes_in"] += event.size

    def _elected(self, node: str, event: events.LeaderElected) -> None:
        if event.reason.startswith("an unclean election"):
            self._of(node).counts["unclean_elections"] += 1

    def _fenced(self, node: str, event: events.BrokerFenced) -> None:
        if " was silent for " in event.reason:
            self._of(node).counts["timed_out_heartbeats"] += 1

    def _new_controller(self, node: str, event: events.ControllerElected) -> None:
        for name, of in self.nodes.items():
            if name.startswith("controller-"):
                of.counts["new_active_controllers"] += 1

    def _committed(self, node: str, event: events.OffsetCommitted) -> None:
        self._of(node).counts["offset_commits"] += 1

    def _completed(self, node: str, event: events.GroupAssigned) -> None:
        self._of(node).counts["classic_rebalances"] += 1

    def _epoch_bumped(self, node: str, event: events.ConsumerGroupEpochBumped) -> None:
        self._of(node).counts["consumer_rebalances"] += 1

    def _assigned(self, node: str, event: events.PartitionsAssigned) -> None:
        self.rebalances[event.client] += 1

    def _not_authenticated(self, node: str, event: events.AuthenticationFailed) -> None:
        self._of(node).counts["failed_authentications"] += 1

    # -- messages ----------------------------------------------------------------------------

    def on_message(self, sent_us: int, due_us: int, source: str, target: str, message: Request | Response) -> None:
        if sent_us >= self._next_us or sent_us < self._last_us:
            self._last_us, self._next_us = sent_us, self._on_due(sent_us)
        if message.__class__ is Request:
            of = self.nodes.get(target)
            if of is not None:
                self._asked(of, due_us, message)
            return
        of = self.nodes.get(source)
        if of is None:
            return
        began = of.pending.pop((target, message.channel, message.correlation_id), None)
        if began is not None:
            self._answered(of, target, message.api_key, message.body, began[1], (sent_us - began[0]) / 1000)

    def _asked(self, of: OfNode, due_us: int, request: Request) -> None:
        api_key = request.api_key
        if api_key == _PRODUCE:
            for topic in request.body.topics:
                name = topic.name or self._name(topic.topic_id)
                if name is not None:
                    of.topic(name).produce_requests += len(topic.partitions)
            if request.body.acks == 0:
                # Nobody is answered, so this is all that will be seen of it.
                of.served(api_key, request.api_version, 0.0).fine += 1
                return
        elif api_key == _ALTER_PARTITION:
            self._proposed(request)
        if len(of.pending) >= MOST_PENDING:
            del of.pending[next(iter(of.pending))]
        of.pending[request.source, request.channel, request.correlation_id] = (due_us, request.api_version)

    def _answered(self, of: OfNode, client: str, api_key: int, body: Any, version: int, took_ms: float) -> None:
        if api_key == _FETCH:
            follows = client in self.nodes
            api_key = FETCH_FOLLOWER if follows else FETCH_CONSUMER
            errors = self._read(of, body, follows)
        else:
            errors = errors_in(body)
            if errors and api_key == _PRODUCE:
                self._failed(of, body)
            elif api_key == _ALTER_PARTITION:
                self._decided(client, body)
        served = of.served(api_key, version, took_ms)
        if errors:
            served.errors.update(errors)
        else:
            served.fine += 1

    def _read(self, of: OfNode, body: Any, follows: bool) -> list[ErrorCode]:
        """A fetch was answered. In one go over its partitions: the bytes that they hold, and what went wrong."""
        errors = [body.error_code] if body.error_code is not _FINE else []
        for topic in body.topics:
            size = 0
            for part in topic.partitions:
                if part.records:
                    size += len(part.records)
                if part.error_code is not _FINE:
                    errors.append(part.error_code)
            if not size:
                continue
            if follows:
                of.counts["replication_bytes_out"] += size
                continue
            name = topic.name or self._name(topic.topic_id)
            if name is not None:
                of.topic(name).bytes_out += size
        return errors

    def _failed(self, of: OfNode, body: Any) -> None:
        for topic in body.topics:
            for part in topic.partitions:
                if part.error_code not in EXPECTED_WHEN_PRODUCING:
                    name = topic.name or self._name(topic.topic_id)
                    if name is not None:
                        of.topic(name).failed_produce_requests += 1

    def _name(self, topic_id: UUID | None) -> str | None:
        """The name of a topic never changes. Looking it up once is enough."""
        name = self._names.get(topic_id)
        if name is None:
            name = self._topic_name(topic_id)
            if name is not None:
                self._names[topic_id] = name
        return name

    # -- in-sync sets: only what leaders ask for counts (Partition.submitAlterPartition) -----------

    def _proposed(self, request: Request) -> None:
        of = self._of(request.source)
        for topic in request.body.topics:
            for part in topic.partitions:
                before = self._isr_of(topic.topic_id, part.partition_index)
                of.proposed[topic.topic_id, part.partition_index] = len(part.new_isr_with_epochs) < len(before)

    def _decided(self, leader: str, body: Any) -> None:
        of = self._of(leader)
        for topic in body.topics:
            for part in topic.partitions:
                shrinks = of.proposed.pop((topic.topic_id, part.partition_index), None)
                if part.error_code is not ErrorCode.none:
                    of.counts["failed_isr_updates"] += 1
                elif shrinks is not None:
                    of.counts["isr_shrinks" if shrinks else "isr_expands"] += 1
