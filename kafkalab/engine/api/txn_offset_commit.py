"""TxnOffsetCommit (28): a producer commits the offsets of a group as part of its transaction (KIP-98, KIP-447).

They are stored at once and count once the transaction is committed. As before any other write of a
transaction its coordinator is asked first whether the group's partition of `__consumer_offsets`
belongs to it; for clients of version 5 it is added (KIP-890). The answer comes when the offsets are
replicated.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kio.schema.txn_offset_commit.v5.request import TxnOffsetCommitRequest
from kio.schema.txn_offset_commit.v5.response import TxnOffsetCommitResponse

from kafkalab.engine.broker.verification import Errors, Support, Writer
from kafkalab.engine.coordinators.records import OFFSETS_TOPIC
from kafkalab.engine.coordinators.transactional_commit import nothing_is_there, transactional_commit_refused
from kafkalab.engine.coordinators.turn import storage_error
from kafkalab.engine.log.producers import ONGOING
from kafkalab.engine.node import Request
from kafkalab.engine.refused import Refused
from kafkalab.wire.batches import NO_SEQUENCE
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.broker.broker import Broker

ABORTABLE_SINCE, ADDS_SINCE = 4, 5
KNOWS_LOADING_SINCE = 2


@dataclass(frozen=True, slots=True)
class CommitAwaitingVerification:
    request: Request
    number: int

    def verified(self, broker: "Broker", errors: Errors) -> None:
        error = next(iter(errors.values()), ErrorCode.none)
        if error is ErrorCode.network_exception:
            # Old clients know no such error here; after this one they try again, at the same coordinator.
            error = ErrorCode.coordinator_load_in_progress
        try:
            if error is not ErrorCode.none:
                raise Refused(storage_error(error))
            broker.groups.commit_in_transaction(self.request, self.number)
        except Refused as refused:
            broker.respond(self.request, _refused(broker, self.request, refused))


def handle(broker: "Broker", request: Request) -> TxnOffsetCommitResponse | None:
    body: TxnOffsetCommitRequest = request.body
    if nothing_is_there(body, broker.metadata):
        return transactional_commit_refused(body, ErrorCode.none, broker.metadata)
    try:
        if not body.group_id:
            raise Refused(ErrorCode.invalid_group_id)
        partition = broker.groups.shard_of(body.group_id).partition
        log = broker.partition(OFFSETS_TOPIC, partition).log
        support = _support(request.api_version)
        number = log.producers.verify(
            body.producer_id, body.producer_epoch, NO_SEQUENCE, support is Support.ADDS, broker.now_ms
        )
        if number == ONGOING:
            broker.groups.commit_in_transaction(request, number)
            return None
    except Refused as refused:
        return _refused(broker, request, refused)
    writer = Writer(body.transactional_id, body.producer_id, body.producer_epoch, support)
    waiter = CommitAwaitingVerification(request, number)
    broker.verifications.ask(writer, ((OFFSETS_TOPIC, partition),), waiter)
    return None


def _support(api_version: int) -> Support:
    if api_version >= ADDS_SINCE:
        return Support.ADDS
    return Support.ABORTABLE if api_version >= ABORTABLE_SINCE else Support.VERIFIED


def _refused(broker: "Broker", request: Request, refused: Refused) -> TxnOffsetCommitResponse:
    broker.router.tell_refusal(request, refused)
    error = refused.error_code
    if error is ErrorCode.coordinator_load_in_progress and request.api_version < KNOWS_LOADING_SINCE:
        # Before KAFKA-7296 a producer could fail over it.
        error = ErrorCode.coordinator_not_available
    return transactional_commit_refused(request.body, error, broker.metadata)


def refuse(request: Request, refused: Refused) -> TxnOffsetCommitResponse:
    return transactional_commit_refused(request.body, refused.error_code, None)
