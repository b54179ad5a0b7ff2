"""The referee for transactions: it reads the logs itself, and remembers what clients asked for and were told.

L3 the last stable offset of a leader does not pass an open transaction, and does not go back; T3 who reads
only what is committed is served nothing open, and is told of everything aborted; all markers of a transaction
say what `__transaction_state` had said before; T4 nobody writes under an epoch older than one that a newcomer
was given; T5 in a partition nothing of the next transaction comes before the marker of the last one, nobody's
transaction is committed who did not ask for it, and no marker comes from a coordinator that was succeeded.
What can only be judged at the end is in `transactions_counted`.
"""

from dataclasses import dataclass, field

from kio.schema.end_txn.v5.request import EndTxnRequest
from kio.schema.end_txn.v5.response import EndTxnResponse
from kio.schema.init_producer_id.v5.response import InitProducerIdResponse

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.clients.producer import Producer
from kafkalab.engine.events import Event, RecordsDelivered, RecordSent, TransactionEnded
from kafkalab.engine.log.transactions import marker_of
from kafkalab.engine.node import Request
from kafkalab.engine.simulation.compacted import stored
from kafkalab.engine.simulation.sight import Broken, ReplicaKey, TopicNumber
from kafkalab.engine.simulation.transactional import ACCOUNTS
from kafkalab.engine.transactions.metadata import PREPARED, TransactionState
from kafkalab.engine.transactions.records import decode
from kafkalab.engine.world import World
from kafkalab.wire import batches
from kafkalab.wire.api import ApiKey
from kafkalab.wire.batches import Batch
from kafkalab.wire.dialect import FetchPartitionResult
from kafkalab.wire.errors import ErrorCode

ProducerEpoch = tuple[int, int]
BatchName = tuple[TopicNumber, int, int, int]
"""Topic id, partition, leader epoch, base offset."""


@dataclass(slots=True)
class Span:
    """One transaction in one partition."""

    producer_id: int
    producer_epoch: int
    first_offset: int
    marker_offset: int = -1
    committed: bool = False


@dataclass(slots=True)
class Account:
    """The transactions of one replica, as its log has them."""

    next_offset: int
    open: dict[int, Span] = field(default_factory=dict)
    """By producer id."""
    ended: dict[int, list[Span]] = field(default_factory=dict)
    """By producer id, in order."""
    coordinator_epochs: dict[int, int] = field(default_factory=dict)
    """By producer id, of the newest marker."""
    late: list[tuple[int, str, str]] = field(default_factory=list)
    """Data that must never be committed: its offset, the rule that it breaks, and why."""

    def is_aborted(self, batch: Batch) -> bool:
        spans = reversed(self.ended.get(batch.producer_id, []))
        span = next((span for span in spans if span.first_offset <= batch.base_offset < span.marker_offset), None)
        return span is not None and not span.committed


@dataclass(frozen=True, slots=True)
class Told:
    """What a client sent in one transaction, and how it was told that it ended."""

    client: str
    serials: tuple[int, ...]
    committed: bool | None
    """None: nobody told it."""


