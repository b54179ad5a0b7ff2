"""ShareFetch (78): a member of a share group is given records that nobody else holds.

What it is given it holds under a lock, and says later, here or with ShareAcknowledge, what became of
it. The request belongs to the member's share session; what it acknowledges is settled first, then
there is something to fetch or it waits in purgatory (KIP-932; kafka.server.KafkaApis
.handleShareFetchRequest, kafka.server.share.DelayedShareFetch).
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from kio.schema.share_fetch.v2.response import (
    AcquiredRecords,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionData,
    ShareFetchableTopicResponse,
    ShareFetchResponse,
)
from kio.schema.types import BrokerId
from kio.static.primitive import Records, i16, i32, i32Timedelta, i64

from kafkalab.engine.api.leader_hints import endpoints, hint_for
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.share.acknowledging import Acknowledging, Outcome, Place
from kafkalab.engine.share.group_config import ShareGroupConfig
from kafkalab.engine.share.partitions import Phase, SharePartition
from kafkalab.engine.share.sessions import FINAL_EPOCH, FIRST_EPOCH, ShareSession
from kafkalab.engine.share.state import SharePartitionKey
from kafkalab.engine.share.window import Acquired
from kafkalab.wire.dialect import NOT_THROTTLED, LeaderHint
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker, PartitionKey

RENEW_SINCE = 2


@dataclass(frozen=True, slots=True)
class Got:
    error_code: ErrorCode = ErrorCode.none
    records: bytes = b""
    acquired: tuple[Acquired, ...] = ()


@dataclass
class ShareFetching:
    """One request, from its acknowledgements to its answer."""

    request: Request
    session: ShareSession
    is_final: bool
    is_first: bool
    outcomes: dict[Place, Outcome] = field(default_factory=dict)
    got: dict[Place, Got] = field(default_factory=dict)
    keys: dict["PartitionKey", None] = field(default_factory=dict)
    """Of what can be waited for."""

    @property
    def source(self) -> str:
        return self.request.source

    def acknowledged(self, broker: "Broker", outcomes: dict[Place, Outcome]) -> None:
        self.outcomes = outcomes
        if self.is_final:
            broker.share_partitions.release_session(self.session)
        body = self.request.body
        if self.is_final or body.is_renew_ack or body.max_records <= 0 or not self.session.partitions:
            self._answer(broker)
            return
        if self._fetch(broker, body.min_bytes):
            self._answer(broker)
            return
        wait_ms = _ms(body.max_wait)
        if wait_ms <= 0 or not self.keys:
            self._answer(broker)
            return
        broker.purgatory.watch(self, tuple(self.keys), wait_ms)

    def check(self, broker: "Broker", key: "PartitionKey") -> bool:
        if not self._fetch(broker, self.request.body.min_bytes):
            return False
        self._answer(broker)
        return True

    def expire(self, broker: "Broker") -> None:
        self._fetch(broker, 0)
        self._answer(broker)

    def _fetch(self, broker: "Broker", min_bytes: int) -> bool:
        """Whether there is something to answer with: records, or an error."""
        body, shares = self.request.body, broker.share_partitions
        readable: list[tuple[Place, SharePartition, bytes]] = []
        places = self.session.rotated()
        for place in places:
            try:
                share = shares.get(SharePartitionKey(self.session.group, *place))
            except Refused as refused:
                self.got[place] = Got(refused.error_code)
                continue
            self.keys[share.partition_key] = None
            if share.phase is Phase.ACTIVE:
                data = shares.readable(share, max(body.max_bytes // len(places), 1))
                if data:
                    readable.append((place, share, data))
        failed = bool(self.got)
        if not failed and sum(len(data) for _, _, data in readable) < max(min_bytes, 1):
            return False
        left = body.max_records
        for place, share, data in readable:
            if left <= 0:
                break
            acquired, records = shares.acquire(
                share, self.session.member, data, left, body.batch_size, body.share_acquire_mode
            )
            if acquired:
                self.got[place] = Got(records=records, acquired=acquired)
                left -= sum(each.last_offset - each.first_offset + 1 for each in acquired)
        return bool(self.got)

    def _answer(self, broker: "Broker") -> None:
        broker.respond(self.request, _response(broker, self))


def handle(broker: "Broker", request: Request) -> None:
    body = request.body
    if not body.group_id or not body.member_id:
        raise Refused(ErrorCode.invalid_request)
    if body.is_renew_ack and (_ms(body.max_wait) or body.min_bytes or body.max_bytes or body.max_records):
        # One that renews locks fetches nothing.
        raise Refused(ErrorCode.invalid_request)
    said = {
        (topic.topic_id, each.partition_index): each.acknowledgement_batches
        for topic in body.topics
        for each in topic.partitions
        if each.acknowledgement_batches
    }
    session = _session(broker, request, bool(said))
    is_final, is_first = body.share_session_epoch == FINAL_EPOCH, body.share_session_epoch == FIRST_EPOCH
    may_renew = request.api_version >= RENEW_SINCE and body.is_renew_ack
    fetching = ShareFetching(request, session, is_final, is_first)
    Acknowledging(body.group_id, body.member_id, fetching).begin(broker, said, may_renew=may_renew)


def _session(broker: "Broker", request: Request, acknowledges: bool) -> ShareSession:
    body, sessions = request.body, broker.share_partitions.sessions
    group, member = body.group_id, body.member_id
    if body.share_session_epoch == FINAL_EPOCH:
        session = sessions.of(group, member)
        sessions.close(group, member)
        return session
    if body.share_session_epoch == FIRST_EPOCH:
        if acknowledges:
            raise Refused(ErrorCode.invalid_request)
        most = broker.config.group_share_max_share_sessions
        session = sessions.begin(group, member, request.source, request.client_id or member, most)
    else:
        session = sessions.resume(group, member, body.share_session_epoch)
    for topic in body.topics:
        for each in topic.partitions:
            session.partitions[topic.topic_id, each.partition_index] = None
    for topic in body.forgotten_topics_data:
        for partition in topic.partitions:
            session.partitions.pop((topic.topic_id, partition), None)
    return session


def _response(broker: "Broker", fetching: ShareFetching) -> ShareFetchResponse:
    """Of each partition that there is something to say of; to the first request of a session, of all."""
    places = dict.fromkeys([*fetching.got, *fetching.outcomes])
    if fetching.is_first:
        places.update(dict.fromkeys(fetching.session.partitions))
    topics: dict[UUID, list[PartitionData]] = {}
    hints: list[LeaderHint] = []
    for place in places:
        topic_id, partition = place
        got, outcome = fetching.got.get(place, Got()), fetching.outcomes.get(place, Outcome())
        worst = outcome.error_code if got.error_code is ErrorCode.none else got.error_code
        hint = hint_for(broker, worst, broker.metadata.topic_names.get(topic_id, ""), partition)
        if hint.leader_id >= 0:
            hints.append(hint)
        topics.setdefault(topic_id, []).append(_partition(partition, got, outcome, hint))
    lock_ms = ShareGroupConfig.of(broker, fetching.session.group).record_lock_duration_ms
    return ShareFetchResponse(
        throttle_time=NOT_THROTTLED,
        error_code=ErrorCode.none,
        acquisition_lock_timeout=i32Timedelta.parse(timedelta(milliseconds=lock_ms)),
        responses=tuple(
            ShareFetchableTopicResponse(topic_id=topic_id, partitions=tuple(parts))
            for topic_id, parts in topics.items()
        ),
        node_endpoints=tuple(
            NodeEndpoint(node_id=BrokerId(each.node_id), host=each.host, port=i32(each.port), rack=each.rack)
            for each in endpoints(broker, hints, fetching.request.listener)
        ),
    )


def _partition(partition: int, got: Got, outcome: Outcome, hint: LeaderHint) -> PartitionData:
    return PartitionData(
        partition_index=i32(partition),
        error_code=got.error_code,
        acknowledge_error_code=i16(int(outcome.error_code)),
        acknowledge_error_message=outcome.message,
        current_leader=LeaderIdAndEpoch(
            leader_id=i32(max(hint.leader_id, 0)), leader_epoch=i32(max(hint.leader_epoch, 0))
        ),
        records=Records(got.records),
        acquired_records=tuple(
            AcquiredRecords(
                first_offset=i64(each.first_offset),
                last_offset=i64(each.last_offset),
                delivery_count=i16(each.delivery_count),
            )
            for each in got.acquired
        ),
    )


def _ms(time: timedelta) -> int:
    return time // timedelta(milliseconds=1)


def refuse(request: Request, refused: Refused) -> ShareFetchResponse:
    return ShareFetchResponse(
        throttle_time=NOT_THROTTLED,
        error_code=refused.error_code,
        error_message=refused.message,
        acquisition_lock_timeout=i32Timedelta.parse(timedelta(0)),
        responses=(),
        node_endpoints=(),
    )
