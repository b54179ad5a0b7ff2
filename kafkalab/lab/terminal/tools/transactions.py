"""kafka-transactions: who writes in transactions, what is open, and ending what hangs
(org.apache.kafka.tools.TransactionsCommand)."""

from kio.schema.describe_producers.v0.response import PartitionResponse
from kio.schema.describe_transactions.v0.request import DescribeTransactionsRequest
from kio.schema.describe_transactions.v0.response import TransactionState
from kio.schema.find_coordinator.v6.request import FindCoordinatorRequest
from kio.schema.list_transactions.v2.request import ListTransactionsRequest
from kio.schema.types import ProducerId, TransactionalId
from kio.static.primitive import i64

from kafkalab.engine.clients import requests
from kafkalab.lab import transaction_commands
from kafkalab.lab.terminal import asking, marks
from kafkalab.lab.terminal.errors import came, checked, exception
from kafkalab.lab.terminal.options import Failed, Given, Option
from kafkalab.lab.terminal.tool import Ask, Io, Steps, Tool
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

ACTIONS = ("list", "describe", "describe-producers", "abort", "find-hanging", "forceTerminateTransaction")
LONGEST_USUAL_MIN = 15
"""find-hanging: what is open for longer than transaction.max.timeout.ms."""
Rows = list[tuple[str, ...]]


def run(given: Given, io: Io) -> Steps[None]:
    match given.rest:
        case ["list", *_]:
            yield from _list(given, io)
        case ["describe", *_]:
            yield from _describe(given, io)
        case ["describe-producers", *_]:
            yield from _producers(given, io)
        case ["abort", *_]:
            yield from _abort(given, io)
        case ["find-hanging", *_]:
            yield from _hanging(given, io)
        case ["forceTerminateTransaction", *_]:
            yield from _force(given)
        case []:
            raise Failed("kafka-transactions.sh: error: too few arguments", shows_usage=True)
        case [other, *_]:
            choices = ", ".join(f"'{action}'" for action in ACTIONS)
            raise Failed(
                f"kafka-transactions.sh: error: argument command: invalid choice: '{other}' (choose from {choices})",
                shows_usage=True,
            )


def table(headers: tuple[str, ...], rows: Rows, io: Io) -> None:
    """As wide as its widest cell, with a tab behind each."""
    widths = [max(len(marks.plain(row[at])) for row in [headers, *rows]) for at in range(len(headers))]
    for row in [headers, *rows]:
        io.say("".join(marks.padded(cell, width) + "\t" for cell, width in zip(row, widths, strict=True)))


def _needed(given: Given, *names: str) -> None:
    for name in names:
        if not given.has(name):
            raise Failed(f"kafka-transactions.sh: error: argument --{name} is required", shows_usage=True)


def _list(given: Given, io: Io) -> Steps[None]:
    duration = given.one("duration-filter")
    body = ListTransactionsRequest(
        state_filters=(),
        producer_id_filters=(),
        duration_filter=i64(int(duration) if duration else -1),
        transactional_id_pattern=given.one("transactional-id-pattern"),
    )
    outcome = came((yield Ask(ApiKey.LIST_TRANSACTIONS, body)))
    listed = [it for answer in outcome.answers for it in answer.transaction_states]
    rows: Rows = []
    for it in listed:
        coordinator = yield from _coordinator(str(it.transactional_id))
        rows.append(
            (_id(str(it.transactional_id)), marks.broker(coordinator), str(it.producer_id), it.transaction_state)
        )
    table(("TransactionalId", "Coordinator", "ProducerId", "TransactionState"), rows, io)


def _id(transactional_id: str) -> str:
    return marks.marked(transactional_id, f"transaction:{transactional_id}")


def _coordinator(transactional_id: str) -> Steps[int]:
    body = FindCoordinatorRequest(key_type=requests.TRANSACTION, coordinator_keys=(transactional_id,))
    return int(came((yield Ask(ApiKey.FIND_COORDINATOR, body))).answers[0].coordinators[0].node_id)


def _described(name: str) -> Steps[TransactionState]:
    """Raises Failed."""
    body = DescribeTransactionsRequest(transactional_ids=(TransactionalId(name),))
    outcome = came((yield Ask(ApiKey.DESCRIBE_TRANSACTIONS, body)))
    it: TransactionState = outcome.answers[0].transaction_states[0]
    if it.error_code != ErrorCode.none:
        raise Failed(f"Failed to describe transaction state of transactional-id `{name}`", exception(it.error_code))
    return it


def _describe(given: Given, io: Io) -> Steps[None]:
    _needed(given, "transactional-id")
    name = given.one("transactional-id") or ""
    it = yield from _described(name)
    coordinator = yield from _coordinator(name)
    began_ms = _ms(it)
    row = (
        marks.broker(coordinator),
        _id(name),
        str(it.producer_id),
        str(it.producer_epoch),
        it.transaction_state,
        str(round(it.transaction_timeout.total_seconds() * 1000)),
        "None" if began_ms is None else str(began_ms),
        "None" if began_ms is None else str(io.clock_ms - began_ms),
        ",".join(_where(str(topic.topic), int(number)) for topic in it.topics for number in topic.partitions),
    )
    headers = (
        "CoordinatorId",
        "TransactionalId",
        "ProducerId",
        "ProducerEpoch",
        "TransactionState",
        "TransactionTimeoutMs",
        "CurrentTransactionStartTimeMs",
        "TransactionDurationMs",
        "TopicPartitions",
    )
    table(headers, [row], io)


def _ms(it: TransactionState) -> int | None:
    began = round(it.transaction_start_time.timestamp() * 1000)
    return began if began >= 0 else None