@dataclass
class TransactionsReferee:
    world: World
    visible: dict[tuple[TopicNumber, int], int]
    """(topic id, partition) -> the highest high watermark that a leader ever had."""
    accounts: dict[ReplicaKey, Account] = field(default_factory=dict)
    stable: dict[ReplicaKey, tuple[int, int]] = field(default_factory=dict)
    """Leader epoch and last stable offset."""
    decided: dict[tuple[ProducerEpoch, bool], list[tuple[TopicNumber, int, int]]] = field(default_factory=dict)
    """Under which epoch the markers go out, and whether they commit -> where that is written."""
    asked: dict[ProducerEpoch, None] = field(default_factory=dict)
    """Under which epoch somebody asked for a commit."""
    given: dict[int, int] = field(default_factory=dict)
    """By producer id: the newest epoch that anybody was given by InitProducerId."""
    gone_on: dict[int, int] = field(default_factory=dict)
    """By producer id: the newest epoch that EndTxn gave for the next transaction."""
    seen: dict[BatchName, str] = field(default_factory=dict)
    """Data of transactions -> which rule it breaks if it is ever committed, or nothing."""
    sending: dict[str, list[int]] = field(default_factory=dict)
    """By client: what it sent in the transaction that it is in."""
    told: list[Told] = field(default_factory=list)
    received: dict[tuple[str, int], list[tuple[int, int, int]]] = field(default_factory=dict)
    """By partition: what its reader received, as (first offset, last offset, count), in order."""

    def ended(self, *, committed: bool) -> int:
        return sum(each.committed is committed for each in self.told)

    # -- logs --------------------------------------------------------------------------------------

    def appended(self, replica: ReplicaKey, partition: Partition) -> Account:
        """Read what is new in a log that transactions write to."""
        log = partition.log
        account = self.accounts.get(replica)
        if account is None:
            account = self.accounts[replica] = Account(log.start_offset)
        if account.next_offset < log.end_offset:
            where = f"{partition.topic}-{partition.partition} on broker {replica[2]}"
            for batch in stored(log, account.next_offset):
                if batch.producer_id >= 0 and batch.is_transactional:
                    if batch.is_control:
                        self._marked(account, batch, where)
                    else:
                        self._written(account, replica, partition, batch, where)
                account.next_offset = batch.next_offset
        return account

    def _written(self, account: Account, replica: ReplicaKey, partition: Partition, batch: Batch, where: str) -> None:
        producer_id, epoch = batch.producer_id, batch.producer_epoch
        span = account.open.get(producer_id)
        if span is None:
            span = account.open[producer_id] = Span(producer_id, epoch, batch.base_offset)
        if span.producer_epoch != epoch:
            # A leader that was succeeded in its sleep has not seen the marker. What it writes goes away with it.
            why = f"{producer_id} wrote at {batch.base_offset} under epoch {epoch}, and its transaction of epoch"
            account.late.append((batch.base_offset, "T5", f"{where}: {why} {span.producer_epoch} has no marker"))
        name = (*replica[:2], batch.partition_leader_epoch, batch.base_offset)
        if name not in self.seen:
            broken = ""
            if partition.is_leader and partition.leader_epoch == batch.partition_leader_epoch:
                broken = "T5" if epoch < self.gone_on.get(producer_id, -1) else broken
                broken = "T4" if epoch < self.given.get(producer_id, -1) else broken
            self.seen[name] = broken
        if self.seen[name]:
            why = f"{producer_id} wrote at {batch.base_offset} under epoch {epoch}, and a newer one was given by then"
            account.late.append((batch.base_offset, self.seen[name], f"{where}: {why}"))

    def _marked(self, account: Account, batch: Batch, where: str) -> None:
        marker = marker_of(batch)
        if marker is None:
            return
        producer_id, name = batch.producer_id, (batch.producer_id, batch.producer_epoch)
        if marker.coordinator_epoch < account.coordinator_epochs.get(producer_id, -1):
            raise Broken("T5", f"{where}: a marker at {batch.base_offset} of a coordinator that was succeeded")
        account.coordinator_epochs[producer_id] = marker.coordinator_epoch
        written = self.decided.get((name, marker.committed), [])
        if not any(offset < self.visible.get((topic, number), 0) for topic, number, offset in written):
            how = "COMMIT" if marker.committed else "ABORT"
            raise Broken("T3", f"{where}: {how} at {batch.base_offset} for {name}, and nobody had decided so")
        span = account.open.pop(producer_id, None)
        if span is not None:
            span.marker_offset, span.committed = batch.base_offset, marker.committed
            account.ended.setdefault(producer_id, []).append(span)

    def decisions(self, partition: Partition, offset: int) -> None:
        """What is new in a replica of `__transaction_state`, from this offset on."""
        for batch in stored(partition.log, offset):
            for record in batches.records(batch):
                _, it = decode(record.key, record.value) or ("", None)
                if it is None or it.state not in PREPARED:
                    continue
                commits = it.state is TransactionState.PREPARE_COMMIT
                if commits and (it.producer_id, it.producer_epoch - it.bumps_epochs) not in self.asked:
                    raise Broken("T5", f"{it.transactional_id} is committed, and nobody asked for it: {it}")
                name = (it.producer_id, it.producer_epoch)
                place = (partition.topic_id.int, partition.partition, record.offset)
                self.decided.setdefault((name, commits), []).append(place)

    def cut(self, replica: ReplicaKey) -> None:
        """Its log is shorter than it was: read it anew."""
        self.accounts.pop(replica, None)

    def leading(self, replica: ReplicaKey, partition: Partition) -> None:
        """L3: the last stable offset; T4 and T5: nothing late is committed."""
        account = self.appended(replica, partition)
        where = f"{partition.topic}-{partition.partition} on broker {replica[2]}"
        start, stable = partition.log.start_offset, partition.last_stable_offset
        if not start <= stable <= partition.high_watermark:
            raise Broken("L3", f"{where}: {start} <= LSO {stable} <= {partition.high_watermark} is false")
        for span in account.open.values():
            if stable > max(span.first_offset, start):
                raise Broken("L3", f"{where}: the LSO {stable} passes {span}")
        for offset, broken, why in account.late:
            if offset < partition.high_watermark:
                raise Broken(broken, why)
        epoch, before = self.stable.get(replica, (-1, 0))
        if epoch == partition.leader_epoch and stable < before:
            raise Broken("L3", f"{where}: the LSO fell from {before} to {stable}")
        self.stable[replica] = partition.leader_epoch, stable

    def started(self, broker_id: int) -> None:
        """What it knew of leadership died with its memory."""
        for replica in [replica for replica in self.stable if replica[2] == broker_id]:
            del self.stable[replica]

    # -- what goes over the network ------------------------------------------------------------------

    def asked_to_end(self, body: EndTxnRequest) -> None:
        if body.committed:
            self.asked[body.producer_id, body.producer_epoch] = None

    def answered(self, request: Request, body: InitProducerIdResponse | EndTxnResponse) -> None:
        if body.error_code is ErrorCode.none and request.body.transactional_id is not None:
            known = self.gone_on if request.api_key == ApiKey.END_TXN else self.given
            known[body.producer_id] = max(known.get(body.producer_id, -1), body.producer_epoch)

    def served(self, broker: Broker, partition: Partition, result: FetchPartitionResult) -> None:
        """T3: to a reader of what is committed."""
        account = self.appended((partition.topic_id.int, partition.partition, broker.broker_id), partition)
        where = f"{partition.topic}-{partition.partition} on broker {broker.broker_id}"
        hidden_from: dict[int, list[int]] = {}
        for aborted in result.aborted_transactions or ():
            hidden_from.setdefault(aborted.producer_id, []).append(aborted.first_offset)
        for batch in batches.headers(result.records):
            for span in account.open.values():
                if batch.last_offset >= span.first_offset:
                    raise Broken("T3", f"{where}: {batch.base_offset} was served, and {span} is open")
            if not batch.is_transactional or batch.is_control:
                continue
            spans = account.ended.get(batch.producer_id, [])
            begun = [span for span in spans if span.first_offset <= batch.base_offset < span.marker_offset]
            listed = any(span.first_offset in hidden_from.get(batch.producer_id, []) for span in begun)
            if account.is_aborted(batch) != listed:
                was = "aborted and is shown" if account.is_aborted(batch) else "committed and is hidden"
                raise Broken("T3", f"{where}: what {batch.producer_id} wrote at {batch.base_offset} was {was}")

    # -- facts that clients state ----------------------------------------------------------------------

    def hear(self, _now_us: int, _node: str, event: Event) -> None:
        match event:
            case RecordSent(client, serial):
                producer = self.world.nodes[client]
                if isinstance(producer, Producer) and producer.transactions is not None:
                    self.sending.setdefault(client, []).append(serial)
            case RecordsDelivered(_, topic, partition, first, last, count) if topic == ACCOUNTS:
                self.received.setdefault((topic, partition), []).append((first, last, count))
            case TransactionEnded(client, _, _, how):
                self.told.append(Told(client, tuple(self.sending.pop(client, ())), how == "committed"))
