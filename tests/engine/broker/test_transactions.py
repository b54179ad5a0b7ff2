"""Transactions as brokers serve them: who may write, what readers get, what markers decide, who takes over."""

from datetime import timedelta
from typing import Any

import pytest
from kio.schema.describe_producers.v0.request import DescribeProducersRequest, TopicRequest
from kio.schema.describe_producers.v0.response import ProducerState
from kio.schema.end_txn.v5.request import EndTxnRequest
from kio.schema.find_coordinator.v6.request import FindCoordinatorRequest
from kio.schema.init_producer_id.v6.request import InitProducerIdRequest
from kio.schema.list_offsets.v11.request import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from kio.schema.txn_offset_commit.v5.request import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitRequestTopic,
)
from kio.schema.write_txn_markers.v2.request import WritableTxnMarker, WritableTxnMarkerTopic, WriteTxnMarkersRequest

from kafkalab.engine.broker.verification import Support, Writer
from kafkalab.engine.events import TransactionBegan, TransactionMarked
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import (
    AbortedTransaction,
    FetchPartition,
    FetchPartitionResult,
    FetchRequest,
    FetchTopic,
    OffsetCommitPartition,
    OffsetCommitRequest,
    OffsetCommitTopic,
    OffsetFetchGroup,
    OffsetFetchPartitionResult,
    OffsetFetchRequest,
    OffsetFetchTopic,
    ProducePartition,
    ProducePartitionResult,
    ProduceRequest,
    ProduceTopic,
)
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room, batch_of

CONFIGS = {"offsets.topic.num.partitions": "1", "transaction.state.log.num.partitions": "2"}


class Writing:
    """A room with a topic whose first partition broker 1 leads, and one producer with a transactional id."""

    def __init__(self, **configs: str) -> None:
        self.room = Room(configs=CONFIGS)
        self.room.create((1, 2, 3), (2, 3, 1), **configs)
        self.producer_id, self.epoch = self.init("t")

    def coordinator(self, name: str, key_type: int) -> int:
        for _ in range(40):
            body = FindCoordinatorRequest(key_type=key_type, coordinator_keys=(name,))
            (found,) = self.room.ask(1, ApiKey.FIND_COORDINATOR, body).coordinators
            if found.error_code is ErrorCode.none:
                return int(found.node_id)
            self.room.run(0.25)
        raise AssertionError(found)

    def init(self, transactional_id: str) -> tuple[int, int]:
        body = InitProducerIdRequest(transactional_id=transactional_id, transaction_timeout=timedelta(seconds=60))
        for _ in range(40):
            answer = self.room.ask(self.coordinator(transactional_id, 1), ApiKey.INIT_PRODUCER_ID, body)
            if answer.error_code is ErrorCode.none:
                return answer.producer_id, answer.producer_epoch
            self.room.run(0.25)
        raise AssertionError(answer)

    def produce(
        self,
        *values: str,
        sequence: int = 0,
        broker: int = 1,
        partition: int = 0,
        version: int = 12,
        epoch: int | None = None,
    ) -> ProducePartitionResult:
        data = batch_of(
            *values,
            now_ms=self.room.now_ms,
            producer_id=self.producer_id,
            producer_epoch=self.epoch if epoch is None else epoch,
            base_sequence=sequence,
            is_transactional=True,
        )
        topic = ProduceTopic("orders", None, (ProducePartition(partition, data),))
        body = ProduceRequest(-1, 5000, (topic,), "t")
        result: ProducePartitionResult = (
            self.room.ask(broker, ApiKey.PRODUCE, body, version, within_s=7).topics[0].partitions[0]
        )
        return result

    def plain(self, *values: str) -> int:
        return self.room.produce(1, *values).base_offset

    def end(self, commit: bool) -> ErrorCode:
        body = EndTxnRequest(
            transactional_id="t", producer_id=self.producer_id, producer_epoch=self.epoch, committed=commit
        )
        answer = self.room.ask(self.coordinator("t", 1), ApiKey.END_TXN, body)
        if answer.error_code is ErrorCode.none:
            self.producer_id, self.epoch = answer.producer_id, answer.producer_epoch
        self.room.run(0.5)
        error: ErrorCode = answer.error_code
        return error

    def fetch(self, offset: int, isolation_level: int, broker: int = 1, max_wait_ms: int = 0) -> FetchPartitionResult:
        answer = self.room.ask(broker, ApiKey.FETCH, reading(offset, isolation_level, max_wait_ms))
        result: FetchPartitionResult = answer.topics[0].partitions[0]
        return result

    def mark(self, *, commit: bool, epoch: int, version: int = 2, coordinator_epoch: int = 0, **where: Any) -> Any:
        topic, broker = where.get("topic", "orders"), where.get("broker", 1)
        marker = WritableTxnMarker(
            producer_id=self.producer_id,
            producer_epoch=epoch,
            transaction_result=commit,
            topics=(WritableTxnMarkerTopic(name=topic, partition_indexes=(0,)),),
            coordinator_epoch=coordinator_epoch,
            transaction_version=version,
        )
        answer = self.room.ask(broker, ApiKey.WRITE_TXN_MARKERS, WriteTxnMarkersRequest(markers=(marker,)))
        ((result,),) = (topic.partitions for topic in answer.markers[0].topics)
        return result.error_code


