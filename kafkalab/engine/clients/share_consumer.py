"""A consumer of a share group that a learner runs: it polls, works on each record, and says what became of it.

Several such consumers may read one partition, each other records of it. A record that is worked on
is accepted; or released, so that somebody tries it again; or rejected for good. Implicitly all that
the last poll returned is accepted by the next one; explicitly each record is told of
(org.apache.kafka.clients.consumer.KafkaShareConsumer).
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

from kafkalab.engine.clients.client import Client
from kafkalab.engine.clients.coordinator_link import CoordinatorLink
from kafkalab.engine.clients.share_fetching import Held, ShareFetching
from kafkalab.engine.clients.share_membership import ShareMembership
from kafkalab.engine.events import ConsumerFailed, RecordsDelivered
from kafkalab.engine.share.window import ACCEPT, REJECT, RELEASE
from kafkalab.wire.api import ApiKey

CLOSE_TIMEOUT_US = 30_000_000
STEP_US = 20_000
"""Quick work is done in steps of about this long, not record by record."""
IMPLICIT, EXPLICIT = ACKNOWLEDGEMENTS = ("implicit", "explicit")


@dataclass(frozen=True, slots=True)
class ShareConsumerSettings:
    topics: tuple[str, ...]
    group: str
    processing_ms: int = 0
    """How long the application works on each record."""
    acknowledgement: str = IMPLICIT
    released_percent: int = 0
    """Of the records, how many it gives back for another try. Only explicitly."""
    rejected_percent: int = 0
    """Of the records, how many it will not have at all. Only explicitly."""
    max_poll_records: int = 500
    fetch_max_wait_ms: int = 500
    request_timeout_ms: int = 30_000
    rack: str | None = None

    def problems(self) -> dict[str, str]:
        """What cannot be, by field."""
        wrong: dict[str, str] = {}
        if not self.topics:
            wrong["topics"] = "must name one topic at least"
        if not self.group:
            wrong["group"] = "must have a name"
        if self.acknowledgement not in ACKNOWLEDGEMENTS:
            wrong["acknowledgement"] = f"must be one of {', '.join(ACKNOWLEDGEMENTS)}"
        if self.released_percent + self.rejected_percent > 100:
            wrong["rejected_percent"] = "is more than 100 together with released_percent"
        for name in ("released_percent", "rejected_percent"):
            if getattr(self, name) and self.acknowledgement == IMPLICIT:
                wrong[name] = "needs acknowledgement explicit: implicitly all records are accepted"
        return wrong


@dataclass(frozen=True, slots=True)
class ChangeShareConsumer:
    """Go on with these settings. The group stays."""

    settings: ShareConsumerSettings


class ShareConsumer(Client):
    def __init__(self, name: str, bootstrap: tuple[str, ...], settings: ShareConsumerSettings) -> None:
        super().__init__(name, bootstrap)
        assert not settings.problems(), settings.problems()
        self.settings = settings
        self.request_timeout_ms = settings.request_timeout_ms
        self.delivered = 0
        """Records the application has worked on, some of them several times."""
        self.accepted = self.released = self.rejected = 0
        self.failed = False
        self.link = CoordinatorLink(self, settings.group)
        self.membership = ShareMembership(self, self.link)
        self.fetching = ShareFetching(self)
        self._batch: deque[Held] = deque()
        self._step = 0
        self._busy_until_us = 0
        self._acknowledging = False
        """Inside `commitSync`."""
        self._close_by_us: int | None = None
        for topic in settings.topics:
            self.metadata.want(topic)

    # -- for the view --------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        if self.failed or self.closing:
            return "failed" if self.failed else "closing"
        if not self.membership.joined:
            return "looking for its coordinator" if self.link.broker is None else "joining"
        if self._acknowledging:
            return "acknowledging"
        return "processing" if self._batch else "polling"

    @property
    def member_id(self) -> str:
        return self.membership.member_id

    @property
    def assignment(self) -> tuple[tuple[str, int], ...]:
        name = self.metadata.name
        return tuple((name(topic_id) or str(topic_id), number) for topic_id, number in self.membership.assigned)

    @property
    def held(self) -> int:
        """Records under its locks that it has not told of."""
        return len(self._batch) + len(self.fetching.buffered)

    # -- orders ----------------------------------------------------------------------------------------

    def command(self, message: Any) -> None:
        match message:
            case ChangeShareConsumer(settings):
                self._change(settings)
            case _:
                super().command(message)

    def progress(self) -> None:
        if self.closing:
            self._close()
            return
        if self.failed:
            return
        self.membership.progress()
        self._work()
        while not self._batch and not self._acknowledging:
            self._batch = deque(self.fetching.take(self.settings.max_poll_records))
            if not self._batch:
                self.fetching.fetch()
                return
            self._begin_step()
            self._work()

    def all_is_well(self) -> None:
        if not self.failed:
            self.last_error = None

    def fail(self, reason: str) -> None:
        if not self.failed:
            self.failed = True
            self.last_error = reason
            self._batch.clear()
            self.tell(ConsumerFailed(self.name, reason))
            self.membership.leave()

    def _change(self, settings: ShareConsumerSettings) -> None:
        assert not settings.problems(), settings.problems()
        old, self.settings = self.settings, settings
        if old.topics != settings.topics:
            for topic in old.topics:
                self.metadata.forget(topic)
            for topic in settings.topics:
                self.metadata.want(topic)
            self.membership.beat_now()

    # -- the application -------------------------------------------------------------------------------

    def _begin_step(self) -> None:
        work_us = self.settings.processing_ms * 1000
        self._step = min(len(self._batch), max(1, STEP_US // work_us)) if work_us else len(self._batch)
        self._busy_until_us = self.now_us + self._step * work_us

    def _work(self) -> None:
        """Be done with what has been worked on by now."""
        while self._batch and self._busy_until_us <= self.now_us:
            self._deliver([self._batch.popleft() for _ in range(self._step)])
            self._begin_step()
            if not self._batch and self.settings.acknowledgement == EXPLICIT:
                self._acknowledging = True
        if self._batch:
            self.wake_at(self._busy_until_us)
        if self._acknowledging and self.fetching.acknowledge():
            self._acknowledging = False

    def _deliver(self, done: list[Held]) -> None:
        spans: list[list[Held]] = []
        for held in done:
            self.fetching.say(held, self._verdict())
            last = spans[-1][-1] if spans else None
            if last is not None and (last.place, last.record.offset + 1) == (held.place, held.record.offset):
                spans[-1].append(held)
            else:
                spans.append([held])
        self.delivered += len(done)
        for span in spans:
            topic, number = self.metadata.name(span[0].place[0]) or "", span[0].place[1]
            first, last_offset = span[0].record.offset, span[-1].record.offset
            self.tell(RecordsDelivered(self.name, topic, number, first, last_offset, len(span)))

    def _verdict(self) -> int:
        settings = self.settings
        if settings.released_percent or settings.rejected_percent:
            drawn = self.random.randrange(100)
            if drawn < settings.released_percent:
                self.released += 1
                return RELEASE
            if drawn < settings.released_percent + settings.rejected_percent:
                self.rejected += 1
                return REJECT
        self.accepted += 1
        return ACCEPT

    # -- the end ---------------------------------------------------------------------------------------

    def _close(self) -> None:
        """Say what is to be said of records, end the sessions, leave, end."""
        if self._close_by_us is None:
            self._close_by_us = self.now_us + CLOSE_TIMEOUT_US
        self._batch.clear()
        self.wake_at(self._close_by_us)
        if self.failed or self.now_us >= self._close_by_us:
            self.exit()
            return
        if not self.fetching.close():
            return
        self.membership.leave()
        if not self.asking(self.membership, ApiKey.SHARE_GROUP_HEARTBEAT):
            self.exit()
