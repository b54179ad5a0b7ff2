"""A producer's transactions: begin, write, then commit or abort, and all of it counts or none.

The producer has a name, the transactional id, and its coordinator gives it an epoch for it: whoever
is initialised under the same name later fences it. Brokers add partitions to the transaction when
its first batch comes there (transaction.version 2), and the answer to EndTxn brings the epoch of the
next transaction, in which sequence numbers begin with 0 again. Before EndTxn goes out no batch is
under way any more (org.apache.kafka.clients.producer.internals.TransactionManager, KIP-98, KIP-890).
"""

from enum import Enum
from typing import TYPE_CHECKING, Any

from kafkalab.engine.clients import requests
from kafkalab.engine.clients.client import Asked
from kafkalab.engine.clients.coordinator_link import NOT_THE_ONE, CoordinatorLink
from kafkalab.engine.clients.metadata import backoff_us
from kafkalab.engine.events import ProducerFenced, ProducerIdAssigned, TransactionEnded
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

if TYPE_CHECKING:
    from kafkalab.engine.clients.producer import Producer
    from kafkalab.engine.clients.sender import Sender

FENCED = (ErrorCode.producer_fenced, ErrorCode.invalid_producer_epoch)
FATAL_FOR_A_BATCH = (
    ErrorCode.producer_fenced,
    ErrorCode.transactional_id_authorization_failed,
    ErrorCode.cluster_authorization_failed,
    ErrorCode.invalid_producer_id_mapping,
    ErrorCode.unsupported_version,
)
"""After which the producer can do nothing more; after any other it aborts and goes on."""


class TransactionState(Enum):
    INITIALIZING = "initialising its transactional id"
    READY = "between transactions"
    OPEN = "in a transaction"
    COMMITTING = "committing"
    ABORTING = "aborting"
    FATAL = "fenced"


class Transactions:
    def __init__(self, producer: "Producer", sender: "Sender", transactional_id: str) -> None:
        self.producer = producer
        self.sender = sender
        self.transactional_id = transactional_id
        self.link = CoordinatorLink(producer, transactional_id, requests.TRANSACTION)
        self.state = TransactionState.INITIALIZING
        self.committed = 0
        self.aborted = 0
        self.records = 0
        """In the transaction that is open."""
        self._why = ""
        """It is being aborted, or can do nothing more."""
        self._failures = 0
        self._not_before_us = 0

    @property
    def ending(self) -> bool:
        return self.state in (TransactionState.COMMITTING, TransactionState.ABORTING)

    # -- the application ---------------------------------------------------------------------------

    def begin(self) -> bool:
        """Whether records can be sent in a transaction now: in this one, or in a new one."""
        if self.state is TransactionState.READY:
            self.state, self.records = TransactionState.OPEN, 0
        return self.state is TransactionState.OPEN

    def commit(self) -> None:
        """Once all its records are stored."""
        if self.state is TransactionState.OPEN:
            self.state = TransactionState.COMMITTING

    def abort(self, why: str) -> None:
        """Once all its records are stored, which nobody who reads only what is committed will ever see."""
        if self.state is TransactionState.OPEN:
            self.state, self._why = TransactionState.ABORTING, why

    # -- what the sender reports -------------------------------------------------------------------

    def batch_failed(self, error: ErrorCode) -> None:
        """It cannot be committed any more: what was not sent yet never is."""
        if error in FATAL_FOR_A_BATCH:
            self._fatal(error)
        elif self.state in (TransactionState.OPEN, TransactionState.COMMITTING):
            self.state, self._why = TransactionState.ABORTING, error.name.upper()
            self.sender.drop_waiting(error)

    # -- the way to the coordinator ----------------------------------------------------------------

    def progress(self) -> None:
        if self.state is TransactionState.INITIALIZING:
            timeout_ms = self.producer.settings.transaction_timeout_ms
            self._ask(ApiKey.INIT_PRODUCER_ID, requests.init_producer_id(self.transactional_id, timeout_ms))
        elif self.ending and not self.producer.unplaced and not self.sender.outstanding():
            if not self.records:
                # Nothing was sent: the coordinator never heard of it.
                self._ended()
                return
            sequences = self.sender.sequences
            committed = self.state is TransactionState.COMMITTING
            body = requests.end_txn(self.transactional_id, sequences.producer_id, sequences.producer_epoch, committed)
            self._ask(ApiKey.END_TXN, body)

    def _ask(self, api_key: int, body: Any) -> None:
        producer = self.producer
        if producer.asking(self, api_key):
            return
        if producer.now_us < self._not_before_us:
            producer.wake_at(self._not_before_us)
        elif self.link.target() is not None:
            self.link.ask(api_key, body, self)

    def answered(self, asked: Asked, body: Any) -> None:
        error = body.error_code
        if error is not ErrorCode.none:
            self._refused(error)
            return
        self._failures = 0
        if body.producer_id >= 0:
            self._take_producer_id(body.producer_id, body.producer_epoch)
        if asked.api_key == ApiKey.END_TXN:
            self._ended()
        else:
            self.state = TransactionState.READY

    def unanswered(self, asked: Asked, error: ErrorCode) -> None:
        self._refused(error)

    def _refused(self, error: ErrorCode) -> None:
        if error in NOT_THE_ONE or error in (ErrorCode.network_exception, ErrorCode.request_timed_out):
            self.link.lost()
        if error.retriable or error in NOT_THE_ONE:
            self._failures += 1
            self._not_before_us = self.producer.now_us + backoff_us(self._failures, self.producer.random)
        else:
            self._fatal(error)

    def _take_producer_id(self, producer_id: int, epoch: int) -> None:
        producer = self.producer
        self.sender.sequences.begin_anew(producer_id, epoch)
        why = f"the coordinator of {self.transactional_id} gave it"
        producer.tell(ProducerIdAssigned(producer.name, producer_id, epoch, why))

    def _ended(self) -> None:
        committed = self.state is TransactionState.COMMITTING
        self.state = TransactionState.READY
        self.committed += committed
        self.aborted += not committed
        how = "committed" if committed else f"aborted ({self._why})"
        self.producer.tell(TransactionEnded(self.producer.name, self.transactional_id, self.records, how))
        self._why, self.records = "", 0

    def _fatal(self, error: ErrorCode) -> None:
        if self.state is TransactionState.FATAL:
            return
        producer = self.producer
        self.state, self._why = TransactionState.FATAL, error.name.upper()
        producer.last_error = f"{self.transactional_id}: {error.name.upper()}"
        if error in FENCED:
            producer.tell(ProducerFenced(producer.name, self.transactional_id, error.name.upper()))
        self.sender.drop_waiting(error)
