"""What producers send and hear: each batch becomes a lot, or is known to be one that is sent again.

A batch is known by the serials that a producer of the lab gives its records, or by its numbers, or else by
its checksum. A producer of the lab says itself what it has heard and what it has given up. What a real
client heard is not known: an answer that was sent counts as heard.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from kafkalab.engine.clients.producer import SHOWN_PER_S, Producer
from kafkalab.engine.events import RecordAcked, RecordFailed, RecordsAcked, RecordsFailed
from kafkalab.engine.world import World
from kafkalab.lab.fates.holders import Holders, Key
from kafkalab.lab.fates.lots import LARGEST_KEPT, Copy, Lot, Lots
from kafkalab.lab.fates.promises import Promises
from kafkalab.wire.batches import Batch

MOST_ANSWERS = 1_000

Answerable = tuple[int, int]
"""(records of a batch, the number of its lot or 0 where that is not kept)"""


class Answer(NamedTuple):
    """On its way to a producer of the lab."""

    node: str
    lot: int
    records: int
    offset: int
    epoch: int


class Sending:
    def __init__(self, world: World, holders: Holders, lots: Lots, promises: Promises) -> None:
        self.on_acked: Callable[[str, int], None] = lambda source, count: None
        """Called with a source and how many of its records have been acked now."""
        self.name_of: Callable[[str], str] = str
        """What the stage calls a source."""
        self.world = world
        self.holders = holders
        self.lots = lots
        self.promises = promises
        self._producers = {name: None for name, node in world.nodes.items() if isinstance(node, Producer)}
        """Of the lab, also those that are gone: answers may still be on their way."""
        self._answers: dict[tuple[str, str, int, int], Answer] = {}
        self._gone: dict[str, None] = {}
        """Connections that ended with something unanswered."""
        self._last_sequence: dict[tuple[int, str, int], tuple[int, int]] = {}

    def go_on_from(self, other: "Sending") -> None:
        for name in ("_producers", "_answers", "_gone", "_last_sequence"):
            setattr(self, name, dict(getattr(other, name)))

    def started(self, node: str) -> None:
        if isinstance(self.world.nodes.get(node), Producer):
            self._producers[node] = None
            self.lots.forget_serials(node)

    def topic_deleted(self, topic: str) -> None:
        for numbered in [numbered for numbered in self._last_sequence if numbered[1] == topic]:
            del self._last_sequence[numbered]

    def sent(
        self, now_us: int, source: str, key: Key, batch: Batch, acks: int, serials: tuple[int, ...]
    ) -> tuple[int, Answerable]:
        """(how many of the records were never sent before, the batch as its answer will name it)."""
        count = batch.records_count
        fresh = count if self._is_new(key, batch) else 0
        lot = self._earlier(source, key, batch, serials)
        if lot is not None and (not serials or lot.serials == serials):
            if lot.numbered and batch.producer_id >= 0:
                lot = self.lots.renumbered(lot, batch)
            self.lots.change(lot.number, attempts=lot.attempts + 1)
            return 0, (count, lot.number)
        if serials:
            fresh = min(fresh, sum(not self.lots.knows_serial(source, serial) for serial in serials))
        if lot is not None:
            # It was too large, and goes out in parts.
            self.lots.drop(lot, in_parts=True)
        elif fresh == 0 and not serials:
            return 0, (count, 0)
        lot = self._keep(
            source=source,
            topic=key[0],
            partition=key[1],
            count=count,
            acks=acks,
            sent_us=now_us,
            data=bytes(batch.view) if batch.size <= LARGEST_KEPT else None,
            crc=batch.crc,
            producer_id=batch.producer_id,
            producer_epoch=batch.producer_epoch,
            base_sequence=batch.base_sequence,
            transactional=batch.is_transactional,
            serials=serials,
            singly=self._tells_singly(source),
        )
        return fresh, (count, lot.number)

    def _keep(self, **what: Any) -> Lot:
        return self.lots.add(sender=self.name_of(what["source"]), **what)

    def _earlier(self, source: str, key: Key, batch: Batch, serials: tuple[int, ...]) -> Lot | None:
        """The lot that is sent again."""
        if serials:
            return self.lots.by_serial(source, serials[0])
        found = self.lots.of_batch(key, batch)
        if batch.producer_id >= 0:
            return found[0] if found else None
        for lot in found:
            # Equal bytes alone say little: two equal records sent in one millisecond have them.
            if not lot.acked and not lot.failed and (lot.error or lot.source in self._gone):
                return lot
        return None

    def _is_new(self, key: Key, batch: Batch) -> bool:
        """Not the repetition of a numbered batch (KIP-98)."""
        if batch.producer_id < 0:
            return True
        numbered = (batch.producer_id, *key)
        sequence = (batch.producer_epoch, batch.base_sequence)
        # Numbers begin again with 0 in a new epoch of the producer. Of several batches in flight all
        # are repeated, each below the last of them.
        if sequence <= self._last_sequence.get(numbered, (-1, -1)):
            return False
        self._last_sequence[numbered] = sequence
        return True

    def answered(
        self, now_us: int, node: str, source: str, key: Key, sent: tuple[Answerable, ...], base_offset: int
    ) -> None:
        """The broker `node` says that they are stored from that offset on. A producer of the lab tells itself when
        it has heard that; of a real client it is taken for granted."""
        replica = self.holders.replica(node, key)
        offset = base_offset
        for count, number in sent:
            epoch = replica.log.epochs.epoch_at(offset) if replica is not None and offset >= 0 else -1
            answer = Answer(node, number, count, offset, epoch)
            if self.speaks_for_itself(source):
                self._answers[(source, *key, offset)] = answer
                if len(self._answers) > MOST_ANSWERS:
                    del self._answers[next(iter(self._answers))]
            else:
                self._acked(now_us, source, key, answer)
            if offset >= 0:
                offset += count

    def heard(self, now_us: int, event: RecordAcked) -> None:
        """One that its producer tells of by itself."""
        lot = self.lots.by_serial(event.client, event.serial)
        if lot is None or lot.acked:
            return
        base_offset = event.offset - lot.serials.index(event.serial) if event.offset >= 0 else -1
        self._heard(now_us, event.client, lot.key, base_offset, lot.count)

    def many_heard(self, now_us: int, event: RecordsAcked) -> None:
        self._heard(now_us, event.client, (event.topic, event.partition), event.first_offset, event.count)

    def _heard(self, now_us: int, client: str, key: Key, base_offset: int, count: int) -> None:
        answer = self._answers.pop((client, *key, base_offset), None)
        if answer is None:
            self.on_acked(client, count)
        else:
            self._acked(now_us, client, key, answer)

    def _acked(self, now_us: int, source: str, key: Key, answer: Answer) -> None:
        lot = self.lots.get(answer.lot)
        if lot is not None and lot.acked:
            return
        self.on_acked(source, answer.records)
        if answer.epoch >= 0:
            self.promises.ack(key, answer.epoch, answer.offset, answer.records, answer.node)
        if lot is not None:
            copy, copies = Copy(answer.offset, answer.epoch), lot.copies
            if answer.epoch >= 0 and copy not in copies:
                copies = (*copies, copy)
            at = answer.offset if answer.offset >= 0 or not copies else copies[-1].base_offset
            self.lots.change(lot.number, acked_us=now_us, acked_at=at, copies=copies, error="")

    def _tells_singly(self, source: str) -> bool:
        producer = self.world.nodes.get(source)
        return isinstance(producer, Producer) and producer.settings.rate_per_s <= SHOWN_PER_S

    def speaks_for_itself(self, source: str) -> bool:
        """A producer of the lab says what it has heard, and what it has given up."""
        return source in self._producers

    def refused(self, sent: tuple[Answerable, ...], error: str, final: bool) -> None:
        for _, number in sent:
            lot = self.lots.get(number)
            if lot is not None and not lot.acked:
                self.lots.change(number, error=error, failed=final or lot.failed)

    def connection_gone(self, source: str, unanswered: list[Answerable]) -> None:
        if unanswered:
            self._gone[source] = None
        self.refused(tuple(unanswered), "the connection ended before an answer came", final=False)

    def failed(self, now_us: int, event: RecordFailed) -> None:
        self._gave_up(now_us, event.client, event.serial, 1, (event.topic, event.partition), event.error)

    def many_failed(self, now_us: int, event: RecordsFailed) -> None:
        key = (event.topic, event.partition)
        self._gave_up(now_us, event.client, event.first_serial, event.count, key, event.error)

    def _gave_up(self, now_us: int, client: str, serial: int, count: int, key: Key, error: str) -> None:
        lot = self.lots.by_serial(client, serial)
        if lot is None:
            self._keep(
                source=client,
                topic=key[0],
                partition=key[1],
                count=count,
                acks=-1,
                sent_us=now_us,
                attempts=0,
                error=error,
                failed=True,
            )
        elif not lot.failed and not lot.acked:
            self.lots.change(lot.number, error=error, failed=True)