def reading(offset: int, isolation_level: int, max_wait_ms: int = 0) -> FetchRequest:
    topic = FetchTopic("orders", None, (FetchPartition(0, offset, 1 << 20),))
    return FetchRequest((topic,), max_wait_ms=max_wait_ms, min_bytes=1, isolation_level=isolation_level)


def latest(isolation_level: int) -> ListOffsetsRequest:
    wanted = ListOffsetsPartition(partition_index=0, timestamp=-1)
    return ListOffsetsRequest(
        replica_id=-1,
        isolation_level=isolation_level,
        topics=(ListOffsetsTopic(name="orders", partitions=(wanted,)),),
        timeout=timedelta(0),
    )


# -- writing ---------------------------------------------------------------------------------------------


def test_a_newer_producer_need_not_add_its_partitions_itself() -> None:
    writing = Writing()
    writing.room.take_facts()
    assert writing.produce("a").base_offset == 0
    assert writing.room.take_facts(TransactionBegan) == [TransactionBegan("orders", 0, 1, writing.producer_id, 0)]
    assert writing.produce("b", sequence=1).base_offset == 1
    assert writing.end(commit=True) is ErrorCode.none
    assert writing.room.take_facts(TransactionMarked) == [
        TransactionMarked("orders", 0, 1, writing.producer_id, 0, 2, "commit")
    ]


@pytest.mark.parametrize(
    ("version", "error"),
    [(9, ErrorCode.invalid_txn_state), (10, ErrorCode.invalid_txn_state), (11, ErrorCode.transaction_abortable)],
)
def test_an_older_one_has_to(version: int, error: ErrorCode) -> None:
    writing = Writing()
    assert writing.produce("a", version=version).error_code is error
    assert writing.room.replica(1).log.end_offset == 0


def test_what_comes_after_the_end_of_its_transaction_is_refused() -> None:
    writing = Writing()
    writing.produce("a")
    old = writing.epoch
    writing.end(commit=True)
    assert writing.produce("b", sequence=1, epoch=old).error_code is ErrorCode.invalid_producer_epoch
    assert writing.produce("b").base_offset == 2


def test_an_older_epoch_is_refused_where_a_newer_one_is_known_without_asking_the_coordinator() -> None:
    writing = Writing()
    # Broker 1 leads the first partition, broker 2 the second.
    leader = 2 if writing.coordinator("t", 1) == 1 else 1
    old, here = writing.epoch, {"broker": leader, "partition": leader - 1}
    writing.produce("a", **here)
    writing.end(commit=False)
    for broker in (1, 2, 3):
        if broker != leader:
            for way in ((leader, broker), (broker, leader)):
                writing.room.world.network.cut[f"broker-{way[0]}", f"broker-{way[1]}"] = None
    result = writing.produce("b", epoch=old, **here)
    assert result == ProducePartitionResult(
        leader - 1,
        ErrorCode.invalid_producer_epoch,
        error_message=f"Epoch of producer {writing.producer_id} is {old}, "
        f"which is smaller than the last seen epoch {old + 1}",
    )


def test_without_a_transactional_id_nothing_transactional_is_written() -> None:
    writing = Writing()
    data = batch_of("a", now_ms=0, producer_id=1, producer_epoch=0, base_sequence=0, is_transactional=True)
    body = ProduceRequest(-1, 5000, (ProduceTopic("orders", None, (ProducePartition(0, data),)),))
    (result,) = writing.room.ask(1, ApiKey.PRODUCE, body, 12).topics[0].partitions
    assert result.error_code is ErrorCode.transactional_id_authorization_failed


