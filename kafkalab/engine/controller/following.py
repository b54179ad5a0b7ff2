"""A controller that does not lead copies the leader's log, with the Fetch that brokers use too.

Where its log has what the leader's has not, it cuts it off; where it lags behind the start of the leader's
log, it takes a snapshot. What it has is on the platter before it asks for more, for the offset that it asks
for is its word that it has everything before (org.apache.kafka.raft.KafkaRaftClient.handleFetchResponse).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafkalab.engine.controller.metadata import METADATA_TOPIC, METADATA_TOPIC_ID
from kafkalab.engine.controller.quorum_state import NOBODY, Follower, Unattached
from kafkalab.engine.controller.replica import MetadataReplica
from kafkalab.engine.controller.snapshot_fetch import Receiving
from kafkalab.engine.events import MetadataTruncated
from kafkalab.engine.node import Response
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import FetchPartition, FetchPartitionResult, FetchRequest, FetchTopic
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.controller.controller import Controller

RETRY_BACKOFF_US = 100_000
MAX_WAIT_MS = 500
MAX_BYTES = 8 * 1024 * 1024


def metadata_fetch(replica: MetadataReplica, replica_id: int, epoch: int) -> FetchRequest:
    """What a copy asks for: all that comes behind its end, and whether more is committed than it knows."""
    partition = FetchPartition(
        partition=0,
        fetch_offset=replica.end_offset,
        partition_max_bytes=MAX_BYTES,
        current_leader_epoch=epoch,
        last_fetched_epoch=replica.end_epoch,
        log_start_offset=replica.log.start_offset,
        high_watermark=replica.high_watermark,
    )
    return FetchRequest(
        topics=(FetchTopic(METADATA_TOPIC, METADATA_TOPIC_ID, (partition,)),),
        max_wait_ms=MAX_WAIT_MS,
        min_bytes=1,
        max_bytes=MAX_BYTES,
        replica_id=replica_id,
    )


@dataclass(frozen=True, slots=True)
class FetchAgain:
    number: int


class Following:
    def __init__(self, controller: "Controller", replica: MetadataReplica) -> None:
        self.controller = controller
        self.replica = replica
        self._in_flight: int | None = None
        self._target = NOBODY
        self._receiving: Receiving | None = None
        self._retries = 0
        self._asked_around = 0

    def turn(self) -> None:
        """Whom to follow may have changed: an answer that is still to come does not count."""
        self._in_flight = self._receiving = None
        self.fetch()

    def again(self, number: int) -> None:
        if number == self._retries:
            self.fetch()

    def fetch(self) -> None:
        controller, quorum = self.controller, self.controller.quorum
        if self._in_flight is not None or quorum.stopping:
            return
        match quorum.state:
            case Follower(leader_id):
                self._target = leader_id
            case Unattached() if others := [each for each in quorum.voters.ids if each != controller.controller_id]:
                # Whoever it is may know who leads.
                self._target = others[self._asked_around % len(others)]
                self._asked_around += 1
            case _:
                return
        self._retries += 1
        if self._receiving is not None:
            body = self._receiving.request(controller.cluster_id, controller.controller_id, quorum.epoch)
            self._in_flight = controller.ask_controller(self._target, ApiKey.FETCH_SNAPSHOT, body)
        else:
            fetch = metadata_fetch(self.replica, controller.controller_id, quorum.epoch)
            self._in_flight = controller.ask_controller(self._target, ApiKey.FETCH, fetch)

    def lost(self, peer_id: int) -> None:
        if self._in_flight is not None and peer_id == self._target:
            self._in_flight = None
            self._later()

    def _later(self) -> None:
        self._retries += 1
        self.controller.wake_in(RETRY_BACKOFF_US, FetchAgain(self._retries))

    def answered(self, response: Response) -> None:
        if response.correlation_id != self._in_flight:
            return
        self._in_flight = None
        part = response.body.topics[0].partitions[0]
        hint, quorum = part.current_leader, self.controller.quorum
        state = quorum.state
        quorum.learn(hint.leader_id, hint.leader_epoch)
        if quorum.state is not state:
            return
        if not isinstance(state, Follower) or part.error_code is not ErrorCode.none:
            self._receiving = None
            self._later()
            return
        state.deadline_us = self.controller.now_us + state.patience_us
        state.has_fetched = True
        if response.api_key == ApiKey.FETCH_SNAPSHOT:
            self._take_part(part)
        else:
            self._take(part)
        self.fetch()

    def _take_part(self, part: object) -> None:
        assert self._receiving is not None
        if self._receiving.take(part):
            self._receiving = None
            self.controller.snapshot_received()

    def _take(self, result: FetchPartitionResult) -> None:
        if result.diverging_epoch.epoch >= 0:
            cut = self.replica.truncate(result.diverging_epoch)
            self.controller.tell(MetadataTruncated(self.controller.controller_id, self.replica.end_offset, cut))
            return
        if result.snapshot_id.epoch >= 0:
            self._receiving = Receiving(self.replica, result.snapshot_id)
            return
        if result.records:
            self.replica.append_fetched(result.records)
            self.replica.log.flush()
        if self.replica.commit(result.high_watermark):
            self.controller.committed()
