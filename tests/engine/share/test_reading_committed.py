"""A share group that reads committed records only: what was aborted, and what is not decided, it does not see."""

from datetime import timedelta

import pytest
from kio.schema.end_txn.v5.request import EndTxnRequest
from kio.schema.find_coordinator.v6.request import FindCoordinatorRequest
from kio.schema.init_producer_id.v5.request import InitProducerIdRequest

from kafkalab.engine.events import AbortedRecordsPassedOver, ShareStartOffsetMoved
from kafkalab.engine.share.window import ACCEPT
from kafkalab.wire.api import ApiKey
from kafkalab.wire.dialect import ProducePartition, ProduceRequest, ProduceTopic
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import batch_of
from tests.engine.share.room import ShareRoom

Span = tuple[int, int, int]


class Sharing(ShareRoom):
    """One producer with a transactional id, and the group that is told what it reads."""

    def __init__(self, isolation_level: str) -> None:
        super().__init__({"transaction.state.log.num.partitions": "1"})
        self.set_group_config("share.isolation.level", isolation_level)
        assert self.begin() is ErrorCode.none
        found = FindCoordinatorRequest(key_type=1, coordinator_keys=("t",))
        self.ask(1, ApiKey.FIND_COORDINATOR, found)
        self.run(2)
        self.coordinator = self.ask(1, ApiKey.FIND_COORDINATOR, found).coordinators[0].node_id
        init = InitProducerIdRequest(transactional_id="t", transaction_timeout=timedelta(seconds=60))
        self.ask(self.coordinator, ApiKey.INIT_PRODUCER_ID, init)
        self.run(1)
        told = self.ask(self.coordinator, ApiKey.INIT_PRODUCER_ID, init)
        assert told.error_code is ErrorCode.none
        self.producer = (told.producer_id, told.producer_epoch)
        self.until_opened()
        self.take_facts()

    def write(self, *values: str, sequence: int = 0) -> None:
        producer_id, epoch = self.producer
        told = {"producer_id": producer_id, "producer_epoch": epoch, "base_sequence": sequence}
        data = batch_of(*values, now_ms=self.now_ms, is_transactional=True, **told)
        body = ProduceRequest(-1, 5000, (ProduceTopic("orders", None, (ProducePartition(0, data),)),), "t")
        answer = self.ask(1, ApiKey.PRODUCE, body, 12, within_s=7)
        assert answer.topics[0].partitions[0].error_code is ErrorCode.none, answer

    def end(self, *, commit: bool) -> None:
        producer_id, epoch = self.producer
        body = EndTxnRequest(transactional_id="t", producer_id=producer_id, producer_epoch=epoch, committed=commit)
        told = self.ask(self.coordinator, ApiKey.END_TXN, body)
        assert told.error_code is ErrorCode.none
        self.producer = (told.producer_id, told.producer_epoch)
        self.run(1)


@pytest.mark.parametrize(
    ("isolation_level", "given", "start"),
    [("read_committed", [(2, 5, 1)], 2), ("read_uncommitted", [(0, 5, 1)], 0)],
)
def test_what_was_aborted_is_given_only_to_those_who_read_all(
    isolation_level: str, given: list[Span], start: int
) -> None:
    room = Sharing(isolation_level)
    room.write("not", "this")
    room.produce(1, "in between")
    room.end(commit=False)
    room.write("but this")
    room.end(commit=True)
    # Offsets 3 and 5 are markers, which members skip themselves.
    assert room.acquired(0) == given
    assert room.replica(1).log.end_offset == 6
    told = [AbortedRecordsPassedOver("g", "orders", 0, 1, 0, 1), ShareStartOffsetMoved("g", "orders", 0, 1, 2)]
    assert room.take_facts(AbortedRecordsPassedOver, ShareStartOffsetMoved) == (told if start else [])


def test_what_is_not_decided_waits() -> None:
    room = Sharing("read_committed")
    room.produce(1, "before")
    room.write("perhaps")
    room.produce(1, "behind it")
    assert room.acquired(0) == [(0, 0, 1)]
    assert room.acquired(1) == []
    room.end(commit=True)
    assert room.acquired(2, (0, 0, (ACCEPT,))) == [(1, 3, 1)]


def test_a_fetch_reads_on_behind_what_was_aborted() -> None:
    """However much it is: here more than one fetch takes."""
    room = Sharing("read_committed")
    for number in range(5):
        room.write("x" * 300_000, sequence=number)
    room.end(commit=False)
    room.produce(1, "here")
    assert room.acquired(0) == [(5, 6, 1)]
    assert room.acquired(1, (5, 6, (ACCEPT,))) == []
    # Begun once, by leader epoch 0; from offset 5 on, and both records behind it are done with.
    assert room.summary() == (1, 0, 5, 2)


def test_the_next_leader_passes_over_it_too() -> None:
    room = Sharing("read_committed")
    room.write("not this")
    room.end(commit=False)
    room.produce(1, "a")
    assert room.acquired(0) == [(1, 2, 1)]
    room.cluster.crash(1)
    room.run(12)
    room.acquired(0, broker=2)
    room.run(1)
    assert room.acquired(1, broker=2) == [(1, 2, 1)]