def test_two_producers_in_one_transactional_request_are_refused() -> None:
    writing = Writing()
    parts = tuple(
        ProducePartition(
            number,
            batch_of("a", now_ms=0, producer_id=number, producer_epoch=0, base_sequence=0, is_transactional=True),
        )
        for number in (0, 1)
    )
    body = ProduceRequest(-1, 5000, (ProduceTopic("orders", None, parts),), "t")
    (topic,) = writing.room.ask(1, ApiKey.PRODUCE, body, 12).topics
    assert [part.error_code for part in topic.partitions] == [ErrorCode.invalid_producer_id_mapping] * 2


def test_while_no_coordinator_answers_a_producer_is_told_to_try_again() -> None:
    writing = Writing()
    coordinator = writing.coordinator("t", 1)
    # Broker 1 leads the first partition, broker 2 the second.
    leader = 2 if coordinator == 1 else 1
    for way in ((leader, coordinator), (coordinator, leader)):
        writing.room.world.network.cut[f"broker-{way[0]}", f"broker-{way[1]}"] = None
    result = writing.produce("a", broker=leader, partition=leader - 1)
    assert (result.error_code, result.error_message) == (
        ErrorCode.not_enough_replicas,
        "Unable to verify the partition has been added to the transaction. Underlying error: NETWORK_EXCEPTION",
    )


# -- reading ---------------------------------------------------------------------------------------------


def test_readers_of_committed_records_get_as_far_as_the_first_open_transaction() -> None:
    writing = Writing()
    writing.plain("p")
    writing.produce("a")
    writing.plain("q")
    writing.room.run(1)
    uncommitted, committed = writing.fetch(0, 0), writing.fetch(0, 1)
    assert (uncommitted.high_watermark, uncommitted.last_stable_offset, uncommitted.aborted_transactions) == (
        3,
        1,
        None,
    )
    assert (committed.high_watermark, committed.last_stable_offset, committed.aborted_transactions) == (3, 1, ())
    assert len(committed.records) < len(uncommitted.records)
    assert writing.fetch(1, 1).records == b""
    ends = [writing.room.ask(1, ApiKey.LIST_OFFSETS, latest(level)).topics[0].partitions[0].offset for level in (0, 1)]
    assert ends == [3, 1]


def test_a_waiting_reader_is_answered_when_the_transaction_ends() -> None:
    writing = Writing()
    writing.produce("a")
    writing.room.run(1)
    number = writing.room.say(1, ApiKey.FETCH, reading(0, 1, max_wait_ms=20_000), channel="reader")
    writing.plain("q")
    writing.room.run(1)
    assert number not in writing.room.client.answers
    writing.end(commit=True)
    (result,) = writing.room.client.answers[number].topics[0].partitions
    assert (result.last_stable_offset, len(result.records) > 0, result.aborted_transactions) == (3, True, ())


def test_the_aborted_transactions_of_what_is_read_are_told_and_no_others() -> None:
    writing = Writing()
    for commit in (False, True, False):
        writing.produce("x")
        writing.end(commit)
    pid = writing.producer_id
    told = [writing.fetch(offset, 1).aborted_transactions for offset in range(7)]
    first, second = AbortedTransaction(pid, 0), AbortedTransaction(pid, 4)
    assert told == [(first, second), (first, second), (second,), (second,), (second,), (second,), ()]
    assert writing.fetch(0, 0).aborted_transactions is None


def test_a_follower_knows_as_much_when_it_takes_over() -> None:
    writing = Writing()
    writing.produce("a")
    writing.end(commit=False)
    writing.produce("b")
    writing.room.run(2)
    writing.room.world.crash("broker-1")
    writing.room.run(15)
    leader = next(each for each in (2, 3) if writing.room.replica(each).is_leader)
    result = writing.fetch(0, 1, broker=leader)
    assert (result.last_stable_offset, result.aborted_transactions) == (
        2,
        (AbortedTransaction(writing.producer_id, 0),),
    )
    assert writing.produce("c", sequence=1, broker=leader).base_offset == 3
    assert writing.room.replica(leader).log.producers.open == {2: writing.producer_id}


# -- markers ---------------------------------------------------------------------------------------------


def test_a_person_can_end_a_transaction_that_hangs() -> None:
    writing = Writing()
    writing.produce("a")
    states = describe(writing)
    assert [(each.producer_id, each.current_txn_start_offset, each.coordinator_epoch) for each in states] == [
        (writing.producer_id, 0, -1)
    ]
    assert writing.mark(commit=False, epoch=writing.epoch, version=0) is ErrorCode.none
    assert [(each.current_txn_start_offset, each.coordinator_epoch) for each in describe(writing)] == [(-1, 0)]
    assert writing.fetch(0, 1).aborted_transactions == (AbortedTransaction(writing.producer_id, 0),)


