"""A fetch session remembers what a reader reads, so that its requests and answers tell only what changed.

A reader's first request names every partition (epoch 0) and gets a session id. From then on each
request, numbered by the next epoch, names what is asked for differently and what is forgotten, and
the answer leaves out the partitions with nothing new (KIP-227; org.apache.kafka.server.FetchSession,
FetchManager). There is room for so many sessions only: a follower's is worth more than a
consumer's, a larger one more than a smaller one, and whoever is silent for two minutes makes room.
"""

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

from kafkalab.engine.refused import Refused
from kafkalab.wire.dialect import FetchPartition, FetchPartitionResult, FetchRequest
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.partition import Partition

NO_SESSION = 0
FIRST_EPOCH = 0
FINAL_EPOCH = -1
"""Epochs of requests that name everything: one that wants a session, and one that wants none."""
MAX_EPOCH = 2**31 - 1
EVICTION_MS = 120_000
"""FetchSession.MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS."""

SessionKey = tuple[str | UUID, int]
"""A topic's id, or its name where the client speaks of names, and a partition's number."""


def next_epoch(epoch: int) -> int:
    """Round the end, past 0, which would begin a new session."""
    return 1 if epoch == MAX_EPOCH else epoch + 1


@dataclass(eq=False, slots=True)
class Wanted:
    """One partition that a reader asks for, and what it was told of it last (CachedPartition)."""

    name: str
    """"" when the client spoke by id."""
    topic_id: UUID | None
    asked: FetchPartition
    high_watermark: int = -1
    log_start: int = -1
    silent: FetchPartitionResult | None = None
    """What it was told last, if that once more would be no news."""
    partition: "Partition | None" = None
    """The replica that was read for it last. It counts as long as it is one of the broker's."""

    @property
    def key(self) -> SessionKey:
        return self.topic_id or self.name, self.asked.partition

    def has_news(self, result: FetchPartitionResult) -> bool:
        """Whether an answer must tell of it."""
        return bool(
            result.records
            or result.high_watermark != self.high_watermark
            or result.log_start_offset != self.log_start
            or result.preferred_read_replica >= 0
            or result.error_code is not ErrorCode.none
            or result.diverging_epoch.epoch >= 0
        )

    def is_of_one_topic_with(self, other: "Wanted") -> bool:
        # Identity first: UUIDs are compared in Python, and in one session they are the same object.
        same_id = self.topic_id is other.topic_id or self.topic_id == other.topic_id
        return same_id and self.name == other.name

    def told(self, result: FetchPartitionResult) -> None:
        # After an error nothing counts as told: once it is over the partition is told of again.
        self.high_watermark = result.high_watermark if result.error_code is ErrorCode.none else -1
        self.log_start = result.log_start_offset
        self.silent = result if not self.has_news(result) else None


@dataclass(eq=False, slots=True)
class FetchSession:
    id: int
    privileged: bool
    """A follower's."""
    uses_topic_ids: bool
    created_ms: int
    used_ms: int
    epoch: int
    """Which the next request must carry."""
    wanted: dict[SessionKey, Wanted] = field(default_factory=dict)
    """In the order in which they are read: who got records goes to the end."""

    @property
    def worth(self) -> tuple[bool, int, int]:
        return self.privileged, len(self.wanted), self.id


class FetchSessions:
    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.by_id: dict[int, FetchSession] = {}
        """The one that was silent for longest first."""

    def resume(self, body: FetchRequest, uses_topic_ids: bool, now_ms: int) -> FetchSession:
        """The session that an incremental request goes on with, as the request changes it."""
        session = self.by_id.get(body.session_id)
        if session is None:
            raise Refused(ErrorCode.fetch_session_id_not_found)
        if session.epoch != body.session_epoch:
            raise Refused(ErrorCode.invalid_fetch_session_epoch)
        if session.uses_topic_ids != uses_topic_ids:
            raise Refused(ErrorCode.fetch_session_topic_id_error)
        for wanted in named_by(body) if body.topics else ():
            known = session.wanted.get(wanted.key)
            if known is None:
                session.wanted[wanted.key] = wanted
            else:
                known.asked = wanted.asked
        for topic in body.forgotten_topics:
            for partition in topic.partitions:
                session.wanted.pop((topic.topic_id or topic.name, partition), None)
        session.epoch = next_epoch(session.epoch)
        session.used_ms = now_ms
        self.by_id[session.id] = self.by_id.pop(session.id)
        return session

    def close(self, session_id: int) -> None:
        self.by_id.pop(session_id, None)

    def begin(
        self, wanted: list[Wanted], privileged: bool, uses_topic_ids: bool, now_ms: int, random: Random
    ) -> FetchSession | None:
        """A new session, or None if all there are count for more."""
        if len(self.by_id) >= self.slots and not self._make_room(privileged, len(wanted), now_ms):
            return None
        session_id = random.randrange(1, 2**31)
        while session_id in self.by_id:
            session_id = random.randrange(1, 2**31)
        session = FetchSession(session_id, privileged, uses_topic_ids, now_ms, now_ms, next_epoch(FIRST_EPOCH))
        session.wanted = {each.key: each for each in wanted}
        self.by_id[session_id] = session
        return session

    def _make_room(self, privileged: bool, size: int, now_ms: int) -> bool:
        """FetchSessionCache.tryEvict."""
        stalest = next(iter(self.by_id.values()), None)
        if stalest is None:
            return False
        if now_ms - stalest.used_ms > EVICTION_MS:
            self.close(stalest.id)
            return True
        evictable = [
            session
            for session in self.by_id.values()
            if now_ms - session.created_ms > EVICTION_MS or (privileged and not session.privileged)
        ]
        least = min(evictable, key=lambda session: session.worth, default=None)
        if least is None or (privileged, size, 0) < least.worth:
            return False
        self.close(least.id)
        return True


def named_by(body: FetchRequest) -> list[Wanted]:
    """What is named twice is read once, as it was named last."""
    named = [Wanted(topic.name, topic.topic_id, asked) for topic in body.topics for asked in topic.partitions]
    return list({wanted.key: wanted for wanted in named}.values()) if len(named) > 1 else named
