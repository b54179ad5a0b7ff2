"""The fate of the records: sent, acked, visible, delivered, duplicated, failed, lost after ack.

Sent and acked are seen where they happen, in the Produce requests and responses that travel,
whoever sends them; a batch that an idempotent producer repeats counts once. Failed is what will not
be tried again: a producer of the lab says so, of a real client it is what its error code means.
Delivered is what a consumer moved its position over. Lost after ack is the promise broken: an
offset that was acknowledged and lies beyond the end of a new leader's log.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from struct import Struct
from typing import Any
from uuid import UUID

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
from kafkalab.wire.api import ApiKey
from kafkalab.wire.errors import ErrorCode

Key = tuple[str, int]
"""(topic, partition)"""

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
    """Fed by the world's observers; `topic_name` gives the name for a topic id or None."""

    def __init__(self, topic_name: Callable[[UUID | None], str | None]) -> None:
        self.totals = Totals()
        self.produce_errors = self.records_in = self.bytes_in = 0
        """What the vital signs are made of: partitions of Produce answers with an error, and appends of leaders."""
        self.of_client: dict[str, Totals] = {}
        """By the source of the requests: a producer of the lab or one connection of a real client."""
        self.own_clients: dict[str, None] = {}
        """The lab's producers: they say themselves what failed for good."""
        self._topic_name = topic_name
        self._last_sequence: dict[tuple[int, str, int], tuple[int, int]] = {}
        self._pending: dict[tuple[str, str, int], dict[Key, int]] = {}
        self._acked_end: dict[Key, int] = {}
        self._delivered_end: dict[tuple[str, str, int], int] = {}
        self._visible_from: dict[Key, int] = {}
        self._visible_end: dict[Key, int] = {}
        self._markers: dict[Key, list[int]] = {}
        """Offsets that hold the end of a transaction and no record, until they are visible."""

    def go_on_from(self, other: "Ledger") -> None:
        """In a fork: count on from what was counted there."""
        for name, counted in vars(other).items():
            if name != "_topic_name":
                setattr(self, name, deepcopy(counted))

    # -- what travels ------------------------------------------------------------------------

    def on_message(self, sent_us: int, due_us: int, source: str, target: str, message: Request | Response) -> None:
        if message.api_key != ApiKey.PRODUCE:
            return
        if isinstance(message, Request):
            self._on_produce(message)
        else:
            self._on_produced(target, message)

    def _on_produce(self, request: Request) -> None:
        counts: dict[Key, int] = {}
        sent = 0
        for topic in request.body.topics:
            name = topic.name or self._topic_name(topic.topic_id)
            if name is None:
                continue
            for part in topic.partitions:
                batches = batches_in(part.records or b"")
                counts[name, part.partition] = sum(number for _, _, number in batches)
                sent += sum(batch[2] for batch in batches if self._is_new((name, part.partition), batch))
        self.totals.sent += sent
        self._client(request.source).sent += sent
        if request.body.acks == 0:
            return
        if len(self._pending) >= MOST_PENDING:
            del self._pending[next(iter(self._pending))]
        self._pending[request.source, request.channel, request.correlation_id] = counts

    def _is_new(self, key: Key, batch: tuple[int, tuple[int, int], int]) -> bool:
        """Not the repetition of a numbered batch (KIP-98)."""
        producer_id, sequence, _ = batch
        if producer_id < 0:
            return True
        numbered = (producer_id, *key)
        # Numbers begin again with 0 in a new epoch of the producer. Of several batches in flight all
        # are repeated, each below the last of them.
        if sequence <= self._last_sequence.get(numbered, (-1, -1)):
            return False
        self._last_sequence[numbered] = sequence
        return True

    def _on_produced(self, client: str, response: Response) -> None:
        counts = self._pending.pop((client, response.channel, response.correlation_id), None)
        if counts is None:
            return
        of_client = self._client(client)
        for topic in response.body.topics:
            name = topic.name or self._topic_name(topic.topic_id) or ""
            for part in topic.partitions:
                number = counts.get((name, part.partition), 0)
                if part.error_code != ErrorCode.none:
                    self.produce_errors += 1
                    if client not in self.own_clients and not part.error_code.retriable:
                        self._fail(client, number)
                    continue
                self.totals.acked += number
                of_client.acked += number
                end = part.base_offset + number
                if end > self._acked_end.get((name, part.partition), 0):
                    self._acked_end[name, part.partition] = end

    # -- what happened -----------------------------------------------------------------------

    def on_event(self, event: Event) -> None:
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

    def _fail(self, client: str, number: int) -> None:
        self.totals.failed += number
        self._client(client).failed += number

    def _on_leader(self, key: Key, log_end: int) -> None:
        lost = self._acked_end.get(key, 0) - log_end
        if lost > 0:
            self.totals.lost_after_ack += lost
            self._acked_end[key] = log_end
        if self._visible_end.get(key, 0) > log_end:
            self._visible_end[key] = log_end
        self._visible_from.setdefault(key, log_end)

    def on_delivered(self, reader: str, delivered: RecordsDelivered) -> None:
        """`reader` is the group, or the client where there is none: a record twice to it is a duplicate."""
        key = (reader, delivered.topic, delivered.partition)
        end = self._delivered_end.get(key, -1)
        after = delivered.last_offset + 1
        self.totals.delivered += delivered.count
        self._client(delivered.client).delivered += delivered.count
        if delivered.first_offset < end:
            again = min(delivered.count, min(end, after) - delivered.first_offset)
            self.totals.duplicated += again
            self._client(delivered.client).duplicated += again
        self._delivered_end[key] = max(end, after)

    def _on_visible(self, key: Key, high_watermark: int) -> None:
        """It counts from where the log ended when this lab was opened."""
        before = self._visible_end.get(key, self._visible_from.get(key, 0))
        if high_watermark > before:
            markers = self._markers.pop(key, [])
            passed = [offset for offset in markers if before <= offset < high_watermark]
            self.totals.visible += high_watermark - before - len(passed)
            later = [offset for offset in markers if offset >= high_watermark]
            if later:
                self._markers[key] = later
            self._visible_end[key] = high_watermark

    def _forget_topic(self, topic: str) -> None:
        tables: tuple[dict[Key, Any], ...] = (
            self._acked_end,
            self._visible_from,
            self._visible_end,
            self._markers,
        )
        for table in tables:
            for key in [key for key in table if key[0] == topic]:
                del table[key]
        for numbered in [numbered for numbered in self._last_sequence if numbered[1] == topic]:
            del self._last_sequence[numbered]
        for reading in [reading for reading in self._delivered_end if reading[1] == topic]:
            del self._delivered_end[reading]

    def forget_client(self, source: str) -> None:
        """A connection that will not come back: its share stays in the totals."""
        self.of_client.pop(source, None)
        for key in [key for key in self._pending if key[0] == source]:
            del self._pending[key]

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
        }