def describe(writing: Writing, topic: str = "orders", partition: int = 0) -> tuple[ProducerState, ...]:
    body = DescribeProducersRequest(topics=(TopicRequest(name=topic, partition_indexes=(partition,)),))
    (result,) = writing.room.ask(1, ApiKey.DESCRIBE_PRODUCERS, body).topics[0].partitions
    states: tuple[ProducerState, ...] = result.active_producers
    return states


def test_producers_are_described_where_there_is_a_replica() -> None:
    writing = Writing()
    topics = tuple(
        TopicRequest(name=name, partition_indexes=numbers)
        for name, numbers in (("orders", (1, 9)), ("nowhere", (0,)), ("no topic", (0,)))
    )
    answer = writing.room.ask(3, ApiKey.DESCRIBE_PRODUCERS, DescribeProducersRequest(topics=topics))
    assert [[part.error_code for part in topic.partitions] for topic in answer.topics] == [
        [ErrorCode.none, ErrorCode.unknown_topic_or_partition],
        [ErrorCode.unknown_topic_or_partition],
        [ErrorCode.invalid_topic_exception],
    ]


def test_markers_that_come_too_late_or_to_the_wrong_place_are_refused() -> None:
    writing = Writing()
    writing.produce("a")
    assert writing.mark(commit=True, epoch=writing.epoch, version=2) is ErrorCode.invalid_producer_epoch
    assert writing.mark(commit=True, epoch=writing.epoch + 1, coordinator_epoch=5) is ErrorCode.none
    assert writing.mark(commit=True, epoch=writing.epoch + 2, coordinator_epoch=4) is (
        ErrorCode.transaction_coordinator_fenced
    )
    assert writing.mark(commit=True, epoch=9, broker=2) is ErrorCode.not_leader_or_follower
    assert writing.mark(commit=True, epoch=9, topic="nowhere") is ErrorCode.unknown_topic_or_partition


def test_a_marker_waits_for_the_replicas_in_sync() -> None:
    writing = Writing(min_insync_replicas="3")
    writing.produce("a")
    writing.room.world.crash("broker-3")
    writing.room.run(40)
    assert writing.mark(commit=True, epoch=9) is ErrorCode.not_enough_replicas


# -- a group's offsets -------------------------------------------------------------------------------------


def commit_offsets(
    writing: Writing, offset: int, version: int = 5, group: str = "g", transactional_id: str = "t", **member: Any
) -> ErrorCode:
    part = TxnOffsetCommitRequestPartition(partition_index=0, committed_offset=offset, committed_metadata="")
    body = TxnOffsetCommitRequest(
        transactional_id=transactional_id,
        group_id=group,
        producer_id=writing.producer_id,
        producer_epoch=writing.epoch,
        topics=(TxnOffsetCommitRequestTopic(name="orders", partitions=(part,)),),
        **member,
    )
    answer = writing.room.ask(writing.coordinator("g", 0), ApiKey.TXN_OFFSET_COMMIT, body, version, within_s=7)
    error: ErrorCode = answer.topics[0].partitions[0].error_code
    return error


def offset_of(writing: Writing, require_stable: bool = False) -> OffsetFetchPartitionResult:
    asked = OffsetFetchGroup("g", (OffsetFetchTopic("orders", None, (0,)),))
    body = OffsetFetchRequest((asked,), require_stable)
    answer = writing.room.ask(writing.coordinator("g", 0), ApiKey.OFFSET_FETCH, body, 9)
    result: OffsetFetchPartitionResult = answer.groups[0].topics[0].partitions[0]
    return result


def plain_commit(writing: Writing, offset: int) -> None:
    body = OffsetCommitRequest("g", -1, "", (OffsetCommitTopic("orders", None, (OffsetCommitPartition(0, offset),)),))
    writing.room.ask(writing.coordinator("g", 0), ApiKey.OFFSET_COMMIT, body, 9)


UNSTABLE = OffsetFetchPartitionResult(0, error_code=ErrorCode.unstable_offset_commit)


