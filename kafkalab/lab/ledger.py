"""The delivery ledger: how many records were sent, acked, visible, delivered, and what went wrong with them.

Sent and acked are seen where they happen, in the Produce requests and responses that travel,
whoever sends them; a record that is sent again counts once. Failed is what will not be tried again:
a producer of the lab says so, of a real client it is what its error code means. Delivered is what a
consumer moved its position over. Duplicated is what lies in a log twice, and what a reader got again.
Passed over is what a group committed beyond without working on it: `fates/passed_over.py`.
Lost before ack is what died with its producer: `fates/orphans.py`.
Lost after ack is the promise broken: `fates/promises.py` says when it is. What became of each of the
last records is in `fates`.
"""

from dataclasses import dataclass, replace
from struct import Struct
from typing import Any
from uuid import UUID

from kafkalab.engine.clients.consumer import Consumer
from kafkalab.engine.clients.producer import Producer
from kafkalab.engine.cluster import Cluster
from kafkalab.engine.events import (
    BecameLeader,
    Event,
    HighWatermarkAdvanced,
    RecordFailed,
    RecordsAppended,
    RecordsDelivered,
    RecordsFailed,
    TopicDeleted,
    TransactionMarked,
)
from kafkalab.engine.node import Request, Response
from kafkalab.lab.fates.following import Following
from kafkalab.lab.fates.holders import Key
from kafkalab.lab.fates.sending import Answerable
from kafkalab.lab.fates.spans import Spans
from kafkalab.wire import batches
from kafkalab.wire.api import ApiKey
from kafkalab.wire.batches import Batch, CorruptBatch
from kafkalab.wire.errors import ErrorCode

MOST_PENDING = 10_000
"""Requests whose answers are awaited; those of a crash never come."""
_HEAD = Struct(">qiibIhiqqqhii")
"""The header of a record batch v2."""
_LENGTH, _PRODUCER_ID, _PRODUCER_EPOCH, _SEQUENCE, _COUNT = 1, 9, 10, 11, 12
_COUNTED_IN_LENGTH_FROM = 12


@dataclass
class Totals:
    sent: int = 0
    acked: int = 0
    visible: int = 0
    delivered: int = 0
    duplicated: int = 0
    failed: int = 0
    lost_after_ack: int = 0
    aborted: int = 0
    dropped: int = 0
    passed_over: int = 0
    lost_before_ack: int = 0


def batches_in(data: bytes) -> list[tuple[int, tuple[int, int], int]]:
    """(producer id, its epoch and the base sequence, number of records) of each batch, as it says itself.

    Nothing is checked."""
    found, at = [], 0
    while at + _HEAD.size <= len(data):
        head = _HEAD.unpack_from(data, at)
        if head[_LENGTH] <= 0 or head[_COUNT] < 0:
            break
        found.append((head[_PRODUCER_ID], (head[_PRODUCER_EPOCH], head[_SEQUENCE]), head[_COUNT]))
        at += head[_LENGTH] + _COUNTED_IN_LENGTH_FROM
    return found


