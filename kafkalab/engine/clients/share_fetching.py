"""How a share consumer gets records and says what became of them: a share session with each leader.

A session is begun with all partitions that are read from that broker, and goes on with what changes.
What is said of records goes to the broker that gave them, and only in the session in which it gave
them: a lock is gone with its session (org.apache.kafka.clients.consumer.internals.ShareConsumeRequestManager).
"""

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kafkalab.engine.clients import share_requests
from kafkalab.engine.clients.client import Asked
from kafkalab.engine.clients.metadata import RETRY_BACKOFF_US
from kafkalab.engine.clients.share_requests import Place, Said
from kafkalab.engine.share.window import GAP
from kafkalab.engine.spec import broker_node
from kafkalab.wire import batches
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.records import Record

if TYPE_CHECKING:
    from kafkalab.engine.clients.share_consumer import ShareConsumer

FIRST_EPOCH, FINAL_EPOCH = 0, -1
SESSION_ERRORS = (
    ErrorCode.share_session_not_found,
    ErrorCode.invalid_share_session_epoch,
    ErrorCode.share_session_limit_reached,
)


@dataclass(frozen=True, slots=True)
class Held:
    """A record under this consumer's lock."""

    target: str
    session: int
    """The number of the session that it was given in."""
    place: Place
    record: Record
    delivery_count: int


@dataclass(slots=True)
class Session:
    target: str
    number: int
    epoch: int = FIRST_EPOCH
    told: dict[Place, None] = field(default_factory=dict)
    said: dict[Place, list[Said]] = field(default_factory=dict)
    """What goes with the next request."""


