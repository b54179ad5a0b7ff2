"""What was sent, lot by lot: a lot is one batch of one producer, whose records share most of their fate.

The last ten thousand records are kept, and of their bytes so many that the memory of a lab stays
bounded; of what came before the ledger has the totals. A lot never changes: it is replaced by a newer
one, so that a fork of the lab can share them all.
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
    attempts: int = 1
    """How often it was sent; 0 for what never left its producer."""
    error: str = ""
    """Why it was refused last."""
    failed: bool = False
    """Nobody will send it again."""
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


class Lots:
    """Found by what tells one batch from another: its numbers, its serials, or else its checksum."""

    def __init__(self) -> None:
        self.records = 0
        self.forgotten = 0
        """Records that were kept once, and are not any more."""
        self.on_forgotten: Callable[[Lot], None] = lambda lot: None
        """Called with a lot for which there is no room any more."""
        self._bytes = 0
        self._last_number = 0
        self._all: dict[int, Lot] = {}
        self._with_data: dict[int, None] = {}
        self._by_sequence: dict[tuple[int, int, int, str, int], int] = {}
        self._by_serial: dict[tuple[str, int], int] = {}
        self._by_crc: dict[tuple[str, int, int], tuple[int, ...]] = {}
        self._in_transaction: dict[tuple[int, str, int], tuple[int, ...]] = {}

    def go_on_from(self, other: "Lots") -> None:
        for name, value in vars(other).items():
            if name != "on_forgotten":
                setattr(self, name, dict(value) if isinstance(value, dict) else value)

    def __getitem__(self, number: int) -> Lot:
        return self._all[number]

    def get(self, number: int) -> Lot | None:
        return self._all.get(number)

    def newest_first(self) -> Iterator[Lot]:
        return reversed(list(self._all.values()))

    # -- coming and going --------------------------------------------------------------------

    def add(self, **what: Any) -> Lot:
        self._last_number += 1
        lot = Lot(number=self._last_number, **what)
        self._all[lot.number] = lot
        self.records += lot.count
        if lot.data is not None:
            self._with_data[lot.number] = None
            self._bytes += len(lot.data)
        if lot.numbered:
            self._by_sequence[(*_numbers(lot), *lot.key)] = lot.number
        else:
            same = (*lot.key, lot.crc)
            self._by_crc[same] = (*self._by_crc.get(same, ()), lot.number)
        if lot.transactional:
            of = (lot.producer_id, *lot.key)
            self._in_transaction[of] = (*self._in_transaction.get(of, ()), lot.number)
        for serial in lot.serials:
            self._by_serial[lot.source, serial] = lot.number
        self._make_room()
        return self._all[lot.number]

    def change(self, number: int, **what: Any) -> Lot:
        lot = self._all[number] = replace(self._all[number], **what)
        return lot

    def renumbered(self, lot: Lot, batch: Batch) -> Lot:
        """Sent again under other numbers: its producer has a new epoch."""
        self._forget_numbers(lot)
        numbers = (batch.producer_id, batch.producer_epoch, batch.base_sequence)
        self._by_sequence[(*numbers, *lot.key)] = lot.number
        return self.change(
            lot.number, producer_id=numbers[0], producer_epoch=numbers[1], base_sequence=numbers[2], crc=batch.crc
        )

    def drop(self, lot: Lot, in_parts: bool = False) -> None:
        """With `in_parts` its records go on as those of other lots."""
        del self._all[lot.number]
        self.records -= lot.count
        self._forget_numbers(lot)
        self._drop_data(lot)
        same = (*lot.key, lot.crc)
        if lot.number in self._by_crc.get(same, ()):
            self._by_crc[same] = tuple(number for number in self._by_crc[same] if number != lot.number)
            if not self._by_crc[same]:
                del self._by_crc[same]
        for serial in () if in_parts else lot.serials:
            if self._by_serial.get((lot.source, serial)) == lot.number:
                del self._by_serial[lot.source, serial]

    def _make_room(self) -> None:
        while self._bytes > MOST_BYTES and len(self._with_data) > 1:
            oldest = self._all[next(iter(self._with_data))]
            self._drop_data(oldest)
            self.change(oldest.number, data=None)
        while self.records > MOST_RECORDS and len(self._all) > 1:
            lot = self._all[next(iter(self._all))]
            self.drop(lot)
            self.forgotten += lot.count
            self.on_forgotten(lot)

    def _drop_data(self, lot: Lot) -> None:
        if lot.number in self._with_data:
            del self._with_data[lot.number]
            self._bytes -= len(lot.data or b"")

    def _forget_numbers(self, lot: Lot) -> None:
        numbered = (*_numbers(lot), *lot.key)
        if self._by_sequence.get(numbered) == lot.number:
            del self._by_sequence[numbered]

    def topic_deleted(self, topic: str) -> None:
        """A topic made again under its name begins anew, with the same numbers."""
        for lot in [lot for lot in self._all.values() if lot.topic == topic]:
            self._forget_numbers(lot)
            self.change(lot.number, topic_deleted=True)
        self._by_crc = {same: numbers for same, numbers in self._by_crc.items() if same[0] != topic}
        self._in_transaction = {of: numbers for of, numbers in self._in_transaction.items() if of[1] != topic}

    # -- finding -----------------------------------------------------------------------------

    def by_serial(self, source: str, serial: int) -> Lot | None:
        return self._all.get(self._by_serial.get((source, serial), -1))

    def forget_serials(self, source: str) -> None:
        """A producer of that name begins, and counts from 1."""
        self._by_serial = {serial: number for serial, number in self._by_serial.items() if serial[0] != source}

    def knows_serial(self, source: str, serial: int) -> bool:
        return (source, serial) in self._by_serial

    def of_batch(self, key: Key, batch: Batch) -> list[Lot]:
        """Lots that this batch may be, oldest first; one at most where it has numbers."""
        if batch.producer_id >= 0:
            numbers = (batch.producer_id, batch.producer_epoch, batch.base_sequence)
            found = self._all.get(self._by_sequence.get((*numbers, *key), -1))
            return [found] if found is not None else []
        return [self._all[number] for number in self._by_crc.get((*key, batch.crc), ())]

    def transaction_ended(self, producer_id: int, key: Key, before: int) -> list[Lot]:
        """Lots of that producer there, stored before an offset, which are in no transaction any more."""
        waiting = [self._all.get(number) for number in self._in_transaction.pop((producer_id, *key), ())]
        known = [lot for lot in waiting if lot is not None]
        ended = [lot for lot in known if lot.copies and lot.copies[-1].base_offset < before]
        later = tuple(lot.number for lot in known if lot not in ended)
        if later:
            self._in_transaction[(producer_id, *key)] = later
        return ended


def _numbers(lot: Lot) -> tuple[int, int, int]:
    return lot.producer_id, lot.producer_epoch, lot.base_sequence
