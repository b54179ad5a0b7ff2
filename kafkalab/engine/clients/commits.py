"""How far a group has read, kept by its coordinator: asked for at the start, told as reading goes on.

The committed offset is that of the next record to read. A commit is refused to a member that the
group has gone on without, so that it cannot undo what its successor did
(org.apache.kafka.clients.consumer.internals.ConsumerCoordinator).
"""

from typing import TYPE_CHECKING, Any

from kafkalab.engine.clients.client import Asked
from kafkalab.engine.clients.consumer_settings import BEFORE
from kafkalab.engine.clients.coordinator_link import NOT_THE_ONE, CoordinatorLink
from kafkalab.engine.clients.fetching import Needs, Reading, TopicPartition
from kafkalab.engine.clients.membership import FORGOTTEN, Membership
from kafkalab.engine.clients.metadata import backoff_us
from kafkalab.engine.clients.modern_membership import ModernMembership
from kafkalab.engine.clients.requests import nested
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import (
    OffsetCommitPartition,
    OffsetCommitRequest,
    OffsetCommitTopic,
    OffsetFetchGroup,
    OffsetFetchRequest,
    OffsetFetchTopic,
)
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.clients.consumer import Consumer


class Commits:
    def __init__(self, consumer: "Consumer", link: CoordinatorLink, membership: Membership | ModernMembership) -> None:
        self.consumer = consumer
        self.link = link
        self.membership = membership
        self.next_auto_us: int | None = None
        self._failures = 0
        self._not_before_us = 0
        self._settled_in: int | None = None
        """The generation in which the commit that `finish` waits for went through, or was refused for good."""
        self._give_up_us: int | None = None
        """When `finish` gives up, while it waits."""

    def pending(self) -> dict[TopicPartition, int]:
        """Positions that differ from what is committed. Kafka's consumer repeats the others too, which
        would let an idle lab's offsets topic grow for ever."""
        ahead = self.consumer.settings.commit == BEFORE
        found: dict[TopicPartition, int] = {}
        for where, reading in self.consumer.fetching.readings.items():
            position = _next_poll(reading) if ahead else reading.position
            if position is not None and position != reading.committed:
                found[where] = position
        return found

    def _is_pending(self) -> bool:
        for reading in self.consumer.fetching.readings.values():
            if reading.position is not None and reading.position != reading.committed:
                return True
        return False

    def auto(self) -> None:
        """At the start of a poll, when all that earlier polls returned has been worked on."""
        consumer = self.consumer
        interval_us = consumer.settings.auto_commit_interval_ms * 1000
        if self.next_auto_us is None:
            self.next_auto_us = consumer.now_us + interval_us
        if consumer.now_us >= self.next_auto_us:
            self.next_auto_us = consumer.now_us + interval_us
            self._commit(awaited=False)
        elif self._is_pending():
            consumer.wake_at(self.next_auto_us)

    def finish(self) -> bool:
        """Commit what is read by now, and again if that fails. True once it is done, or cannot be.

        What a cooperative member reads meanwhile is not waited for: that could go on for ever. Nor is
        the commit, for longer than a rebalance may take: its partition may be gone with its topic.
        """
        done = self._finish()
        self._give_up_us = None if done else self._give_up_us
        return done

    def _finish(self) -> bool:
        consumer = self.consumer
        if self._give_up_us is None:
            self._give_up_us = consumer.now_us + consumer.settings.max_poll_interval_ms * 1000
        elif consumer.now_us >= self._give_up_us:
            return True
        consumer.wake_at(self._give_up_us)
        if self.consumer.asking(self, ApiKey.OFFSET_COMMIT):
            return False
        settled_in, self._settled_in = self._settled_in, None
        if settled_in == self.membership.generation or not self.pending():
            return True
        if not self.membership.may_commit:
            self.consumer.last_error = "commit refused: the group went on, or is rebalancing"
            return True
        self._commit(awaited=True)
        return False

    def progress(self) -> None:
        """Ask for the committed offsets of partitions just assigned."""
        consumer, committed = self.consumer, Needs.COMMITTED
        if consumer.fetching.settled.groups(consumer.metadata) is not None:
            return
        wanting = [reading for reading in consumer.fetching.readings.values() if reading.needs is committed]
        if not wanting or consumer.asking(self, ApiKey.OFFSET_FETCH) or not self._may_ask():
            return
        topics = nested({reading.where: None for reading in wanting})
        membership = self.membership
        group = OffsetFetchGroup(
            self.link.group,
            tuple(OffsetFetchTopic(name, None, tuple(numbers)) for name, numbers in topics.items()),
            *((membership.member_id, membership.generation) if isinstance(membership, ModernMembership) else ()),
        )
        self.link.ask(ApiKey.OFFSET_FETCH, OffsetFetchRequest((group,), require_stable=True), self, wanting)

    def answered(self, asked: Asked, body: Any) -> None:
        if asked.api_key == ApiKey.OFFSET_COMMIT:
            about, generation, awaited = asked.about
            if self._take_commit(about, generation, body) and awaited:
                self._settled_in = generation
        else:
            self._take_offsets(asked.about, body)

    def unanswered(self, asked: Asked, error: ErrorCode) -> None:
        self.link.lost()
        self._later()

    def _commit(self, awaited: bool) -> None:
        pending = self.pending()
        held = self.consumer.fetching.readings
        if not self.membership.may_commit or not pending:
            return
        if self.consumer.asking(self, ApiKey.OFFSET_COMMIT) or not self._may_ask():
            return
        about = {where: (reading, pending[where], reading.epoch) for where, reading in held.items() if where in pending}
        body = OffsetCommitRequest(
            self.link.group,
            self.membership.generation,
            self.membership.member_id,
            tuple(
                OffsetCommitTopic(
                    topic,
                    None,
                    tuple(
                        OffsetCommitPartition(partition, position, epoch)
                        for partition, (_, position, epoch) in partitions.items()
                    ),
                )
                for topic, partitions in nested(about).items()
            ),
            self.consumer.settings.instance_id,
        )
        self.link.ask(ApiKey.OFFSET_COMMIT, body, self, (about, self.membership.generation, awaited))

    def _take_commit(self, about: dict[TopicPartition, tuple[Reading, int, int]], generation: int, body: Any) -> bool:
        """Whether it is settled: done, or refused for good."""
        for topic in body.topics:
            for result in topic.partitions:
                reading, position, _ = about[topic.name, result.partition]
                if result.error_code == ErrorCode.none:
                    reading.committed = position
                    self._failures = 0
                    self.consumer.all_is_well()
                else:
                    return self._commit_refused(result.error_code, generation)
        return True

    def _commit_refused(self, error: ErrorCode, generation: int) -> bool:
        if error in NOT_THE_ONE or error == ErrorCode.request_timed_out:
            self.link.lost()
        if error in FORGOTTEN:
            self.membership.forgotten(generation, error)
        elif error == ErrorCode.rebalance_in_progress:
            self.membership.request_rejoin("the group is rebalancing")
        elif error.retriable or error in NOT_THE_ONE or error == ErrorCode.stale_member_epoch:
            # Between sending and arriving the member's epoch may have gone on: the same again under the new one.
            self._later()
            if self.next_auto_us is not None:
                self.next_auto_us = self._not_before_us
            return False
        self.consumer.last_error = f"commit refused: {error.name.upper()}"
        return True

    def _take_offsets(self, wanting: list[Reading], body: Any) -> None:
        (group,) = body.groups
        if group.error_code != ErrorCode.none:
            self._offsets_refused(group.error_code)
            return
        results = {(topic.name, result.partition): result for topic in group.topics for result in topic.partitions}
        fetching = self.consumer.fetching
        for reading in wanting:
            if fetching.readings.get(reading.where) is not reading or reading.needs is not Needs.COMMITTED:
                continue
            result = results[reading.where]
            if result.error_code != ErrorCode.none:
                self._offsets_refused(result.error_code)
            elif result.offset < 0:
                fetching.reset(reading, f"group {self.link.group} has committed nothing")
            else:
                self._failures = 0
                fetching.found(reading, result.offset, result.leader_epoch)

    def _offsets_refused(self, error: ErrorCode) -> None:
        if error in NOT_THE_ONE:
            self.link.lost()
        if error in FORGOTTEN:
            self.membership.forgotten(self.membership.generation, error)
        elif error.retriable or error in NOT_THE_ONE or error == ErrorCode.stale_member_epoch:
            self._later()
        else:
            self.consumer.fail(f"offsets of group {self.link.group}: {error.name.upper()}")

    def _may_ask(self) -> bool:
        if self.consumer.now_us < self._not_before_us:
            self.consumer.wake_at(self._not_before_us)
            return False
        return self.link.target() is not None

    def _later(self) -> None:
        self._failures += 1
        self._not_before_us = self.consumer.now_us + backoff_us(self._failures, self.consumer.random)


def _next_poll(reading: Reading) -> int | None:
    """Where the next poll goes on, whatever the application still works on."""
    if reading.position is None:
        return None
    return reading.buffered[0].offset if reading.buffered else reading.next_fetch
