"""A consumer that a learner runs: an application that polls, works on each record, and commits.

Everything an application does happens in turn: it polls, works on what it got for
`processing_ms` a record, perhaps commits, and polls again. Only heartbeats and what was asked for
before go on meanwhile. Without a group it reads all partitions of its topics by itself.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

from kafkalab.engine.clients.client import Client
from kafkalab.engine.clients.commits import Commits
from kafkalab.engine.clients.consumer_settings import BEFORE, CONSUMER, ConsumerSettings
from kafkalab.engine.clients.coordinator_link import CoordinatorLink
from kafkalab.engine.clients.fetching import Fetching, Needs, Reading, TopicPartition
from kafkalab.engine.clients.membership import Membership, MemberState
from kafkalab.engine.clients.modern_membership import ModernMembership
from kafkalab.engine.events import ConsumerFailed, PartitionsAssigned, PartitionsRevoked, RecordsDelivered
from kafkalab.wire import frozen
from kafkalab.wire.records import Record

CLOSE_TIMEOUT_US = 30_000_000
"""How long `close()` tries to commit and to leave (ConsumerConfig has it as the default of `close`)."""
STEP_US = 20_000
"""Quick work is done in steps of about this long, not record by record."""
REMEMBERED = 20
GAPS_REMEMBERED = 10


@dataclass(frozen=True, slots=True)
class ChangeConsumer:
    """Go on with these settings. Another group, assignor or instance id means to leave and join anew."""

    settings: ConsumerSettings


@dataclass(frozen=True, slots=True)
class Gap:
    """How long the application was done with no record while its partitions changed: from the last one before to the
    first one after. Where there was nothing to read, that is in it."""

    began_us: int
    ended_us: int


@frozen.dataclass(frozen=True, slots=True)
class Delivered:
    """A record as the application got it."""

    topic: str
    partition: int
    record: Record


class Consumer(Client):
    def __init__(self, name: str, bootstrap: tuple[str, ...], settings: ConsumerSettings) -> None:
        super().__init__(name, bootstrap)
        assert not settings.problems(), settings.problems()
        self.settings = settings
        self.request_timeout_ms = settings.request_timeout_ms
        self.delivered = 0
        """Records the application has worked on."""
        self.last: deque[Delivered] = deque(maxlen=REMEMBERED)
        self.failed = False
        """The application met an error that it cannot go on from; `last_error` says which."""
        self.last_poll_us = 0
        self.fetching = Fetching(self)
        self._batch: deque[tuple[Reading, Record]] = deque()
        """What the last poll returned and is still to be worked on."""
        self._step = 0
        """How many of the batch are done when the present step ends."""
        self._busy_until_us = 0
        self._committing = False
        """Inside `commitSync`."""
        self._close_by_us: int | None = None
        self._left = False
        self._idle_since_us: int | None = None
        self.gaps: deque[Gap] = deque(maxlen=GAPS_REMEMBERED)
        """Of the last rebalances."""
        self._last_delivery_us: int | None = None
        self._partitions_changed = False
        """Since the last delivery."""
        self._subscribe()

    # -- for the view --------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        if self.failed or self.closing:
            return "failed" if self.failed else "closing"
        if self.settings.group is not None and not self.membership.settled:
            member_state = self.membership.state
            if self.link.broker is None:
                return "looking for its coordinator"
            return "joining" if member_state.value == MemberState.UNJOINED.value else member_state.value
        if self._committing:
            return "committing"
        if self._batch:
            return "processing"
        return "polling"

    @property
    def member_id(self) -> str:
        return self.membership.member_id if self.settings.group is not None else ""

    @property
    def generation(self) -> int:
        return self.membership.generation if self.settings.group is not None else -1

    @property
    def assignment(self) -> tuple[TopicPartition, ...]:
        return tuple(self.fetching.readings)

    @property
    def positions(self) -> dict[TopicPartition, int | None]:
        """The next offset that the application will get; None where that is not known yet."""
        return {where: reading.position for where, reading in self.fetching.readings.items()}

    @property
    def in_hand(self) -> int:
        """Records that the application has from a poll and is not done with."""
        return len(self._batch)

    def offsets_in_hand(self, where: TopicPartition) -> list[int]:
        return [record.offset for reading, record in self._batch if reading.where == where]

    @property
    def committed(self) -> dict[TopicPartition, int | None]:
        """As far as this consumer knows."""
        return {where: reading.committed for where, reading in self.fetching.readings.items()}

    # -- orders ----------------------------------------------------------------------------------------

    def command(self, message: Any) -> None:
        match message:
            case ChangeConsumer(settings):
                self._change(settings)
            case _:
                super().command(message)

    def progress(self) -> None:
        if self._is_done():
            self.closing = True
        if self.closing:
            self._close()
            return
        if self.failed:
            return
        self._work()
        self._background()
        while self._polling():
            returned = self._poll()
            # Not before the records are taken, else the partitions they came from would miss this fetch
            # and wait for its end. The application's work then goes on beside it.
            self.fetching.fetch()
            if not returned:
                return
            self._work()
            self._background()
        if self._is_done():
            self.wake_at(self.now_us)

    def all_is_well(self) -> None:
        """A commit went through: what went wrong before with the group is over."""
        if not self.failed:
            self.last_error = None

    def fail(self, reason: str) -> None:
        """`poll` throws, and the application ends as most would: it closes its consumer."""
        if self.failed:
            return
        self.failed = True
        self.last_error = reason
        self._batch.clear()
        self.tell(ConsumerFailed(self.name, reason))
        if self.settings.group is not None:
            self.membership.leave(reason)
        self.fetching.stop(list(self.fetching.readings))

    def _change(self, settings: ConsumerSettings) -> None:
        assert not settings.problems(), settings.problems()
        old, self.settings = self.settings, settings
        self.request_timeout_ms = settings.request_timeout_ms
        if self.failed or _identity(old) != _identity(settings):
            self._batch.clear()
            self._committing = self.failed = False
            if old.group is not None:
                self.partitions_lost(list(self.fetching.readings))
                self.membership.leave("it was given other settings")
            self.fetching.stop(list(self.fetching.readings))
            self._subscribe()
        elif old.topics != settings.topics:
            for topic in old.topics:
                self.metadata.forget(topic)
            self._want_topics()
            if settings.group is not None:
                self.membership.request_rejoin("it wants other topics")

    def _subscribe(self) -> None:
        self._want_topics()
        if self.settings.group is not None:
            self.link = CoordinatorLink(self, self.settings.group)
            kind = ModernMembership if self.settings.group_protocol == CONSUMER else Membership
            self.membership: Membership | ModernMembership = kind(self, self.link)
            self.commits = Commits(self, self.link, self.membership)

    def _want_topics(self) -> None:
        for topic in self.settings.topics:
            self.metadata.want(topic)

    # -- the application -------------------------------------------------------------------------------

    def _polling(self) -> bool:
        return not self.failed and not self._batch and not self._committing

    def _poll(self) -> bool:
        """Whether it returned any records."""
        self.last_poll_us = self.now_us
        if self.settings.group is not None and self.membership.giving_up:
            return False
        if self.settings.group is not None and self.settings.commit == "auto":
            self.commits.auto()
        most, limit = self.settings.max_poll_records, self.settings.limit
        if limit is not None:
            most = min(most, max(0, limit - self.delivered))
        self._batch = deque(self.fetching.take(most))
        if self._batch and self.settings.group is not None and self.settings.commit == BEFORE:
            self._committing = True
        self._begin_step()
        return bool(self._batch)

    def _is_done(self) -> bool:
        """It has had as much as it wanted, or nothing came for too long."""
        settings = self.settings
        if settings.limit is not None and self.delivered >= settings.limit:
            return True
        if settings.idle_timeout_ms is None:
            return False
        if self._idle_since_us is None:
            self._idle_since_us = self.now_us
        end_us = self._idle_since_us + settings.idle_timeout_ms * 1000
        self.wake_at(end_us)
        return self.now_us >= end_us

    def _begin_step(self) -> None:
        work_us = self.settings.processing_ms * 1000
        self._step = min(len(self._batch), max(1, STEP_US // work_us)) if work_us else len(self._batch)
        self._busy_until_us = self.now_us + self._step * work_us

    def _work(self) -> None:
        """Be done with what has been worked on by now."""
        if self._committing and self._batch and not self._committed_before():
            return
        while self._batch and self._busy_until_us <= self.now_us:
            self._deliver([self._batch.popleft() for _ in range(self._step)])
            self._begin_step()
            if not self._batch and self.settings.group is not None and self.settings.commit == "manual":
                self._committing = True
        if self._batch:
            self.wake_at(self._busy_until_us)
        if self._committing and self.commits.finish():
            self._committing = False

    def _committed_before(self) -> bool:
        """Whether the work on what was polled may begin: it is committed first."""
        if not self.commits.finish():
            return False
        self._committing = False
        if any(reading.committed is None or reading.committed <= record.offset for reading, record in self._batch):
            # Refused: somebody else may get these records. Whoever still has the partition polls them again.
            for reading, record in reversed(self._batch):
                reading.seek(record.offset, reading.epoch)
            self._batch.clear()
        self._begin_step()
        return True

    def _deliver(self, done: list[tuple[Reading, Record]]) -> None:
        by_reading: dict[Reading, list[Record]] = {}
        for reading, record in done:
            by_reading.setdefault(reading, []).append(record)
        for reading, records in by_reading.items():
            held = any(other is reading for other, _ in self._batch)
            self.fetching.consumed(reading, records[-1], last=not held)
            self.delivered += len(records)
            self.last.extend(Delivered(*reading.where, record) for record in records[-(self.last.maxlen or 0) :])
            self._idle_since_us = self.now_us
            if self._partitions_changed and self._last_delivery_us is not None:
                self.gaps.append(Gap(self._last_delivery_us, self.now_us))
            self._last_delivery_us, self._partitions_changed = self.now_us, False
            first, last = records[0].offset, records[-1].offset
            self.tell(RecordsDelivered(self.name, *reading.where, first, last, len(records)))

    def _background(self) -> None:
        """What goes on whatever the application does; joining only while it polls."""
        if self.settings.group is None:
            self._read_everything()
        else:
            self.link.target()
            self.membership.progress(self._polling())
            self.commits.progress()
        self.fetching.find_positions()

    def _read_everything(self) -> None:
        counts = {topic: self.metadata.count(topic) for topic in self.settings.topics}
        only = self.settings.partition
        wanted = [(topic, it) for topic, count in counts.items() for it in range(count) if only in (None, it)]
        readings = self.fetching.readings
        gone = [where for where in readings if where not in wanted]
        if gone and not self._batch:
            self.fetching.stop(gone)
        added = [where for where in wanted if where not in readings]
        if added:
            self.fetching.start(added, Needs.RESET, "it belongs to no group")
            if self.settings.begin_at is not None:
                for where in added:
                    self.fetching.readings[where].seek(self.settings.begin_at, -1)
                    self.fetching.readings[where].needs = Needs.NOTHING

    # -- what the membership reports -------------------------------------------------------------------

    def partitions_assigned(self, partitions: list[TopicPartition]) -> None:
        group = self.settings.group
        assert group is not None
        self.fetching.start(partitions, Needs.COMMITTED, f"group {group} has committed nothing")
        if partitions:
            self._partitions_changed = True
            self.tell(PartitionsAssigned(self.name, group, names(partitions)))

    def partitions_revoked(self, partitions: list[TopicPartition]) -> None:
        group = self.settings.group
        assert group is not None
        self.fetching.stop(partitions)
        if partitions:
            self._partitions_changed = True
            self.tell(PartitionsRevoked(self.name, group, names(partitions)))

    def partitions_lost(self, partitions: list[TopicPartition]) -> None:
        """As revoked, only that somebody else may have them already."""
        self.partitions_revoked(partitions)

    @property
    def _commits_at_the_end(self) -> bool:
        """Who commits before the work has done so already for all that was worked on."""
        return self.settings.commit not in (BEFORE, "none")

    # -- the end ---------------------------------------------------------------------------------------

    def _close(self) -> None:
        """Commit what was worked on, leave, end. What the last poll returned beyond is for others."""
        if self._close_by_us is None:
            self._close_by_us = self.now_us + CLOSE_TIMEOUT_US
        self._batch.clear()
        self.wake_at(self._close_by_us)
        if self.failed or self.settings.group is None or self.now_us >= self._close_by_us:
            self.exit()
            return
        if self.generation >= 0 and not self._left and self._commits_at_the_end and not self.commits.finish():
            return
        if not self._left:
            self._left = True
            self.membership.leave("the consumer is being closed")
        if not self.membership.leaving:
            self.exit()


def _identity(settings: ConsumerSettings) -> tuple[str | None, ...]:
    """What makes it another member."""
    return (
        settings.group,
        settings.group_protocol,
        settings.group_remote_assignor,
        settings.assignor,
        settings.instance_id,
    )


def names(partitions: list[TopicPartition]) -> tuple[str, ...]:
    return tuple(f"{topic}-{partition}" for topic, partition in partitions)