class ShareFetching:
    def __init__(self, consumer: "ShareConsumer") -> None:
        self.consumer = consumer
        self.sessions: dict[str, Session] = {}
        self.buffered: deque[Held] = deque()
        self.refused = 0
        """Acknowledgements that came too late, or for a lock that was gone."""
        self._numbers = 0
        self._not_before_us: dict[Place, int] = {}
        """Partitions that could not be read where they were thought to be."""

    def take(self, most: int) -> list[Held]:
        """What one poll returns."""
        return [self.buffered.popleft() for _ in range(min(most, len(self.buffered)))]

    def say(self, held: Held, kind: int) -> None:
        """What became of it; sent with the next request to that broker."""
        session = self.sessions.get(held.target)
        if session is not None and session.number == held.session:
            session.said.setdefault(held.place, []).append((held.record.offset, kind))

    def fetch(self) -> None:
        """Ask each leader for more, unless it still has such a question."""
        consumer, settings = self.consumer, self.consumer.settings
        for target, places in self._by_leader().items():
            if self._asked(target):
                continue
            session = self._session(target)
            wanted = dict.fromkeys(places)
            added = {place: session.said.pop(place, []) for place in wanted if place not in session.told}
            forgotten = [place for place in session.told if place not in wanted]
            partitions = {**added, **session.said}
            session.told, session.said = wanted, {}
            body = share_requests.share_fetch(
                settings.group,
                consumer.membership.member_id,
                session.epoch,
                partitions,
                () if session.epoch == FIRST_EPOCH else forgotten,
                max_wait_ms=settings.fetch_max_wait_ms,
                max_records=settings.max_poll_records,
            )
            self._send(session, ApiKey.SHARE_FETCH, body)

    def acknowledge(self) -> bool:
        """Send what there is to say by itself; whether all of it has been answered."""
        for session in list(self.sessions.values()):
            if session.said and session.epoch != FIRST_EPOCH and not self._asked(session.target):
                said, session.said = session.said, {}
                self._acknowledge(session, session.epoch, said)
        waiting = any(session.said and session.epoch != FIRST_EPOCH for session in self.sessions.values())
        return not waiting and not self.consumer.asking(self, ApiKey.SHARE_ACKNOWLEDGE)

    def close(self) -> bool:
        """End every session; whether all have ended."""
        self.buffered.clear()
        for session in list(self.sessions.values()):
            if not self._asked(session.target):
                if session.epoch in (FINAL_EPOCH, FIRST_EPOCH):
                    del self.sessions[session.target]
                else:
                    said, session.said = session.said, {}
                    self._acknowledge(session, FINAL_EPOCH, said)
                    session.epoch = FINAL_EPOCH
        return not self.sessions

    def _acknowledge(self, session: Session, epoch: int, said: dict[Place, list[Said]]) -> None:
        settings, member_id = self.consumer.settings, self.consumer.membership.member_id
        body = share_requests.share_acknowledge(settings.group, member_id, epoch, said)
        self._send(session, ApiKey.SHARE_ACKNOWLEDGE, body)

    def _send(self, session: Session, api_key: ApiKey, body: Any) -> None:
        self.consumer.ask(session.target, api_key, body, self, session.number)

    def _session(self, target: str) -> Session:
        session = self.sessions.get(target)
        if session is None:
            self._numbers += 1
            session = self.sessions[target] = Session(target, self._numbers)
        return session

    def _by_leader(self) -> dict[str, list[Place]]:
        consumer = self.consumer
        found: dict[str, list[Place]] = {target: [] for target in self.sessions}
        for place in consumer.membership.assigned:
            not_before_us = self._not_before_us.get(place, 0)
            if not_before_us > consumer.now_us:
                consumer.wake_at(not_before_us)
                continue
            known = consumer.metadata.leader(consumer.metadata.name(place[0]) or "", place[1])
            if known is None:
                consumer.metadata.request_update()
                consumer.wake_at(consumer.now_us + 100_000)
            else:
                found.setdefault(broker_node(known.leader), []).append(place)
        return {
            target: places
            for target, places in found.items()
            if consumer.ready(target) and (places or self.sessions[target].told)
        }

    def _asked(self, target: str) -> bool:
        return any(asked.asker is self and asked.target == target for asked in self.consumer.in_flight.values())

    # -- answers -----------------------------------------------------------------------------------

    def answered(self, asked: Asked, body: Any) -> None:
        session = self.sessions.get(asked.target)
        if session is None or session.number != asked.about:
            return
        if body.error_code is not ErrorCode.none:
            self._end(asked.target, body.error_code)
            return
        if session.epoch != FINAL_EPOCH:
            session.epoch = 1 if session.epoch == 2**31 - 1 else session.epoch + 1
        for topic in body.responses:
            for part in topic.partitions:
                if asked.api_key == ApiKey.SHARE_FETCH:
                    self._take(session, (topic.topic_id, part.partition_index), part)
                elif part.error_code is not ErrorCode.none:
                    self.refused += 1

    def unanswered(self, asked: Asked, error: ErrorCode) -> None:
        session = self.sessions.get(asked.target)
        if session is not None and session.number == asked.about:
            self._end(asked.target, error)

    def _end(self, target: str, error: ErrorCode) -> None:
        """The broker has forgotten the session, and with it the locks."""
        session = self.sessions.pop(target)
        self._not_before_us.update(dict.fromkeys(session.told, self.consumer.now_us + RETRY_BACKOFF_US))
        self.consumer.metadata.request_update()
        if error not in SESSION_ERRORS and not error.retriable:
            self.consumer.fail(f"{target} refused to share: {error.name.upper()}")

    def _take(self, session: Session, place: Place, part: Any) -> None:
        if part.acknowledge_error_code:
            self.refused += 1
        if part.error_code is not ErrorCode.none:
            # The leader has moved, or the topic is gone: what is read from where is looked up again.
            session.told.pop(place, None)
            self._not_before_us[place] = self.consumer.now_us + RETRY_BACKOFF_US
            self.consumer.metadata.request_update()
            return
        counts = {
            offset: each.delivery_count
            for each in part.acquired_records
            for offset in range(each.first_offset, each.last_offset + 1)
        }
        for batch in batches.headers(part.records) if part.records else ():
            if batch.is_control:
                continue
            for record in batches.records(batch):
                count = counts.pop(record.offset, None)
                if count is not None:
                    self.buffered.append(Held(session.target, session.number, place, record, count))
        # Acquired, and not there: a control record, or what compaction has taken.
        for offset in counts:
            session.said.setdefault(place, []).append((offset, GAP))
