"""How a person begins and ends transactions of the lab's producers, and ends somebody else's: what
kafka-transactions.sh can."""

import shlex
from dataclasses import dataclass
from typing import Annotated, Any

from kio.schema.describe_producers.v0.request import DescribeProducersRequest, TopicRequest
from kio.schema.describe_producers.v0.response import DescribeProducersResponse, ProducerState
from kio.schema.types import ProducerId, TopicName
from kio.schema.write_txn_markers.v2.request import WritableTxnMarker, WritableTxnMarkerTopic, WriteTxnMarkersRequest
from kio.static.primitive import i8, i16, i32

from kafkalab.engine.clients import requests
from kafkalab.lab.parsing import Text, Whole
from kafkalab.wire.api import ApiKey

ClientName = Annotated[str, Text("Letters, digits, '.', '_' and '-'.", pattern=r"[a-zA-Z0-9._-]{1,60}")]
TransactionalId = Annotated[str, Text("The transactional id.", longest=249)]


@dataclass(frozen=True, slots=True)
class BeginTransaction:
    """Let a transactional producer begin: what it writes from now on is committed or aborted together."""

    name: ClientName


@dataclass(frozen=True, slots=True)
class EndTransaction:
    """Let a transactional producer commit what it wrote since it began, or abort it."""

    name: ClientName
    result: Annotated[str, Text("What becomes of its records.", choices=("commit", "abort"))] = "commit"


@dataclass(frozen=True, slots=True)
class AbortTransaction:
    """Abort a transaction that hangs in one partition, whoever began it: an ABORT marker goes there alone."""

    topic: Annotated[str, Text("Letters, digits, '.', '_' and '-'.", pattern=r"[a-zA-Z0-9._-]{1,249}")]
    partition: Annotated[int, Whole("The partition's number.", 0, 9_999)]
    start_offset: Annotated[int, Whole("The offset of the transaction's first record there.", 0, 2**62)]


@dataclass(frozen=True, slots=True)
class ForceTerminateTransaction:
    """End whatever a transactional id has open, and lock its producer out: it gets the next epoch."""

    transactional_id: TransactionalId


TransactionCommand = BeginTransaction | EndTransaction | AbortTransaction | ForceTerminateTransaction


def producers_of(command: AbortTransaction) -> tuple[int, Any]:
    """Who writes to the partition, to find the producer whose transaction begins there."""
    topic = TopicRequest(name=TopicName(command.topic), partition_indexes=(i32(command.partition),))
    return ApiKey.DESCRIBE_PRODUCERS, DescribeProducersRequest(topics=(topic,))


def begun_at(answer: DescribeProducersResponse, start_offset: int) -> ProducerState | None:
    producers = answer.topics[0].partitions[0].active_producers
    return next((each for each in producers if each.current_txn_start_offset == start_offset), None)


def abort(command: AbortTransaction, producer: ProducerState) -> tuple[int, Any]:
    """As the coordinator would say it, in its last known epoch; 0 if it has never said anything there."""
    marker = WritableTxnMarker(
        producer_id=ProducerId(producer.producer_id),
        producer_epoch=i16(producer.producer_epoch),
        transaction_result=False,
        topics=(WritableTxnMarkerTopic(name=TopicName(command.topic), partition_indexes=(i32(command.partition),)),),
        coordinator_epoch=i32(max(producer.coordinator_epoch, 0)),
        transaction_version=i8(0),
    )
    return ApiKey.WRITE_TXN_MARKERS, WriteTxnMarkersRequest(markers=(marker,))


def force_terminate(command: ForceTerminateTransaction) -> tuple[int, Any]:
    """Another producer that begins, and never writes (KafkaAdminClient.forceTerminateTransaction)."""
    return ApiKey.INIT_PRODUCER_ID, requests.init_producer_id(command.transactional_id, FENCING_TIMEOUT_MS)


FENCING_TIMEOUT_MS = 30_000


def shell(command: TransactionCommand, at: str) -> str:
    match command:
        case BeginTransaction(name):
            return f"# in the code of {name}: producer.beginTransaction()"
        case EndTransaction(name, result):
            return f"# in the code of {name}: producer.{result}Transaction()"
        case AbortTransaction(topic, partition, start_offset):
            where = f"--topic {topic} --partition {partition} --start-offset {start_offset}"
            return f"kafka-transactions.sh {at} abort {where}"
        case ForceTerminateTransaction(transactional_id):
            name = shlex.quote(transactional_id)
            return f"kafka-transactions.sh {at} forceTerminateTransaction --transactionalId {name}"