def _where(topic: str, number: int) -> str:
    return marks.partition(topic, number, f"{topic}-{number}")


def _active(topic: str, number: int, broker: int | None = None) -> Steps[PartitionResponse]:
    """Raises Failed."""
    asked = transaction_commands.producers_of(transaction_commands.AbortTransaction(topic, number, 0))
    outcome = yield Ask(*asked, broker)
    at = "leader" if broker is None else f"broker {broker}"
    if not outcome.ok:
        raise Failed(
            f"Failed to describe producers for partition {topic}-{number} on {at}",
            exception(outcome.error, outcome.message),
        )
    found: PartitionResponse = outcome.answers[0].topics[0].partitions[0]
    return found


def _producers(given: Given, io: Io) -> Steps[None]:
    _needed(given, "topic", "partition")
    broker = given.one("broker-id")
    found = yield from _active(
        given.one("topic") or "", int(given.one("partition") or 0), None if broker is None else int(broker)
    )
    rows: Rows = [
        (
            str(it.producer_id),
            str(it.producer_epoch),
            str(it.coordinator_epoch),
            str(it.last_sequence),
            str(it.last_timestamp),
            "None" if it.current_txn_start_offset < 0 else str(it.current_txn_start_offset),
        )
        for it in found.active_producers
    ]
    headers = (
        "ProducerId",
        "ProducerEpoch",
        "LatestCoordinatorEpoch",
        "LastSequence",
        "LastTimestamp",
        "CurrentTransactionStartOffset",
    )
    table(headers, rows, io)


def _abort(given: Given, io: Io) -> Steps[None]:
    _needed(given, "topic", "partition")
    if not given.has("start-offset"):
        raise Failed(
            "The transaction to abort must be identified either with --start-offset (for brokers on 3.0 or above)"
        )
    topic, number = given.one("topic") or "", int(given.one("partition") or 0)
    command = transaction_commands.AbortTransaction(topic, number, int(given.one("start-offset") or 0))
    found = yield from _active(topic, number)
    open_ones = [it for it in found.active_producers if it.current_txn_start_offset == command.start_offset]
    if not open_ones:
        raise Failed(
            f"Could not find any open transactions starting at offset {command.start_offset} on partition "
            f"{topic}-{number}"
        )
    checked((yield Ask(*transaction_commands.abort(command, open_ones[0]))))


def _force(given: Given) -> Steps[None]:
    _needed(given, "transactionalId")
    command = transaction_commands.ForceTerminateTransaction(given.one("transactionalId") or "")
    outcome = yield Ask(*transaction_commands.force_terminate(command))
    if not outcome.ok:
        raise Failed(exception(outcome.error, outcome.message))


def _hanging(given: Given, io: Io) -> Steps[None]:
    """Open in a partition for too long, and no coordinator knows of it."""
    if not given.has("topic") and not given.has("broker-id"):
        raise Failed(
            "The `find-hanging` command requires either --topic or --broker-id to limit the scope of the search"
        )
    most_min = int(given.one("max-transaction-timeout") or LONGEST_USUAL_MIN)
    answer = yield from asking.all_topics()
    rows: Rows = []
    for topic in answer.topics:
        for part in topic.partitions:
            if given.has("topic") and topic.name != given.one("topic"):
                continue
            if given.has("partition") and part.partition_index != int(given.one("partition") or 0):
                continue
            found = yield from _active(str(topic.name), int(part.partition_index))
            for it in found.active_producers:
                open_min = (io.clock_ms - it.last_timestamp) // 60_000
                if it.current_txn_start_offset < 0 or open_min < most_min or (yield from _known(it.producer_id)):
                    continue
                rows.append(
                    (
                        marks.topic(str(topic.name)),
                        marks.partition(str(topic.name), int(part.partition_index)),
                        str(it.producer_id),
                        str(it.producer_epoch),
                        str(it.coordinator_epoch),
                        str(it.current_txn_start_offset),
                        str(it.last_timestamp),
                        str(open_min),
                    )
                )
    headers = (
        "Topic",
        "Partition",
        "ProducerId",
        "ProducerEpoch",
        "CoordinatorEpoch",
        "StartOffset",
        "LastTimestamp",
        "Duration(min)",
    )
    table(headers, rows, io)


def _known(producer_id: int) -> Steps[bool]:
    """Whether some coordinator has a transaction of that producer open."""
    body = ListTransactionsRequest(
        state_filters=("Ongoing", "PrepareCommit", "PrepareAbort"),
        producer_id_filters=(ProducerId(producer_id),),
        duration_filter=i64(-1),
        transactional_id_pattern=None,
    )
    outcome = came((yield Ask(ApiKey.LIST_TRANSACTIONS, body)))
    return any(answer.transaction_states for answer in outcome.answers)


TRANSACTIONS = Tool(
    "kafka-transactions",
    "Lists and describes transactions, finds those that hang, and ends them.",
    (
        Option("transactional-id", "With describe: which.", "id", suggests="transactional-ids"),
        Option("transactionalId", "With forceTerminateTransaction: whose.", "id", suggests="transactional-ids"),
        Option("transactional-id-pattern", "With list: only those that fit.", "pattern"),
        Option("duration-filter", "With list: only those open for longer, in ms.", "ms"),
        Option("topic", "With describe-producers, abort and find-hanging.", "topic", suggests="topics"),
        Option("partition", "Likewise.", "number", whole=True),
        Option("broker-id", "With describe-producers: not the leader but this broker.", "broker", whole=True),
        Option("start-offset", "With abort: where the transaction begins.", "offset", whole=True),
        Option("max-transaction-timeout", "With find-hanging: in minutes.", "minutes", whole=True),
    ),
    run,
    actions=ACTIONS,
    example="kafka-transactions list",
)
