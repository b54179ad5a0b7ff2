"""The reader's half of a fetch session: what the leader has been told, and what to tell it next.

(org.apache.kafka.clients.FetchSessionHandler.)
"""

from typing import TYPE_CHECKING
from uuid import UUID

from kafkalab.engine.broker.fetch_sessions import FIRST_EPOCH, NO_SESSION, next_epoch
from kafkalab.wire.dialect import FetchPartition, FetchResponse, FetchTopic, ForgottenTopic
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import PartitionKey

SESSION_ERRORS = (
    ErrorCode.fetch_session_id_not_found,
    ErrorCode.invalid_fetch_session_epoch,
    ErrorCode.fetch_session_topic_id_error,
)
"""The leader wants to hear everything again; nothing is wrong with any partition."""

Topic = tuple[str, UUID]


class ReaderSession:
    def __init__(self) -> None:
        self.id = NO_SESSION
        self.epoch = FIRST_EPOCH
        self.told: dict[PartitionKey, tuple[UUID, FetchPartition]] = {}
        """What the leader reads for this session, once it has the request that is being made."""
        self._news: dict[PartitionKey, None] = {}
        self._forgotten: dict[Topic, list[int]] = {}

    @property
    def goes_on(self) -> bool:
        """Whether a request need only say what changed."""
        return self.epoch != FIRST_EPOCH

    def want(self, key: "PartitionKey", topic_id: UUID, asked: FetchPartition) -> None:
        known = self.told.get(key)
        if known is not None and known[0] is not topic_id and known[0] != topic_id:
            self.forget(key)
        elif known is not None and (known[1] is asked or known[1] == asked):
            return
        # Who is asked for anew is read last, so that none starves.
        self.told.pop(key, None)
        self.told[key] = topic_id, asked
        self._news[key] = None

    def forget(self, key: "PartitionKey") -> None:
        known = self.told.pop(key, None)
        self._news.pop(key, None)
        if known is not None and self.goes_on:
            self._forgotten.setdefault((key[0], known[0]), []).append(key[1])

    def request(self) -> tuple[tuple[FetchTopic, ...], tuple[ForgottenTopic, ...]]:
        """What the next request names, and what it forgets."""
        by_topic: dict[Topic, list[FetchPartition]] = {}
        for key in self._news if self.goes_on else self.told:
            topic_id, asked = self.told[key]
            by_topic.setdefault((key[0], topic_id), []).append(asked)
        forgotten = self._forgotten
        self._news, self._forgotten = {}, {}
        return (
            tuple(FetchTopic(name, topic_id, tuple(each)) for (name, topic_id), each in by_topic.items()),
            tuple(ForgottenTopic(name, topic_id, tuple(each)) for (name, topic_id), each in forgotten.items()),
        )

    def answered(self, body: FetchResponse) -> bool:
        """Go on as the leader says. False if what it answers is an error."""
        if body.error_code is ErrorCode.fetch_session_id_not_found:
            self._begin_anew(NO_SESSION)
        elif body.error_code is not ErrorCode.none:
            self.lost()
        elif body.session_id == NO_SESSION:
            self._begin_anew(NO_SESSION)
        else:
            self.id, self.epoch = body.session_id, next_epoch(self.epoch)
        return body.error_code is ErrorCode.none

    def lost(self) -> None:
        """Nobody knows whether the leader has the last request: close the session and begin another."""
        self._begin_anew(self.id)

    def _begin_anew(self, session_id: int) -> None:
        self.id, self.epoch = session_id, FIRST_EPOCH
        self.told = {}
        self._news, self._forgotten = {}, {}
