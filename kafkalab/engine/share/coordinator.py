"""The share coordinator of one broker: a shard for each `__share_group_state` partition that it leads.

Those who lead the partitions that share groups read tell it what became of the records, and ask it
when they begin; those who coordinate the groups tell it where a group begins. It writes that to the
log, and answers once it is replicated. It comes with the leadership of its partition and goes with it
(org.apache.kafka.coordinator.share.ShareCoordinatorService).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kafkalab.engine.coordinator_place import partition_of
from kafkalab.engine.coordinators.coordinator import LOAD_BYTES
from kafkalab.engine.coordinators.turn import storage_error
from kafkalab.engine.events import ShareStateLoaded, ShareStateUnloaded
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.engine.share.records import STATE_TOPIC, ShareStateRecord, ShareUpdate, decode, encode
from kafkalab.engine.share.shard import StateShard
from kafkalab.engine.share.state import RECORD_STATES, RecordState, SharePartitionKey, SharePartitionState, StateBatch
from kafkalab.engine.share.words import said
from kafkalab.wire import batches
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker


DOING = {
    ApiKey.INITIALIZE_SHARE_GROUP_STATE: "initialize share group state",
    ApiKey.READ_SHARE_GROUP_STATE: "read share group state",
    ApiKey.WRITE_SHARE_GROUP_STATE: "write share group state",
    ApiKey.DELETE_SHARE_GROUP_STATE: "delete share group state",
    ApiKey.READ_SHARE_GROUP_STATE_SUMMARY: "read share group state summary",
}
LOOKED_FOR = (ErrorCode.not_coordinator, ErrorCode.coordinator_load_in_progress)
"""Told with what was to be done."""


@dataclass(frozen=True, slots=True)
class StateResult:
    """What is answered of one share partition; `state` only to those who read."""

    error_code: ErrorCode = ErrorCode.none
    error_message: str | None = None
    state: SharePartitionState = field(default_factory=SharePartitionState)


@dataclass
class Gathering:
    """One request, answered once all that it asks about is settled."""

    request: Request
    answer: Callable[["Gathering"], Any]
    """A function of a module, which a copy of a world shares."""
    results: dict[SharePartitionKey, StateResult | None]

    def settle(self, broker: "Broker", key: SharePartitionKey, result: StateResult) -> None:
        self.results[key] = result
        if any(each is None for each in self.results.values()):
            return
        if self.request.source == broker.name:
            broker.persister.hear_oneself(self.request, self.answer(self))
        else:
            broker.respond(self.request, self.answer(self))

    def result(self, topic_id: Any, partition: int) -> StateResult:
        found = self.results[SharePartitionKey(self.request.body.group_id, topic_id, partition)]
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class StateWrite:
    """A record on its way to being committed, and what is answered then."""

    gathering: Gathering
    key: SharePartitionKey
    result: StateResult
    partition: int

    def committed(self, broker: "Broker") -> None:
        broker.share_coordinator.commit(self.partition)
        self.gathering.settle(broker, self.key, self.result)

    def failed(self, broker: "Broker", error_code: ErrorCode) -> None:
        self.gathering.settle(broker, self.key, StateResult(storage_error(error_code)))


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A record that nobody waits for."""

    partition: int

    def committed(self, broker: "Broker") -> None:
        broker.share_coordinator.commit(self.partition)

    def failed(self, broker: "Broker", error_code: ErrorCode) -> None:
        """The next one who looks finds it undone."""


@dataclass(frozen=True, slots=True)
class LoadMore:
    partition: int
    leader_epoch: int

    def fire(self, broker: "Broker") -> None:
        broker.share_coordinator.load_more(self.partition, self.leader_epoch)


@dataclass(frozen=True, slots=True)
class PruneDue:
    def fire(self, broker: "Broker") -> None:
        broker.share_coordinator.prune()


