"""A consumer as a member of its group: join, learn what to read, keep alive, leave.

Joining and giving up partitions happen only while the application is inside `poll`; heartbeats go
on by themselves meanwhile, as from the Java consumer's heartbeat thread. So a slow application
stays a member until `max_poll_interval_ms`, and delays every rebalance of its group by as much.
Eager assignors have a member give up everything before it joins; the cooperative one only what the
new assignment takes away, in a second round (KIP-429). One member, the leader, computes who reads
what (org.apache.kafka.clients.consumer.internals.AbstractCoordinator, ConsumerCoordinator).
"""

from enum import Enum
from typing import TYPE_CHECKING, Any

from kafkalab.engine.clients import requests
from kafkalab.engine.clients.client import Asked
from kafkalab.engine.clients.coordinator_link import NOT_THE_ONE, CoordinatorLink
from kafkalab.engine.clients.metadata import backoff_us
from kafkalab.engine.coordinators.assignors import (
    COOPERATIVE_STICKY,
    PROTOCOL_TYPE,
    TopicPartition,
    assign,
    decode_assignment,
    decode_subscription,
    encode_assignment,
    join_metadata,
)
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.clients.consumer import Consumer

NO_GENERATION = -1
JOIN_LAPSE_MS = 5_000
"""How much longer than the rebalance a JoinGroup may take (AbstractCoordinator.JOIN_GROUP_TIMEOUT_LAPSE)."""
FORGOTTEN = (ErrorCode.unknown_member_id, ErrorCode.illegal_generation)
"""The group went on without this member."""


class MemberState(Enum):
    UNJOINED = "unjoined"
    JOINING = "joining"
    """JoinGroup is on its way, and waits at the coordinator for the other members."""
    SYNCING = "syncing"
    """In a generation, but what to read is not known yet."""
    STABLE = "stable"


