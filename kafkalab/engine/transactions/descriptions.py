"""Transactions as DescribeTransactions and ListTransactions tell of them (KIP-664, KIP-994, KIP-1152)."""

from datetime import UTC, datetime, timedelta

from kio.schema.describe_transactions.v0.response import TopicData
from kio.schema.describe_transactions.v0.response import TransactionState as Description
from kio.schema.list_transactions.v2.request import ListTransactionsRequest
from kio.schema.list_transactions.v2.response import TransactionState as Listing
from kio.schema.types import ProducerId, TopicName, TransactionalId
from kio.static.primitive import TZAware, i16, i32, i32Timedelta

from kafkalab.engine import patterns
from kafkalab.engine.refused import Refused
from kafkalab.engine.transactions.metadata import TransactionMetadata, TransactionState
from kafkalab.wire.errors import ErrorCode

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def described(it: TransactionMetadata) -> Description:
    by_topic: dict[str, list[int]] = {}
    for topic, partition in it.partitions:
        by_topic.setdefault(topic, []).append(partition)
    return Description(
        error_code=ErrorCode.none,
        transactional_id=TransactionalId(it.transactional_id),
        transaction_state=it.state.value,
        transaction_timeout=_timeout(it.timeout_ms),
        transaction_start_time=_moment(it.started_ms),
        producer_id=ProducerId(it.producer_id),
        producer_epoch=i16(it.producer_epoch),
        topics=tuple(
            TopicData(topic=TopicName(topic), partitions=tuple(map(i32, partitions)))
            for topic, partitions in by_topic.items()
        ),
    )


def not_described(transactional_id: str, error: ErrorCode) -> Description:
    return Description(
        error_code=error,
        transactional_id=TransactionalId(transactional_id),
        transaction_state="",
        transaction_timeout=_timeout(0),
        transaction_start_time=_moment(0),
        producer_id=ProducerId(0),
        producer_epoch=i16(0),
        topics=(),
    )


def listed(it: TransactionMetadata) -> Listing:
    return Listing(
        transactional_id=TransactionalId(it.transactional_id),
        producer_id=ProducerId(it.producer_id),
        transaction_state=it.state.value,
    )


class Wanted:
    """What a ListTransactions asks for. Refused if its pattern is none."""

    def __init__(self, body: ListTransactionsRequest, now_ms: int) -> None:
        names = {state.value: state for state in TransactionState}
        self.unknown = tuple(name for name in body.state_filters if name not in names)
        self._states = [names[name] for name in body.state_filters if name in names]
        self._body = body
        self._now_ms = now_ms
        self._pattern = body.transactional_id_pattern
        try:
            if self._pattern:
                patterns.check(self._pattern)
        except patterns.BadPattern as why:
            raise Refused(ErrorCode.invalid_regular_expression, str(why)) from why

    def includes(self, it: TransactionMetadata) -> bool:
        body = self._body
        if body.producer_id_filters and it.producer_id not in body.producer_id_filters:
            return False
        if body.state_filters and it.state not in self._states:
            return False
        if body.duration_filter >= 0 and self._now_ms - it.started_ms <= body.duration_filter:
            return False
        return not self._pattern or patterns.matches(self._pattern, it.transactional_id)


def _timeout(ms: int) -> i32Timedelta:
    return i32Timedelta.parse(timedelta(milliseconds=ms))


def _moment(at_ms: int) -> TZAware:
    """-1, for never, is a moment too: one before the epoch, which is written as -1."""
    return _EPOCH + timedelta(milliseconds=at_ms)  # type: ignore[return-value]
