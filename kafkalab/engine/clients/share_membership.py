"""A share consumer as a member of its group: heartbeats, and the partitions that they bring.

The coordinator assigns, and the member takes up what it is told: others may read the same partitions,
so there is nothing to give up first, and nothing to wait for (KIP-932;
org.apache.kafka.clients.consumer.internals.ShareMembershipManager).
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from kafkalab.engine.clients import share_requests
from kafkalab.engine.clients.client import Asked
from kafkalab.engine.clients.coordinator_link import NOT_THE_ONE, CoordinatorLink
from kafkalab.engine.clients.metadata import backoff_us
from kafkalab.engine.clients.share_requests import Place
from kafkalab.engine.events import PartitionsAssigned, PartitionsRevoked
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode
from kafkalab.wire.uuids import text_of

if TYPE_CHECKING:
    from kafkalab.engine.clients.share_consumer import ShareConsumer

JOINING_EPOCH, LEAVING_EPOCH = 0, -1
FORGOTTEN = (ErrorCode.unknown_member_id, ErrorCode.fenced_member_epoch, ErrorCode.group_id_not_found)
"""The group went on without this member: it joins anew."""


class ShareMembership:
    def __init__(self, consumer: "ShareConsumer", link: CoordinatorLink) -> None:
        self.consumer = consumer
        self.link = link
        self.member_id = ""
        self.epoch = JOINING_EPOCH
        self.assigned: dict[Place, None] = {}
        self.joined = False
        self.left = False
        self._due_us = 0
        self._failures = 0
        self._told_topics: tuple[str, ...] | None = None

    def progress(self) -> None:
        """Beat when it is time."""
        consumer = self.consumer
        if not self.member_id:
            # Chosen by the member, once for its whole life (KIP-1082).
            self.member_id = text_of(UUID(int=consumer.random.getrandbits(128), version=4))
        if self.left or consumer.asking(self, ApiKey.SHARE_GROUP_HEARTBEAT) or self.link.target() is None:
            return
        if consumer.now_us < self._due_us:
            consumer.wake_at(self._due_us)
            return
        topics = consumer.settings.topics
        told = topics if self.epoch == JOINING_EPOCH or topics != self._told_topics else None
        self._told_topics = topics
        self._ask(self.epoch, told)

    def leave(self) -> None:
        """Say goodbye, if there is somebody to say it to."""
        if not self.left:
            self.left = True
            if self.joined and self.link.target() is not None:
                self._ask(LEAVING_EPOCH, None)

    def beat_now(self) -> None:
        self._due_us = 0

    def _ask(self, epoch: int, topics: tuple[str, ...] | None) -> None:
        settings = self.consumer.settings
        body = share_requests.share_group_heartbeat(settings.group, self.member_id, epoch, settings.rack, topics)
        self.link.ask(ApiKey.SHARE_GROUP_HEARTBEAT, body, self)

    def answered(self, asked: Asked, body: Any) -> None:
        error = body.error_code
        if error is not ErrorCode.none:
            self._refused(error)
            return
        self._failures = 0
        if self.left:
            return
        self.joined = True
        self.epoch = body.member_epoch
        self._due_us = self.consumer.now_us + body.heartbeat_interval.seconds * 1_000_000
        self.consumer.all_is_well()
        if body.assignment is not None:
            self._assign(
                {
                    (topic.topic_id, number): None
                    for topic in body.assignment.topic_partitions
                    for number in topic.partitions
                }
            )
        if not self.assigned:
            # It will have something as soon as the share coordinator knows the partitions.
            self._due_us = min(self._due_us, self.consumer.now_us + 1_000_000)

    def unanswered(self, asked: Asked, error: ErrorCode) -> None:
        self.link.lost()
        self._back_off()

    def _refused(self, error: ErrorCode) -> None:
        self._back_off()
        if error in NOT_THE_ONE:
            self.link.lost()
        elif error in FORGOTTEN:
            self.epoch = JOINING_EPOCH
            self.joined = False
            self._due_us = 0
            self._assign({})
        elif not error.retriable:
            self.consumer.fail(f"its group refused it: {error.name.upper()}")

    def _back_off(self) -> None:
        self._failures += 1
        self._due_us = self.consumer.now_us + backoff_us(self._failures, self.consumer.random)

    def _assign(self, assigned: dict[Place, None]) -> None:
        consumer, group = self.consumer, self.consumer.settings.group
        added = [place for place in assigned if place not in self.assigned]
        gone = [place for place in self.assigned if place not in assigned]
        self.assigned = assigned
        if gone:
            consumer.tell(PartitionsRevoked(consumer.name, group, self._names(gone)))
        if added:
            consumer.tell(PartitionsAssigned(consumer.name, group, self._names(added)))

    def _names(self, places: list[Place]) -> tuple[str, ...]:
        return tuple(f"{self.consumer.metadata.name(topic_id)}-{number}" for topic_id, number in places)
