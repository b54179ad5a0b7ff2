"""What was sent, lot by lot: a lot is one batch of one producer, whose records share most of their fate.

The last ten thousand records are kept, and of their bytes so many that the memory of a lab stays
bounded; of what came before the ledger has the totals. A lot never changes: it is replaced by a newer
one. A fork of the lab shares them, in chunks that whoever writes first copies, and makes its indexes when
it needs them: a checkpoint, which is a fork that stands still, takes next to nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from kafkalab.lab.fates.holders import Key
from kafkalab.wire import batches, frozen
from kafkalab.wire.batches import Batch, CorruptBatch
from kafkalab.wire.records import Record

MOST_RECORDS = 10_000
MOST_BYTES = 4 * 1024 * 1024
LARGEST_KEPT = 64 * 1024
"""Of a larger batch it is known what became of it, not what is in it."""
CHUNK_BITS = 7


class Copy(NamedTuple):
    """Where a leader stored a lot. One that was sent twice without a number may lie at two places."""

    base_offset: int
    epoch: int


class Given(NamedTuple):
    """A reader got some of the lot's records before an unclean election took their offsets away."""

    reader: str
    client: str
    first: int
    last: int
    """Counted within the lot."""


@frozen.dataclass(frozen=True, slots=True)
class Lot:
    number: int
    source: str
    """The node or connection that sent it."""
    sender: str
    """What the stage calls that."""
    topic: str
    partition: int
    count: int
    acks: int
    sent_us: int
    """For the first time."""
    data: bytes | None = None
    """The batch as it was sent, while there is room for it."""
    crc: int = 0
    producer_id: int = -1
    producer_epoch: int = -1
    base_sequence: int = -1
    transactional: bool = False
    serials: tuple[int, ...] = ()
    """Of a producer of the lab: how it counts its records."""
    singly: bool = True
    """Its producer tells of each record by itself; else of the whole lot, under the first serial."""
    attempts: int = 1
    """How often it was sent; 0 for what never left its producer."""
    error: str = ""
    """Why it was refused last."""
    failed: bool = False
    """Nobody will send it again."""
    orphaned: bool = False
    """Its producer was killed before it was acked."""
    acked_us: int = -1
    acked_at: int = -1
    """The first offset that the ack named."""
    copies: tuple[Copy, ...] = ()
    outcome: str = ""
    """How its transaction ended: commit or abort."""
    topic_deleted: bool = False
    given: tuple[Given, ...] = ()

    @property
    def key(self) -> Key:
        return self.topic, self.partition

    @property
    def numbered(self) -> bool:
        return self.producer_id >= 0

    @property
    def numbers(self) -> tuple[int, int, int]:
        return self.producer_id, self.producer_epoch, self.base_sequence

    @property
    def acked(self) -> bool:
        return self.acked_us >= 0

    @property
    def promised(self) -> Copy | None:
        """The copy that the ack named, or the newest where there was no ack."""
        named = [copy for copy in self.copies if copy.base_offset == self.acked_at] or list(self.copies)
        return named[-1] if named else None

    def records(self) -> list[Record]:
        """As they were sent. Empty where the bytes are not kept, or no batch at all."""
        if self.data is None:
            return []
        try:
            return batches.records(batches.header(self.data))
        except CorruptBatch:
            return []


class Index:
    """Finds lots by what tells one batch from another."""

    def __init__(self) -> None:
        self.with_data: dict[int, None] = {}
        self.by_sequence: dict[tuple[int, int, int, str, int], int] = {}
        self.by_serial: dict[tuple[str, int], int] = {}
        self.by_crc: dict[tuple[str, int, int], tuple[int, ...]] = {}
        self.in_transaction: dict[tuple[int, str, int], tuple[int, ...]] = {}

    def add(self, lot: Lot, counts_since: int) -> None:
        """Its serials are those of its producer's life that began with the lot `counts_since`."""
        if lot.data is not None:
            self.with_data[lot.number] = None
        if lot.number > counts_since:
            for serial in lot.serials if lot.singly else lot.serials[:1]:
                self.by_serial[lot.source, serial] = lot.number
        if lot.topic_deleted:
            # A topic made again under its name begins anew, with the same numbers.
            return
        if lot.numbered:
            self.by_sequence[(*lot.numbers, *lot.key)] = lot.number
        else:
            same = (*lot.key, lot.crc)
            self.by_crc[same] = (*self.by_crc.get(same, ()), lot.number)
        if lot.transactional and not lot.outcome:
            of = (lot.producer_id, *lot.key)
            self.in_transaction[of] = (*self.in_transaction.get(of, ()), lot.number)

    def forget_batch(self, lot: Lot) -> None:
        numbered, same = (*lot.numbers, *lot.key), (*lot.key, lot.crc)
        if self.by_sequence.get(numbered) == lot.number:
            del self.by_sequence[numbered]
        if lot.number in self.by_crc.get(same, ()):
            self.by_crc[same] = tuple(number for number in self.by_crc[same] if number != lot.number)
            if not self.by_crc[same]:
                del self.by_crc[same]

    def forget_serials(self, lot: Lot) -> None:
        for serial in lot.serials if lot.singly else lot.serials[:1]:
            if self.by_serial.get((lot.source, serial)) == lot.number:
                del self.by_serial[lot.source, serial]