class ShareCoordinator:
    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.shards: dict[int, StateShard] = {}
        """By partition of `__share_group_state`."""
        self._prunes = False

    def partition_for(self, coordinator_key: str) -> int:
        topic = self.broker.metadata.topics.get(STATE_TOPIC)
        config = self.broker.config
        count = len(topic.partitions) if topic else config.share_coordinator_state_topic_num_partitions
        return partition_of(coordinator_key, count)

    # -- leadership comes and goes -----------------------------------------------------------------

    def on_leader(self, partition: int, leader_epoch: int) -> None:
        if partition in self.shards:
            return
        start = self.broker.partition(STATE_TOPIC, partition).log.start_offset
        self.shards[partition] = StateShard(partition, leader_epoch, next_offset=start)
        self.load_more(partition, leader_epoch)
        if not self._prunes:
            self._prunes = True
            self._wake_to_prune()

    def on_resign(self, partition: int) -> None:
        if self.shards.pop(partition, None) is not None:
            self.broker.tell(ShareStateUnloaded(self.broker.broker_id, partition))

    def load_more(self, partition: int, leader_epoch: int) -> None:
        shard = self.shards.get(partition)
        if shard is None or not shard.loading or shard.leader_epoch != leader_epoch:
            return
        led = self.broker.partition(STATE_TOPIC, partition)
        data = led.log.read(shard.next_offset, LOAD_BYTES, led.log.end_offset, True)
        for batch in batches.headers(data):
            if not batch.is_control:
                for record in batches.records(batch):
                    decoded = decode(record.key, record.value)
                    if decoded is not None and record.offset >= shard.next_offset:
                        shard.replay(record.offset, decoded)
                        shard.loaded_records += 1
            shard.next_offset = batch.next_offset
        shard.commit_up_to(led.high_watermark)
        if data and shard.next_offset < led.log.end_offset:
            self.broker.wake_in(0, LoadMore(partition, leader_epoch))
            return
        shard.loading = False
        self.broker.tell(ShareStateLoaded(self.broker.broker_id, partition, shard.loaded_records))

    def commit(self, partition: int) -> None:
        shard = self.shards.get(partition)
        if shard is not None:
            shard.commit_up_to(self.broker.partition(STATE_TOPIC, partition).high_watermark)

    # -- requests ------------------------------------------------------------------------------------

    def take(self, request: Request, answer: Callable[[Gathering], Any]) -> Any:
        """Each share partition that is asked about by itself; the answer at once if all is settled at once."""
        asked = [(topic.topic_id, each) for topic in request.body.topics for each in topic.partitions]
        keys = [SharePartitionKey(request.body.group_id, topic_id, each.partition) for topic_id, each in asked]
        gathering = Gathering(request, answer, dict.fromkeys(keys))
        if not keys:
            return answer(gathering)
        for key, (_, each) in zip(keys, asked, strict=True):
            try:
                self._take_one(gathering, key, each)
            except Refused as refused:
                message = said(refused.error_code, refused.message)
                if refused.error_code in LOOKED_FOR:
                    message = f"Unable to {DOING[ApiKey(gathering.request.api_key)]}: {message}"
                gathering.settle(self.broker, key, StateResult(refused.error_code, message))
        return None

    def _take_one(self, gathering: Gathering, key: SharePartitionKey, asked: Any) -> None:
        if key.topic_id is None:
            raise Refused(ErrorCode.unknown_topic_or_partition)
        if key.partition < 0:
            raise Refused(ErrorCode.invalid_request, "The partition id cannot be a negative number.")
        shard, now_ms = self._shard(key), self.broker.clock_ms
        record: ShareStateRecord | None
        result = StateResult()
        match gathering.request.api_key:
            case ApiKey.INITIALIZE_SHARE_GROUP_STATE:
                record = shard.initialize(key, asked.state_epoch, asked.start_offset, now_ms)
            case ApiKey.WRITE_SHARE_GROUP_STATE:
                per_snapshot = self.broker.config.share_coordinator_snapshot_update_records_per_snapshot
                record = shard.write(key, asked.state_epoch, _said(key, asked), per_snapshot, now_ms)
            case ApiKey.READ_SHARE_GROUP_STATE:
                state, record = shard.read(key, asked.leader_epoch)
                result = StateResult(state=state)
            case ApiKey.READ_SHARE_GROUP_STATE_SUMMARY:
                record = None
                result = StateResult(state=shard.committed.get(key, SharePartitionState()))
            case ApiKey.DELETE_SHARE_GROUP_STATE:
                record = shard.forget(key)
            case other:
                raise AssertionError(f"a share coordinator is not asked {other}")
        self._check_there(key)
        if record is None:
            gathering.settle(self.broker, key, result)
        else:
            self._append(shard, record, StateWrite(gathering, key, result, shard.partition))

    def _shard(self, key: SharePartitionKey) -> StateShard:
        shard = self.shards.get(self.partition_for(key.coordinator_key))
        if shard is None:
            raise Refused(ErrorCode.not_coordinator)
        if shard.loading:
            raise Refused(ErrorCode.coordinator_load_in_progress)
        shard.commit_up_to(self.broker.partition(STATE_TOPIC, shard.partition).high_watermark)
        return shard

    def _check_there(self, key: SharePartitionKey) -> None:
        name = self.broker.metadata.topic_names.get(key.topic_id)
        if name is None or self.broker.metadata.partition(name, key.partition) is None:
            raise Refused(ErrorCode.unknown_topic_or_partition)

    def _append(self, shard: StateShard, record: ShareStateRecord, write: StateWrite | Unanswered) -> None:
        try:
            offset = self.broker.append_as_coordinator(STATE_TOPIC, shard.partition, [encode(record)], write)
        except Refused as refused:
            raise Refused(storage_error(refused.error_code), refused.message) from refused
        shard.replay(offset, record)

    # -- what goes ---------------------------------------------------------------------------------

    def on_topics_deleted(self) -> None:
        """Their share partitions go too."""
        known = self.broker.metadata.topic_names
        for shard in self.shards.values():
            for key in [] if shard.loading else [key for key in shard.latest if key.topic_id not in known]:
                forgotten = shard.forget(key)
                assert forgotten is not None
                try:
                    self._append(shard, forgotten, Unanswered(shard.partition))
                except Refused:
                    # Too few replicas are in sync. It stays in the log, and nobody asks for it.
                    continue

    def prune(self) -> None:
        """Delete from the log what later snapshots have made worthless."""
        if not self.shards:
            self._prunes = False
            return
        for shard in self.shards.values():
            led = self.broker.partition(STATE_TOPIC, shard.partition)
            first = shard.redundant_before()
            if first is not None and not shard.loading and led.log.start_offset < first <= led.high_watermark:
                led.advance_log_start(first, "newer snapshots say it all")
        self._wake_to_prune()

    def _wake_to_prune(self) -> None:
        self.broker.wake_in(self.broker.config.share_coordinator_state_topic_prune_interval_ms * 1000, PruneDue())


def _said(key: SharePartitionKey, asked: Any) -> ShareUpdate:
    """Raises Refused: what no leader of a partition would write down, nobody could read back."""
    for each in asked.state_batches:
        if each.delivery_state not in RECORD_STATES:
            raise Refused(ErrorCode.invalid_request, f"Unknown record state id: {each.delivery_state}")
    return ShareUpdate(
        key,
        0,
        asked.leader_epoch,
        asked.start_offset,
        asked.delivery_complete_count,
        tuple(
            StateBatch(each.first_offset, each.last_offset, RecordState(each.delivery_state), each.delivery_count)
            for each in asked.state_batches
        ),
    )