class Membership:
    def __init__(self, consumer: "Consumer", link: CoordinatorLink) -> None:
        self.consumer = consumer
        self.link = link
        self.state = MemberState.UNJOINED
        self.member_id = ""
        self.generation = NO_GENERATION
        self.is_leader = False
        self.rejoin_reason: str | None = "it is new"
        """Why it has to join (again); None if it need not."""
        self._last_had: tuple[TopicPartition, ...] = ()
        """What it was assigned at last, which a sticky assignor wants to know."""
        self._last_had_generation = NO_GENERATION
        self._prepared = False
        """Everything that has to be given up before joining is."""
        self._expelled = False
        """It holds partitions that the group may have given to others."""
        self._members: tuple[Any, ...] | None = None
        """As leader: the members to whom partitions must be given, in this generation."""
        self._counts: dict[str, int] = {}
        """As leader: how many partitions each topic had when they were given out."""
        self._received: tuple[TopicPartition, ...] | None = None
        """An assignment that the application will see when it next polls."""
        self._failures = 0
        self._not_before_us = 0
        self._heartbeat_us = 0
        """When the next heartbeat is due."""
        self._heard_us = 0

    @property
    def cooperative(self) -> bool:
        return self.consumer.settings.assignor == COOPERATIVE_STICKY

    @property
    def settled(self) -> bool:
        """In a generation, with its partitions, and nothing to change about it."""
        return self.state is MemberState.STABLE and self.rejoin_reason is None and self._received is None

    @property
    def may_commit(self) -> bool:
        """Between JoinGroup and the assignment it is in no generation that a commit could name."""
        return self.generation != NO_GENERATION and self.state is MemberState.STABLE

    @property
    def giving_up(self) -> bool:
        """About to give up partitions: nothing more of them may reach the application."""
        if self._expelled or self._received is not None:
            return True
        return self.rejoin_reason is not None and not self.cooperative and self.state is not MemberState.JOINING

    @property
    def leaving(self) -> bool:
        return self.consumer.asking(self, ApiKey.LEAVE_GROUP)

    def request_rejoin(self, reason: str) -> None:
        if self.rejoin_reason is None:
            self.rejoin_reason = reason

    def progress(self, polling: bool) -> None:
        if self._members is not None:
            self._give_out()
        self._keep_alive(polling)
        if not polling:
            return
        if self._received is not None:
            self._take_up()
        if self._received is not None:
            return
        if self._expelled:
            self._expelled = False
            self.consumer.partitions_lost(list(self.consumer.fetching.readings))
        if self.is_leader and self.state is MemberState.STABLE and self._counts_changed():
            self.request_rejoin("the topics' partitions changed")
        if self.rejoin_reason is not None and self.state in (MemberState.UNJOINED, MemberState.STABLE):
            self._join()

    def leave(self, reason: str) -> None:
        """Tell the coordinator, if it is known, and be no member any more. The answer is not needed."""
        if self.member_id and self.consumer.settings.instance_id is None and self.link.broker is not None:
            body = requests.leave_group(self.link.group, self.member_id, None, reason)
            self.link.ask(ApiKey.LEAVE_GROUP, body, self)
        self._forget(reason, keep_member_id=False)

    # -- joining -----------------------------------------------------------------------------------

    def _join(self) -> None:
        consumer, settings = self.consumer, self.consumer.settings
        if not self._prepared and not self._prepare():
            return
        if consumer.now_us < self._not_before_us:
            consumer.wake_at(self._not_before_us)
            return
        if self.link.target() is None:
            return
        had = tuple(consumer.fetching.readings) if self.cooperative else self._last_had
        metadata = join_metadata(settings.assignor, settings.topics, had, self._last_had_generation, settings.rack)
        body = requests.join_group(
            self.link.group,
            self.member_id,
            settings.instance_id,
            settings.assignor,
            metadata,
            protocol_type=PROTOCOL_TYPE,
            session_timeout_ms=settings.session_timeout_ms,
            rebalance_timeout_ms=settings.max_poll_interval_ms,
            reason=self.rejoin_reason or "",
        )
        self.state = MemberState.JOINING
        self.is_leader = False
        self.rejoin_reason = None
        timeout_ms = settings.max_poll_interval_ms + JOIN_LAPSE_MS
        self.link.ask(ApiKey.JOIN_GROUP, body, self, timeout_ms=timeout_ms)

    def _prepare(self) -> bool:
        """Commit, and give up what must be given up. False as long as the commit takes."""
        consumer = self.consumer
        readings = consumer.fetching.readings
        if self.generation == NO_GENERATION:
            if readings:
                consumer.partitions_lost(list(readings))
        else:
            if consumer.settings.commit == "auto" and not consumer.commits.finish():
                return False
            if self.cooperative:
                gone = [where for where in readings if where[0] not in consumer.settings.topics]
            else:
                gone = list(readings)
            consumer.partitions_revoked(gone)
        self._prepared = True
        return True

    def _joined(self, body: Any) -> None:
        error = body.error_code
        if error == ErrorCode.none:
            self.generation = body.generation_id
            self.member_id = body.member_id
            self.is_leader = body.leader == body.member_id
            self.state = MemberState.SYNCING
            self._failures = 0
            self._heard_us = self.consumer.now_us
            self._heartbeat_us = self.consumer.now_us + self.consumer.settings.heartbeat_interval_ms * 1000
            if self.is_leader and not body.skip_assignment:
                self._members = body.members
                self._give_out()
            else:
                self._sync({})
            return
        if error == ErrorCode.member_id_required:
            self.member_id = body.member_id
            self._again("the coordinator gave it a member id")
        elif error in FORGOTTEN:
            self._forget(error.name.upper(), keep_member_id=error == ErrorCode.illegal_generation)
        elif error.retriable or error in NOT_THE_ONE or error == ErrorCode.rebalance_in_progress:
            self._refused(error)
        else:
            self.consumer.fail(f"group {self.link.group} refused it: {error.name.upper()}")

    def _give_out(self) -> None:
        """As leader: assign partitions, once the topics of all members are known."""
        assert self._members is not None
        metadata = self.consumer.metadata
        subscriptions = {
            member.member_id: decode_subscription(member.metadata, member.group_instance_id) for member in self._members
        }
        topics = list(dict.fromkeys(topic for member in subscriptions.values() for topic in member.topics))
        for topic in topics:
            metadata.want(topic)
        if any(not metadata.count(topic) and topic not in metadata.errors for topic in topics):
            metadata.request_update()
            return
        self._members = None
        self._counts = self._count(topics)
        assignment = assign(self.consumer.settings.assignor, subscriptions, self._counts)
        self._sync({member_id: encode_assignment(partitions) for member_id, partitions in assignment.items()})

    def _counts_changed(self) -> bool:
        count = self.consumer.metadata.count
        return any(count(topic) != known for topic, known in self._counts.items())

    def _count(self, topics: list[str]) -> dict[str, int]:
        return {topic: self.consumer.metadata.count(topic) for topic in topics}

    def _sync(self, assignments: dict[str, bytes]) -> None:
        if self.link.target() is None:
            self._again("the coordinator went away")
            return
        settings = self.consumer.settings
        body = requests.sync_group(
            self.link.group,
            self.generation,
            self.member_id,
            settings.instance_id,
            protocol_type=PROTOCOL_TYPE,
            assignor=settings.assignor,
            assignments=assignments,
        )
        timeout_ms = settings.max_poll_interval_ms + JOIN_LAPSE_MS
        self.link.ask(ApiKey.SYNC_GROUP, body, self, timeout_ms=timeout_ms)

    def _synced(self, body: Any) -> None:
        error = body.error_code
        if error == ErrorCode.none:
            self.state = MemberState.STABLE
            self._received = decode_assignment(body.assignment)
        elif error in FORGOTTEN:
            self._forget(error.name.upper(), keep_member_id=error == ErrorCode.illegal_generation)
        elif error == ErrorCode.rebalance_in_progress:
            self._again("the group is rebalancing again")
        elif error.retriable or error in NOT_THE_ONE:
            self._refused(error)
        else:
            self.consumer.fail(f"group {self.link.group} refused it: {error.name.upper()}")

    def _take_up(self) -> None:
        """The application learns its new partitions; a cooperative one first gives up what went to others."""
        assert self._received is not None
        assigned, held = self._received, self.consumer.fetching.readings
        revoked = [where for where in held if where not in assigned]
        # As the newer AsyncKafkaConsumer does; the older one commits only before it joins, and what it
        # read of these partitions since then is read twice.
        if revoked and self.consumer.settings.commit != "none" and not self.consumer.commits.finish():
            return
        self._received = None
        added = [where for where in assigned if where not in held]
        self._prepared = False
        self._last_had, self._last_had_generation = assigned, self.generation
        self.consumer.partitions_revoked(revoked)
        self.consumer.partitions_assigned(added)
        if revoked and self.cooperative:
            self.request_rejoin("it gave up partitions for others")

    # -- staying -----------------------------------------------------------------------------------

    def _keep_alive(self, polling: bool) -> None:
        consumer, settings = self.consumer, self.consumer.settings
        if self.state not in (MemberState.SYNCING, MemberState.STABLE):
            return
        if not polling and self._polled_too_long_ago():
            self.leave("max.poll.interval.ms passed without a poll")
            return
        if self._heard_us + settings.session_timeout_ms * 1000 <= consumer.now_us:
            self.link.lost()
            self._heard_us = consumer.now_us
        target = self.link.target()
        if target is None or consumer.asking(self, ApiKey.HEARTBEAT):
            return
        if consumer.now_us < self._heartbeat_us:
            consumer.wake_at(self._heartbeat_us)
            return
        self._heartbeat_us = consumer.now_us + settings.heartbeat_interval_ms * 1000
        body = requests.heartbeat(self.link.group, self.generation, self.member_id, settings.instance_id)
        self.link.ask(ApiKey.HEARTBEAT, body, self, self.generation)

    def _polled_too_long_ago(self) -> bool:
        late_us = self.consumer.last_poll_us + self.consumer.settings.max_poll_interval_ms * 1000
        if late_us > self.consumer.now_us:
            self.consumer.wake_at(late_us)
            return False
        self.consumer.last_error = "max.poll.interval.ms passed without a poll: it left its group"
        return True

    def _beaten(self, generation: int, error: ErrorCode) -> None:
        if generation != self.generation or self.state is MemberState.JOINING:
            return
        if error == ErrorCode.none:
            self._heard_us = self.consumer.now_us
        elif error == ErrorCode.rebalance_in_progress:
            if self.state is MemberState.STABLE:
                self.request_rejoin("the group is rebalancing")
        elif error in NOT_THE_ONE:
            self.link.lost()
        elif error in FORGOTTEN:
            self._forget(error.name.upper(), keep_member_id=error == ErrorCode.illegal_generation)
        elif not error.retriable:
            self.consumer.fail(f"group {self.link.group}: {error.name.upper()}")

    def forgotten(self, generation: int, error: ErrorCode) -> None:
        """A commit in that generation was refused because the group went on without this member."""
        if generation == self.generation and self.state is not MemberState.JOINING:
            self._forget(error.name.upper(), keep_member_id=error == ErrorCode.illegal_generation)

    # -- answers -----------------------------------------------------------------------------------

    def answered(self, asked: Asked, body: Any) -> None:
        match asked.api_key:
            case ApiKey.JOIN_GROUP if self.state is MemberState.JOINING:
                self._joined(body)
            case ApiKey.SYNC_GROUP if self.state is MemberState.SYNCING:
                self._synced(body)
            case ApiKey.HEARTBEAT:
                self._beaten(asked.about, body.error_code)

    def unanswered(self, asked: Asked, error: ErrorCode) -> None:
        self.link.lost()
        if asked.api_key == ApiKey.HEARTBEAT:
            self._heartbeat_us = self.consumer.now_us
        elif asked.api_key in (ApiKey.JOIN_GROUP, ApiKey.SYNC_GROUP):
            self._refused(error)

    def _refused(self, error: ErrorCode) -> None:
        """Join again in a moment."""
        if error in NOT_THE_ONE:
            self.link.lost()
        self._failures += 1
        self._not_before_us = self.consumer.now_us + backoff_us(self._failures, self.consumer.random)
        self._again(error.name.upper())

    def _again(self, reason: str) -> None:
        self.state = MemberState.UNJOINED
        self._members = None
        self.rejoin_reason = reason

    def _forget(self, reason: str, keep_member_id: bool) -> None:
        self.generation = NO_GENERATION
        if not keep_member_id:
            self.member_id = ""
        self._received = None
        self._prepared = False
        self._expelled = bool(self.consumer.fetching.readings)
        self._again(reason)