@pytest.mark.parametrize(("commit", "after"), [(True, 42), (False, 7)])
def test_offsets_count_when_their_transaction_is_committed(commit: bool, after: int) -> None:
    writing = Writing()
    plain_commit(writing, 7)
    assert commit_offsets(writing, 42) is ErrorCode.none
    assert (offset_of(writing), offset_of(writing, require_stable=True)) == (OffsetFetchPartitionResult(0, 7), UNSTABLE)
    assert writing.end(commit) is ErrorCode.none
    result = OffsetFetchPartitionResult(0, after)
    assert (offset_of(writing), offset_of(writing, require_stable=True)) == (result, result)


def test_what_was_committed_later_outside_of_the_transaction_stays() -> None:
    writing = Writing()
    commit_offsets(writing, 42)
    plain_commit(writing, 50)
    assert offset_of(writing, require_stable=True) == UNSTABLE
    writing.end(commit=True)
    assert offset_of(writing, require_stable=True) == OffsetFetchPartitionResult(0, 50)


@pytest.mark.parametrize("version", range(5))
def test_older_clients_have_to_add_the_group_first(version: int) -> None:
    writing = Writing()
    error = ErrorCode.transaction_abortable if version >= 4 else ErrorCode.invalid_txn_state
    assert commit_offsets(writing, 42, version) is error
    assert offset_of(writing, require_stable=True) == OffsetFetchPartitionResult(0)


def test_offsets_of_an_older_epoch_are_refused_without_asking_the_coordinator() -> None:
    writing = Writing()
    commit_offsets(writing, 42)
    assert writing.end(commit=False) is ErrorCode.none
    assert commit_offsets(writing, 43, transactional_id="nobody") is ErrorCode.invalid_producer_id_mapping
    writing.epoch -= 1
    assert commit_offsets(writing, 43, transactional_id="nobody") is ErrorCode.invalid_producer_epoch


def test_who_says_that_it_is_a_member_has_to_be_one() -> None:
    writing = Writing()
    assert commit_offsets(writing, 42, generation_id=3, member_id="m") is ErrorCode.illegal_generation
    commit_offsets(writing, 42)
    assert commit_offsets(writing, 43, generation_id=3, member_id="m") is ErrorCode.unknown_member_id
    assert commit_offsets(writing, 43, group="") is ErrorCode.invalid_group_id


@pytest.mark.parametrize("ended", [None, True, False])
def test_the_next_coordinator_of_the_group_knows_what_is_pending(ended: bool | None) -> None:
    writing = Writing()
    plain_commit(writing, 7)
    commit_offsets(writing, 42)
    if ended is not None:
        writing.end(ended)
    before = writing.coordinator("g", 0)
    writing.room.world.crash(f"broker-{before}")
    writing.room.run(15)
    other = next(each for each in (1, 2, 3) if each != before)
    body = FindCoordinatorRequest(key_type=0, coordinator_keys=("g",))
    (found,) = writing.room.ask(other, ApiKey.FIND_COORDINATOR, body).coordinators
    asked = OffsetFetchRequest((OffsetFetchGroup("g", (OffsetFetchTopic("orders", None, (0,)),)),), True)
    answer = writing.room.ask(int(found.node_id), ApiKey.OFFSET_FETCH, asked, 9)
    expected = {None: UNSTABLE, True: OffsetFetchPartitionResult(0, 42), False: OffsetFetchPartitionResult(0, 7)}
    assert answer.groups[0].topics[0].partitions == (expected[ended],)


def test_a_deleted_group_takes_its_pending_offsets_along() -> None:
    writing = Writing()
    commit_offsets(writing, 42)
    shard = writing.room.broker(writing.coordinator("g", 0)).groups.shards[0]
    assert (list(shard.groups), shard.offset_keys("g")) == (["g"], [("orders", 0)])


# -- asking ------------------------------------------------------------------------------------------------


class Heard:
    def __init__(self) -> None:
        self.errors: list[dict[Any, ErrorCode]] = []

    def verified(self, broker: Any, errors: dict[Any, ErrorCode]) -> None:
        self.errors.append(errors)


def test_who_asks_hears_once_even_if_the_coordinator_goes() -> None:
    writing = Writing()
    coordinator = writing.coordinator("t", 1)
    other = next(each for each in (1, 2, 3) if each != coordinator)
    broker, heard = writing.room.broker(other), Heard()
    writer = Writer("t", writing.producer_id, writing.epoch, Support.ADDS)
    broker.verifications.ask(writer, (("orders", 0),), heard)
    broker.verifications.lost(f"broker-{coordinator}")
    broker.verifications.lost(f"broker-{coordinator}")
    assert heard.errors == [{("orders", 0): ErrorCode.network_exception}]
    assert broker.verifications.in_flight == {}
