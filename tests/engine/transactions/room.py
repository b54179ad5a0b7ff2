"""Three brokers with a topic, and one transactional id that a scripted client speaks for."""

from datetime import timedelta
from typing import Any

from kio.schema.add_partitions_to_txn.v5.request import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnTopic,
    AddPartitionsToTxnTransaction,
)
from kio.schema.end_txn.v5.request import EndTxnRequest
from kio.schema.find_coordinator.v6.request import FindCoordinatorRequest
from kio.schema.init_producer_id.v5.request import InitProducerIdRequest

from kafkalab.engine.events import TransactionStateChanged
from kafkalab.engine.node import Request
from kafkalab.engine.spec import broker_node
from kafkalab.engine.transactions.metadata import TransactionMetadata, TransactionState
from kafkalab.wire import batches
from kafkalab.wire.api import ApiKey, newest
from kafkalab.wire.errors import ErrorCode
from tests.engine.broker.room import Room, Say

SMALL = {"transaction.state.log.num.partitions": "1", "offsets.topic.num.partitions": "1"}
NAME = "transfer"


class TransactionRoom(Room):
    def __init__(self, *assignments: tuple[int, ...], **configs: str) -> None:
        super().__init__(configs=SMALL | {name.replace("_", "."): value for name, value in configs.items()})
        self.create(*(assignments or ((1, 2, 3), (2, 3, 1))))
        self.producer_id, self.epoch = -1, -1
        self.coordinator = self.find()
        self.run(1)
        self.coordinator = self.find()

    def find(self, by: int = 1) -> int:
        body = FindCoordinatorRequest(key_type=1, coordinator_keys=(NAME,))
        found: int = self.ask(by, ApiKey.FIND_COORDINATOR, body).coordinators[0].node_id
        return found

    def init(self, timeout_s: float = 60, producer_id: int = -1, epoch: int = -1) -> ErrorCode:
        body = InitProducerIdRequest(
            transactional_id=NAME,
            transaction_timeout=timedelta(seconds=timeout_s),
            producer_id=producer_id,
            producer_epoch=epoch,
        )
        answer = self.ask(self.coordinator, ApiKey.INIT_PRODUCER_ID, body)
        if answer.error_code is ErrorCode.none:
            self.producer_id, self.epoch = answer.producer_id, answer.producer_epoch
        error: ErrorCode = answer.error_code
        return error

    def add(self, *partitions: int, version: int = 5, epoch: int | None = None) -> list[ErrorCode]:
        transaction = AddPartitionsToTxnTransaction(
            transactional_id=NAME,
            producer_id=self.producer_id,
            producer_epoch=self.epoch if epoch is None else epoch,
            topics=(AddPartitionsToTxnTopic(name="orders", partitions=partitions),),
        )
        body = AddPartitionsToTxnRequest(transactions=(transaction,))
        answer = self.ask(self.coordinator, ApiKey.ADD_PARTITIONS_TO_TXN, body, version)
        (topic,) = answer.results_by_transaction[0].topic_results
        return [each.partition_error_code for each in topic.results_by_partition]

    def begin(self, *partitions: int) -> None:
        assert self.init() is ErrorCode.none
        assert set(self.add(*partitions)) == {ErrorCode.none}

    def end(self, *, commit: bool = True, version: int = 5, epoch: int | None = None, within_s: float = 2) -> Any:
        body = EndTxnRequest(
            transactional_id=NAME,
            producer_id=self.producer_id,
            producer_epoch=self.epoch if epoch is None else epoch,
            committed=commit,
        )
        return self.ask(self.coordinator, ApiKey.END_TXN, body, version, within_s).error_code

    def end_and_stop_at_the_decision(self) -> None:
        """The markers are on the network, and have not arrived."""
        body = EndTxnRequest(
            transactional_id=NAME, producer_id=self.producer_id, producer_epoch=self.epoch, committed=True
        )
        self.say_later(self.coordinator, ApiKey.END_TXN, body)
        while self.known.state is not TransactionState.PREPARE_COMMIT:
            self.world.step()

    def say_later(self, broker_id: int, api_key: int, body: Any) -> None:
        """Send, and let nothing happen yet."""
        self._correlation_id += 1
        request = Request("client", "wire", self._correlation_id, api_key, newest(api_key), "test", body)
        self.world.tell_node("client", Say(broker_node(broker_id), request))

    @property
    def known(self) -> TransactionMetadata:
        return self.broker(self.coordinator).transactions.transactions[NAME]

    def steps(self) -> list[tuple[str, str, int]]:
        """(before, after, epoch) of each transition since they were taken last."""
        return [(it.before, it.after, it.producer_epoch) for it in self.taken(TransactionStateChanged)]

    def taken(self, kind: type[Any]) -> list[Any]:
        return list(self.take_facts(kind))

    def markers(self, partition: int, broker: int) -> list[bool]:
        """What each transaction in that replica was told: True for COMMIT."""
        log = self.replica(broker, partition=partition).log
        data = log.read(log.start_offset, 1 << 30, log.end_offset, True)
        found = [record.key for batch in batches.headers(data) if batch.is_control for record in batches.records(batch)]
        return [key is not None and key[3] == 1 for key in found]


def another(broker: int) -> int:
    return broker % 3 + 1
