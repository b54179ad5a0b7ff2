"""A consumer as a member of a group of the newer protocol: one request says and hears everything (KIP-848).

The member makes its own id, and heartbeats at the interval that the coordinator tells. An answer may
bring an assignment. What is not in it any more the member reads no further, commits, and gives up; the
rest it reads on meanwhile. Then it says at once what it has, and only then may others get the
partitions. Nobody waits for anybody else, and no member computes what others get
(org.apache.kafka.clients.consumer.internals.AbstractMembershipManager, AbstractHeartbeatRequestManager).
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kafkalab.engine.clients import requests
from kafkalab.engine.clients.client import Asked
from kafkalab.engine.clients.coordinator_link import NOT_THE_ONE, CoordinatorLink
from kafkalab.engine.clients.fetching import TopicPartition
from kafkalab.engine.clients.metadata import backoff_us
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.clients.consumer import Consumer

JOINING_EPOCH, LEAVING_EPOCH, STATIC_LEAVING_EPOCH = 0, -1, -2
FENCED = (ErrorCode.unknown_member_id, ErrorCode.fenced_member_epoch)
"""The group went on without this member: what it had is lost, and it joins anew under its old id."""


class ModernState(Enum):
    UNJOINED = "unjoined"
    """No member, or none any more; it joins when the application polls."""
    JOINING = "joining"
    RECONCILING = "reconciling"
    """It was given another assignment, and has not done yet what that asks of it."""
    ACKNOWLEDGING = "acknowledging"
    """It has done so; the coordinator does not know yet."""
    STABLE = "stable"


@dataclass(frozen=True, slots=True)
class Told:
    """What a heartbeat said beyond that the member lives; None is what it left out."""

    epoch: int
    topics: tuple[str, ...] | None
    assignor: str | None
    owned: tuple[tuple[UUID, int], ...] | None


class ModernMembership:
    def __init__(self, consumer: "Consumer", link: CoordinatorLink) -> None:
        self.consumer = consumer
        self.link = link
        self.state = ModernState.UNJOINED
        self.member_id = ""
        """Made when it first joins, and kept as long as it runs."""
        self.epoch = JOINING_EPOCH
        self.assigned: tuple[tuple[UUID, int], ...] = ()
        """What the coordinator assigned last."""
        self._ids: dict[TopicPartition, UUID] = {}
        """Of what it has: the topic's id. A topic that is made anew is another one under the same name."""
        self._heard: Told | None = None
        """The newest of what the coordinator has heard, all in one; None when all must be told."""
        self._lost_everything = False
        """It holds partitions that others may have by now."""
        self._urgent = False
        """Something is to be told before the next heartbeat is due."""
        self._interval_ms = 0
        self._next_us = 0
        """When the next heartbeat is due."""
        self._failures = 0

    # -- what the consumer asks --------------------------------------------------------------------

    @property
    def generation(self) -> int:
        """The member epoch, which commits name in the place of a generation."""
        return self.epoch if self.epoch > JOINING_EPOCH else -1

    @property
    def settled(self) -> bool:
        return self.state is ModernState.STABLE

    @property
    def may_commit(self) -> bool:
        return self.epoch > JOINING_EPOCH and not self._lost_everything

    @property
    def giving_up(self) -> bool:
        """Nothing more may reach the application. What is only being revoked is held back by itself."""
        return self._lost_everything

    @property
    def leaving(self) -> bool:
        return self.consumer.asking(self, ApiKey.CONSUMER_GROUP_HEARTBEAT)

    def request_rejoin(self, reason: str) -> None:
        """What it wants changed. It stays a member: its next heartbeat says so, and goes out now."""
        self._urgent = True

    def forgotten(self, generation: int, error: ErrorCode) -> None:
        """A commit was refused. A heartbeat will hear whether that is so."""
        if generation == self.generation:
            self._urgent = True

    def leave(self, reason: str) -> None:
        """Tell the coordinator, if it is known, and be no member any more. The answer is not needed."""
        if self.state is not ModernState.UNJOINED and self.link.broker is not None:
            is_static = self.consumer.settings.instance_id is not None
            self.consumer.disregard(self)
            self._send(Told(STATIC_LEAVING_EPOCH if is_static else LEAVING_EPOCH, None, None, None))
        self._reset()

    def progress(self, polling: bool) -> None:
        if polling:
            self._take_up()
        elif self._polled_too_long_ago():
            self.leave("max.poll.interval.ms passed without a poll")
            return
        if self.state is ModernState.UNJOINED:
            if not polling:
                return
            self.member_id = self.member_id or _new_id(self.consumer.random.getrandbits(128))
            self.state = ModernState.JOINING
            self._urgent = True
        self._keep_alive()

    # -- the application's side ----------------------------------------------------------------------

    def _take_up(self) -> None:
        """Inside `poll`: give up what went to others, learn of what came."""
        consumer = self.consumer
        if self._lost_everything:
            self._lost_everything = False
            consumer.partitions_lost(list(consumer.fetching.readings))
        if self.state is not ModernState.RECONCILING:
            return
        held = consumer.fetching.readings
        named = [(consumer.metadata.name(topic_id), number, topic_id) for topic_id, number in self.assigned]
        assigned = {(topic, number): topic_id for topic, number, topic_id in named if topic is not None}
        revoked = [where for where in held if assigned.get(where) != self._ids[where]]
        for where, reading in held.items():
            reading.held_back = where in revoked
        if revoked and consumer.settings.commit != "none" and not consumer.commits.finish():
            return
        consumer.partitions_revoked(revoked)
        added = [where for where in assigned if where not in held]
        self._ids = assigned
        consumer.partitions_assigned(added)
        if revoked or added or len(assigned) == len(self.assigned):
            self._urgent = True
        if len(assigned) == len(self.assigned):
            self.state = ModernState.ACKNOWLEDGING
        else:
            # A topic so new that its name is not known yet.
            consumer.metadata.request_update()

    def _polled_too_long_ago(self) -> bool:
        if self.state is ModernState.UNJOINED:
            return False
        late_us = self.consumer.last_poll_us + self.consumer.settings.max_poll_interval_ms * 1000
        if late_us > self.consumer.now_us:
            self.consumer.wake_at(late_us)
            return False
        self.consumer.last_error = "max.poll.interval.ms passed without a poll: it left its group"
        return True

    # -- heartbeats ------------------------------------------------------------------------------------

    def _keep_alive(self) -> None:
        consumer = self.consumer
        target = self.link.target()
        if target is None or consumer.asking(self, ApiKey.CONSUMER_GROUP_HEARTBEAT):
            return
        due_us = consumer.now_us if self._urgent and not self._failures else self._next_us
        if consumer.now_us < due_us:
            consumer.wake_at(due_us)
            return
        self._urgent = False
        self._next_us = consumer.now_us + self._interval_ms * 1000
        self._send(self._news())

    def _news(self) -> Told:
        """All there is to tell if the coordinator is to hear it anew, or else only what changed."""
        settings, heard = self.consumer.settings, self._heard
        owned = () if self.epoch == JOINING_EPOCH else self._owned()
        if heard is None:
            return Told(self.epoch, settings.topics, settings.group_remote_assignor, owned)
        return Told(
            self.epoch,
            settings.topics if settings.topics != heard.topics else None,
            None,
            owned if owned != heard.owned else None,
        )

    def _owned(self) -> tuple[tuple[UUID, int], ...]:
        return tuple((self._ids[where], where[1]) for where in self.consumer.fetching.readings)

    def _send(self, told: Told) -> None:
        settings = self.consumer.settings
        is_all = self._heard is None and told.epoch >= JOINING_EPOCH
        body = requests.consumer_group_heartbeat(
            self.link.group,
            self.member_id,
            told.epoch,
            settings.instance_id,
            rack_id=settings.rack if is_all else None,
            rebalance_timeout_ms=settings.max_poll_interval_ms if is_all else -1,
            topics=told.topics,
            assignor=told.assignor,
            owned=told.owned,
        )
        self.link.ask(ApiKey.CONSUMER_GROUP_HEARTBEAT, body, self, told)

    def answered(self, asked: Asked, body: Any) -> None:
        told: Told = asked.about
        if told.epoch < JOINING_EPOCH or self.state is ModernState.UNJOINED:
            return
        error = body.error_code
        if error == ErrorCode.none:
            self._welcomed(told, body)
        elif error in FENCED:
            self._reset()
        elif error in NOT_THE_ONE or error.retriable:
            self._try_again(error)
        else:
            said = f": {body.error_message}" if body.error_message else ""
            self.consumer.fail(f"group {self.link.group} refused it: {error.name.upper()}{said}")

    def _welcomed(self, told: Told, body: Any) -> None:
        self._failures = 0
        self._interval_ms = body.heartbeat_interval // timedelta(milliseconds=1)
        self._next_us = self.consumer.now_us + self._interval_ms * 1000
        self.epoch = body.member_epoch
        old = self._heard or told
        self._heard = Told(
            self.epoch,
            old.topics if told.topics is None else told.topics,
            old.assignor,
            old.owned if told.owned is None else told.owned,
        )
        done = self.state is ModernState.ACKNOWLEDGING and self._heard.owned == self._owned()
        if done or self.state is ModernState.JOINING:
            self.state = ModernState.STABLE
        if body.assignment is not None:
            topics = body.assignment.topic_partitions
            self.assigned = tuple((topic.topic_id, number) for topic in topics for number in topic.partitions)
            if sorted(self.assigned, key=_order) != sorted(self._owned(), key=_order):
                self.state = ModernState.RECONCILING

    def unanswered(self, asked: Asked, error: ErrorCode) -> None:
        if asked.about.epoch >= JOINING_EPOCH:
            self._try_again(error, lost=True)

    def _try_again(self, error: ErrorCode, lost: bool = False) -> None:
        """In a moment, and then tell everything: it is not known what was heard."""
        if lost or error in NOT_THE_ONE:
            self.link.lost()
        self._heard = None
        self._failures += 1
        self._next_us = self.consumer.now_us + backoff_us(self._failures, self.consumer.random)

    def _reset(self) -> None:
        self.state = ModernState.UNJOINED
        self.epoch = JOINING_EPOCH
        self.assigned = ()
        self._heard = None
        self._failures = 0
        self._lost_everything = bool(self.consumer.fetching.readings)


def _new_id(bits: int) -> str:
    """Sixteen bytes as Kafka's Uuid writes them."""
    return urlsafe_b64encode(UUID(int=bits, version=4).bytes).decode().rstrip("=")


def _order(it: tuple[UUID, int]) -> tuple[int, int]:
    return it[0].int, it[1]