class Ledger:
    """Fed by the world's observers."""

    def __init__(self, cluster: Cluster) -> None:
        self.fates = Following(cluster)
        self.produce_errors = self.records_in = self.bytes_in = 0
        """What the vital signs are made of: partitions of Produce answers with an error, and appends of leaders."""
        self.of_client: dict[str, Totals] = {}
        """By the source of the requests: a producer of the lab or one connection of a real client."""
        self.visible_end: dict[Key, int] = {}
        self.fates.sending.on_acked = self._acked
        self._cluster = cluster
        self._counted = Totals()
        self._pending: dict[tuple[str, str, int], dict[Key, tuple[Answerable, ...]]] = {}
        self._delivered_end: dict[tuple[str, str, int], int] = {}
        self._visible_from: dict[Key, int] = {}
        self._markers: dict[Key, list[int]] = {}
        """Offsets that hold the end of a transaction and no record, until they are visible."""

    def go_on_from(self, other: "Ledger") -> None:
        """In a fork: count on from what was counted there."""
        self.fates.go_on_from(other.fates)
        for name in ("produce_errors", "records_in", "bytes_in"):
            setattr(self, name, getattr(other, name))
        for name in ("visible_end", "_pending", "_delivered_end", "_visible_from"):
            setattr(self, name, dict(getattr(other, name)))
        self.of_client = {source: replace(totals) for source, totals in other.of_client.items()}
        self._markers = {key: list(offsets) for key, offsets in other._markers.items()}
        self._counted = replace(other._counted)

    @property
    def totals(self) -> Totals:
        """As of now: what is lost, and what is there twice, hangs on who may lead."""
        fates = self.fates
        return replace(
            self._counted,
            duplicated=self._counted.duplicated + fates.stored_again,
            lost_after_ack=fates.promises.lost_count,
            aborted=fates.aborted,
            dropped=fates.promises.dropped + fates.compacted,
            passed_over=fates.passed_over.count,
            lost_before_ack=fates.orphans.count,
        )

    # -- what travels ------------------------------------------------------------------------

    def on_message(self, sent_us: int, due_us: int, source: str, target: str, message: Request | Response) -> None:
        if message.api_key != ApiKey.PRODUCE:
            return
        if isinstance(message, Request):
            self._on_produce(sent_us, message)
        else:
            self._on_produced(sent_us, source, target, message)

    def _on_produce(self, now_us: int, request: Request) -> None:
        answerable: dict[Key, tuple[Answerable, ...]] = {}
        sent = 0
        serials = self._serials(request)
        for topic in request.body.topics:
            name = topic.name or self._topic_name(topic.topic_id)
            if name is None:
                continue
            for part in topic.partitions:
                key = (name, part.partition)
                lots = []
                for batch in _batches(part.records or b""):
                    fresh, lot = self.fates.sending.sent(
                        now_us, request.source, key, batch, request.body.acks, serials.get(key, ())
                    )
                    sent += fresh
                    lots.append(lot)
                answerable[key] = tuple(lots)
        self._counted.sent += sent
        self._client(request.source).sent += sent
        if request.body.acks == 0:
            return
        if len(self._pending) >= MOST_PENDING:
            del self._pending[next(iter(self._pending))]
        self._pending[request.source, request.channel, request.correlation_id] = answerable

    def _serials(self, request: Request) -> dict[Key, tuple[int, ...]]:
        """How a producer of the lab counts the records of a request that it wants answered."""
        producer = self._cluster.world.nodes.get(request.source)
        if not isinstance(producer, Producer) or request.body.acks == 0:
            return {}
        asked = producer.in_flight.get(request.correlation_id)
        about = asked.about if asked is not None else []
        return {batch.where: tuple(record.serial for record in batch.records) for batch in about}

    def _on_produced(self, now_us: int, broker: str, client: str, response: Response) -> None:
        pending = self._pending.pop((client, response.channel, response.correlation_id), None)
        if pending is None:
            return
        for topic in response.body.topics:
            name = topic.name or self._topic_name(topic.topic_id) or ""
            for part in topic.partitions:
                key = (name, part.partition)
                sent = pending.get(key, ())
                if part.error_code != ErrorCode.none:
                    self.produce_errors += 1
                    final = not self.fates.sending.speaks_for_itself(client) and not part.error_code.retriable
                    self.fates.sending.refused(sent, part.error_code.name.upper(), final)
                    if final:
                        self._fail(client, sum(count for count, _ in sent))
                    continue
                self.fates.sending.answered(now_us, broker, client, key, sent, part.base_offset)

    def _acked(self, client: str, number: int) -> None:
        self._counted.acked += number
        self._client(client).acked += number

    def _topic_name(self, topic_id: UUID | None) -> str | None:
        return self._cluster.image.topic_names.get(topic_id) if topic_id is not None else None

    # -- what happened -----------------------------------------------------------------------

    def on_event(self, now_us: int, node: str, event: Event) -> None:
        match event:
            case RecordsAppended():
                if event.leader and not event.topic.startswith("__"):
                    self.records_in += event.last_offset - event.first_offset + 1
                    self.bytes_in += event.size
            case TransactionMarked(topic, partition, _, _, _, offset):
                if not topic.startswith("__"):
                    self.records_in -= 1
                    self._markers.setdefault((topic, partition), []).append(offset)
            case HighWatermarkAdvanced(topic, partition, _, high_watermark):
                if not topic.startswith("__"):
                    self._on_visible((topic, partition), high_watermark)
            case BecameLeader(topic, partition, _, _, log_end):
                self._on_leader((topic, partition), log_end)
            case RecordFailed(client):
                self._fail(client, 1)
            case RecordsFailed(client, _, _, count):
                self._fail(client, count)
            case TopicDeleted(topic):
                self._forget_topic(topic)
        self.fates.on_event(now_us, node, event)

    def on_leaving(self, node: str) -> None:
        """While it is still what it was."""
        producer = self.fates.holders.node(node)
        if isinstance(producer, Producer):
            self.fates.orphans.killed(self._cluster.world.now_us, producer)

    def _fail(self, client: str, number: int) -> None:
        self._counted.failed += number
        self._client(client).failed += number

    def _on_leader(self, key: Key, log_end: int) -> None:
        if self.visible_end.get(key, 0) > log_end:
            self.fates.cut_at(key, log_end)
            self.visible_end[key] = log_end
            for reading in [reading for reading in self._delivered_end if reading[1:] == key]:
                self._delivered_end[reading] = min(self._delivered_end[reading], log_end)
        self._visible_from.setdefault(key, log_end)

    def on_delivered(self, reader: str, delivered: RecordsDelivered, committed_only: bool) -> None:
        """`reader` is the group, or the client where there is none: a record twice to it is a duplicate."""
        key = (reader, delivered.topic, delivered.partition)
        end = self._delivered_end.get(key, -1)
        after = delivered.last_offset + 1
        self._counted.delivered += delivered.count
        self._client(delivered.client).delivered += delivered.count
        if delivered.first_offset < end:
            had = self.fates.readers.ranges(key[1:], reader)
            new = Spans([(delivered.first_offset, after)]).outside(had)
            again = max(0, delivered.count - sum(stop - start for start, stop in new))
            self._counted.duplicated += again
            self._client(delivered.client).duplicated += again
        self._delivered_end[key] = max(end, after)
        self.fates.readers.on_delivered(reader, delivered, committed_only)
        self._heard_of_reader(reader, delivered)

    def _heard_of_reader(self, reader: str, delivered: RecordsDelivered) -> None:
        node = self.fates.holders.node(delivered.client)
        if isinstance(node, Consumer) and node.settings.group == reader:
            self.fates.passed_over.began_at(reader, (delivered.topic, delivered.partition), delivered.first_offset)
        elif not isinstance(node, Consumer):
            self.fates.passed_over.read_by_a_stranger(reader)

    def _on_visible(self, key: Key, high_watermark: int) -> None:
        """It counts from where the log ended when this lab was opened."""
        before = self.visible_end.get(key, self._visible_from.get(key, 0))
        if high_watermark > before:
            markers = self._markers.pop(key, [])
            passed = [offset for offset in markers if before <= offset < high_watermark]
            self._counted.visible += high_watermark - before - len(passed)
            later = [offset for offset in markers if offset >= high_watermark]
            if later:
                self._markers[key] = later
            self.visible_end[key] = high_watermark

    def _forget_topic(self, topic: str) -> None:
        tables: tuple[dict[Key, Any], ...] = (self._visible_from, self.visible_end, self._markers)
        for table in tables:
            for key in [key for key in table if key[0] == topic]:
                del table[key]
        for reading in [reading for reading in self._delivered_end if reading[1] == topic]:
            del self._delivered_end[reading]

    def forget_client(self, source: str) -> None:
        """A connection that will not come back: its share stays in the totals."""
        self.of_client.pop(source, None)
        unanswered = []
        for key in [key for key in self._pending if key[0] == source]:
            unanswered += [lot for lots in self._pending.pop(key).values() for lot in lots]
        self.fates.sending.connection_gone(source, unanswered)

    def _client(self, source: str) -> Totals:
        totals = self.of_client.get(source)
        if totals is None:
            totals = self.of_client[source] = Totals()
        return totals

    def entity(self) -> dict[str, Any]:
        totals = self.totals
        return {
            "kind": "ledger",
            "sent": totals.sent,
            "acked": totals.acked,
            "visible": totals.visible,
            "delivered": totals.delivered,
            "duplicated": totals.duplicated,
            "failed": totals.failed,
            "lost_after_ack": totals.lost_after_ack,
            "aborted": totals.aborted,
            "dropped": totals.dropped,
            "passed_over": totals.passed_over,
            "lost_before_ack": totals.lost_before_ack,
        }


def _batches(data: bytes) -> list[Batch]:
    """As far as they can be told apart: a broker will refuse the rest."""
    found: list[Batch] = []
    try:
        found.extend(batch for batch in batches.headers(data) if batch.records_count >= 0)
    except CorruptBatch:
        return found
    return found