class Lots:
    def __init__(self) -> None:
        self.records = 0
        self.forgotten = 0
        """Records that were kept once, and are not any more."""
        self.on_forgotten: Callable[[Lot], None] = lambda lot: None
        """Called with a lot for which there is no room any more."""
        self._bytes = 0
        self._last_number = 0
        self._first_number = 1
        self._chunks: dict[int, dict[int, Lot]] = {}
        self._own: dict[int, None] = {}
        """Chunks that nobody shares."""
        self._counts_since: dict[str, int] = {}
        """For each producer of the lab the last lot before it began to count."""
        self._index: Index | None = None

    def go_on_from(self, other: "Lots") -> None:
        self.records, self.forgotten, self._bytes = other.records, other.forgotten, other._bytes
        self._last_number, self._first_number = other._last_number, other._first_number
        self._chunks, self._counts_since = dict(other._chunks), dict(other._counts_since)
        self._own, other._own, self._index = {}, {}, None

    def get(self, number: int) -> Lot | None:
        chunk = self._chunks.get(number >> CHUNK_BITS)
        return chunk.get(number) if chunk is not None else None

    def __getitem__(self, number: int) -> Lot:
        return self._chunks[number >> CHUNK_BITS][number]

    def newest_first(self) -> Iterator[Lot]:
        for number in sorted(self._chunks, reverse=True):
            yield from reversed(list(self._chunks[number].values()))

    @property
    def index(self) -> Index:
        if self._index is None:
            self._index = Index()
            for lot in reversed(list(self.newest_first())):
                self._index.add(lot, self._counts_since.get(lot.source, 0))
        return self._index

    # -- coming and going --------------------------------------------------------------------

    def _chunk(self, number: int) -> dict[int, Lot]:
        """To write into."""
        of = number >> CHUNK_BITS
        if of not in self._own:
            self._chunks[of] = dict(self._chunks.get(of, {}))
            self._own[of] = None
        return self._chunks[of]

    def add(self, **what: Any) -> Lot:
        index = self.index
        self._last_number += 1
        lot = Lot(number=self._last_number, **what)
        self._chunk(lot.number)[lot.number] = lot
        self.records += lot.count
        self._bytes += len(lot.data or b"")
        index.add(lot, 0)
        self._make_room(index)
        return self[lot.number]

    def change(self, number: int, **what: Any) -> Lot:
        lot = self._chunk(number)[number] = replace(self[number], **what)
        return lot

    def renumbered(self, lot: Lot, batch: Batch) -> Lot:
        """Sent again, perhaps under other numbers: its producer has a new epoch then."""
        numbers = (batch.producer_id, batch.producer_epoch, batch.base_sequence)
        if numbers == lot.numbers:
            return lot
        self.index.forget_batch(lot)
        self.index.by_sequence[(*numbers, *lot.key)] = lot.number
        return self.change(
            lot.number, producer_id=numbers[0], producer_epoch=numbers[1], base_sequence=numbers[2], crc=batch.crc
        )

    def drop(self, lot: Lot, in_parts: bool = False) -> None:
        """With `in_parts` its records go on as those of other lots."""
        chunk = self._chunk(lot.number)
        del chunk[lot.number]
        if not chunk:
            of = lot.number >> CHUNK_BITS
            del self._chunks[of], self._own[of]
        self.records -= lot.count
        self.index.forget_batch(lot)
        self._drop_data(lot)
        if not in_parts:
            self.index.forget_serials(lot)
            return
        for serial in lot.serials:
            self.index.by_serial.setdefault((lot.source, serial), lot.number)

    def _make_room(self, index: Index) -> None:
        while self._bytes > MOST_BYTES and len(index.with_data) > 1:
            oldest = self[next(iter(index.with_data))]
            self._drop_data(oldest)
            self.change(oldest.number, data=None)
        while self.records > MOST_RECORDS and self._first_number < self._last_number:
            lot = self.get(self._first_number)
            self._first_number += 1
            if lot is not None:
                self.drop(lot)
                self.forgotten += lot.count
                self.on_forgotten(lot)

    def _drop_data(self, lot: Lot) -> None:
        if lot.number in self.index.with_data:
            del self.index.with_data[lot.number]
            self._bytes -= len(lot.data or b"")

    def topic_deleted(self, topic: str) -> None:
        for lot in [lot for lot in self.newest_first() if lot.topic == topic]:
            self.change(lot.number, topic_deleted=True)
        self._index = None

    # -- finding -----------------------------------------------------------------------------

    def by_serial(self, source: str, serial: int) -> Lot | None:
        return self.get(self.index.by_serial.get((source, serial), -1))

    def forget_serials(self, source: str) -> None:
        """A producer of that name begins, and counts from 1."""
        self._counts_since[source] = self._last_number
        self._index = None

    def knows_serial(self, source: str, serial: int) -> bool:
        return (source, serial) in self.index.by_serial

    def of_batch(self, key: Key, batch: Batch) -> list[Lot]:
        """Lots that this batch may be, oldest first; one at most where it has numbers."""
        if batch.producer_id >= 0:
            numbers = (batch.producer_id, batch.producer_epoch, batch.base_sequence)
            found = self.get(self.index.by_sequence.get((*numbers, *key), -1))
            return [found] if found is not None else []
        return [self[number] for number in self.index.by_crc.get((*key, batch.crc), ())]

    def transaction_ended(self, producer_id: int, key: Key, before: int) -> list[Lot]:
        """Lots of that producer there, stored before an offset, which are in no transaction any more."""
        of = (producer_id, *key)
        known = [lot for number in self.index.in_transaction.pop(of, ()) if (lot := self.get(number)) is not None]
        ended = [lot for lot in known if lot.copies and lot.copies[-1].base_offset < before]
        later = tuple(lot.number for lot in known if lot not in ended)
        if later:
            self.index.in_transaction[of] = later
        return ended
